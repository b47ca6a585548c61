"""Trails: lines along which machines drove, cut where they fell silent and where work began or ended."""

from itertools import pairwise
from math import cos, hypot, radians

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.trails import Sightings
from snowtrack.tiles.trails import FASTEST_MPS, NOISE_M, TOLERANCE_M, Stretch, stretches
from tests.oracles.batches import batch_of

LAT_E7, LON_E7 = 365_600_000, 1_366_500_000
NORTH_M = 111_000 / 1e7
EAST_M = 111_320 * cos(radians(LAT_E7 / 1e7)) / 1e7
GAP_S = 60
Row = tuple[int, int, float, float]
"""Device, second, metres to the east and to the north."""


def sightings(rows: list[Row]) -> Sightings:
    return batch_of(
        Sightings,
        *(
            {
                "device": device,
                "time_us": second * SECOND_US,
                "lat_e7": LAT_E7 + round(north / NORTH_M),
                "lon_e7": LON_E7 + round(east / EAST_M),
            }
            for device, second, east, north in rows
        ),
    )


def lines(rows: list[Row], working: list[bool]) -> list[Stretch]:
    return list(stretches(sightings(rows), np.array(working, np.bool_), GAP_S * SECOND_US))


def told(rows: list[Row], working: list[bool]) -> list[tuple[list[int], bool]]:
    return [(stretch.rows.tolist(), stretch.working) for stretch in lines(rows, working)]


def test_a_straight_drive_is_its_two_ends() -> None:
    rows = [(1, second, 8.0 * second, 0.0) for second in range(0, 50, 5)]
    assert told(rows, [True] * 10) == [([0, 9], True)]


def test_corners_stay() -> None:
    rows = [(1, 0, 0.0, 0.0), (1, 5, 40.0, 0.0), (1, 10, 80.0, 0.0), (1, 15, 80.0, 40.0), (1, 20, 80.0, 80.0)]
    assert told(rows, [False] * 5) == [([0, 2, 4], False)]


def test_where_work_begins_one_line_goes_on_from_the_other() -> None:
    rows = [(1, 5 * step, 40.0 * step, 0.0) for step in range(5)]
    assert told(rows, [False, False, True, True, False]) == [([0, 1], False), ([1, 3], True), ([3, 4], False)]


def test_nothing_is_drawn_over_silence_nor_between_machines() -> None:
    rows = [(1, 0, 0.0, 0.0), (1, 60, 40.0, 0.0), (1, 121, 80.0, 0.0), (1, 126, 90.0, 0.0), (2, 126, 90.0, 0.0)]
    assert told(rows, [True] * 5) == [([0, 1], True), ([2, 3], True)]


def test_a_place_that_nobody_can_have_driven_to_is_left_out() -> None:
    rows = [(1, 0, 0.0, 0.0), (1, 5, 40.0, 0.0), (1, 10, 40.0, 5_000.0), (1, 15, 120.0, 0.0), (1, 20, 160.0, 0.0)]
    assert told(rows, [True] * 5) == [([0, 1], True), ([3, 4], True)]


def test_of_nothing_and_of_one_place_there_is_no_line() -> None:
    assert told([], []) == []
    assert told([(1, 0, 0.0, 0.0)], [True]) == []


@st.composite
def drives(draw: st.DrawFn) -> tuple[list[Row], list[bool]]:
    """Of two machines, with jumps and silences."""
    rows: list[Row] = []
    for device in (1, 2):
        second, east, north = 0, 0.0, 0.0
        for _ in range(draw(st.integers(0, 12))):
            second += draw(st.sampled_from([5, 5, 5, 60, 61]))
            east += draw(st.sampled_from([0.0, 4.0, 60.0, -35.0, 9_000.0]))
            north += draw(st.sampled_from([0.0, 2.0, 50.0, -9_000.0]))
            rows.append((device, second, east, north))
    return rows, draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))


@given(drives())
def test_each_way_between_two_sightings_is_drawn_once_if_it_was_driven(drive: tuple[list[Row], list[bool]]) -> None:
    rows, working = drive
    drawn = {
        row: stretch.working
        for stretch in lines(rows, working)
        for row in range(int(stretch.rows[0]) + 1, int(stretch.rows[-1]) + 1)
    }
    joined = [row for row in range(1, len(rows)) if driven(rows[row - 1], rows[row])]
    assert drawn == {row: working[row] for row in joined}
    assert sum(int(one.rows[-1] - one.rows[0]) for one in lines(rows, working)) == len(drawn)


@given(drives())
def test_no_sighting_lies_farther_from_its_line_than_is_told(drive: tuple[list[Row], list[bool]]) -> None:
    rows, working = drive
    for stretch in lines(rows, working):
        for first, last in pairwise(stretch.rows.tolist()):
            assert all(off_m(rows[row], rows[first], rows[last]) < TOLERANCE_M + 0.5 for row in range(first, last))


def driven(before: Row, after: Row) -> bool:
    took_s = after[1] - before[1]
    moved_m = hypot(after[2] - before[2], after[3] - before[3])
    return before[0] == after[0] and took_s <= GAP_S and moved_m <= NOISE_M + FASTEST_MPS * took_s


def off_m(place: Row, start: Row, end: Row) -> float:
    """From the piece between two others."""
    east, north = end[2] - start[2], end[3] - start[3]
    square = east * east + north * north
    along = 0.0
    if square:
        along = min(max(((place[2] - start[2]) * east + (place[3] - start[3]) * north) / square, 0.0), 1.0)
    return hypot(place[2] - start[2] - along * east, place[3] - start[3] - along * north)
