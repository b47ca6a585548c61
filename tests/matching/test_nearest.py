"""Where a match is decided, against a scalar matcher on the ellipsoid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.matching.halves import Pending
from snowtrack.matching.nearest import OFF_ROAD_MM, match_nearest
from snowtrack.matching.window import Released
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fixes import Source
from snowtrack.model.matches import NO_ROW, MatchBatch, MatchStatus
from snowtrack.model.tracks import TimeTrust
from snowtrack.network.arrays import Kind, Network
from tests.oracles.nearest import cost_mm, project_one
from tests.oracles.towns import Metres, point, road, sample_town, town

# The scalar matcher works in another plane and in floating point: costs closer than this are a tie.
TIE_MM = 60


def released(lat: int, lon: int, *, speed: int = 8_000, course: int = ABSENT_32) -> Released:
    return Released(Pending(1_000, 1, 1, 0, 1, 2_000, lat, lon, speed, course, 1, TimeTrust.STATED, Source.RMC), 500)


def match(network: Network, place: Metres, *, speed: int = 8_000, course_deg: float | None = None) -> MatchBatch:
    course = ABSENT_32 if course_deg is None else round(course_deg * 100)
    return match_nearest(network, [released(*point(*place), speed=speed, course=course)])


@st.composite
def fixes(draw: st.DrawFn) -> Released:
    """Near a random shape point of the sample town."""
    network = sample_town()
    at = draw(st.integers(0, len(network.shape_lat_e7) - 1))
    off = st.integers(-6_000, 6_000)
    return released(
        int(network.shape_lat_e7[at]) + draw(off),
        int(network.shape_lon_e7[at]) + draw(off),
        speed=draw(st.sampled_from([ABSENT_32, 0, 999, 1_000, 8_000])),
        course=draw(st.one_of(st.just(ABSENT_32), st.integers(0, 35_999))),
    )


def rows_nearby(network: Network, lat: int, lon: int) -> list[int]:
    first = network.shape_offsets[:-1]
    close = (abs(network.shape_lat_e7[first] - lat) < 20_000) & (abs(network.shape_lon_e7[first] - lon) < 20_000)
    found: list[int] = np.flatnonzero(close).tolist()
    return found


@given(fixes())
def test_the_winner_is_what_a_scalar_matcher_finds(one: Released) -> None:
    network, place = sample_town(), (one.fix.lat_e7, one.fix.lon_e7)
    costs: dict[int, float] = {}
    for row in rows_nearby(network, *place):
        near = project_one(network, row, place)
        if near.distance_m * 1000 <= network.candidate_radius_m * 1000:
            costs[row] = cost_mm(network, row, near, one.fix.speed_mmps, one.fix.course_cdeg)
    found = match_nearest(network, [one])
    status, row = MatchStatus(int(found.status[0])), int(found.row[0])
    if not costs:
        assert (status, row) == (MatchStatus.NO_CANDIDATE, NO_ROW)
        return
    cheapest = {row for row, cost in costs.items() if cost <= min(costs.values()) + TIE_MM}
    distances = {row: project_one(network, row, place).distance_m * 1000 for row in cheapest}
    if status is MatchStatus.MATCHED:
        assert row in cheapest
        assert abs(int(found.distance_mm[0]) - distances[row]) <= 10
    else:
        assert status is MatchStatus.OFF_ROAD
        assert row == NO_ROW
        assert max(distances.values()) >= OFF_ROAD_MM - 10


@given(st.lists(fixes(), max_size=12), st.integers(1, 5))
def test_a_fix_is_matched_alike_alone_and_in_any_batch(many: list[Released], size: int) -> None:
    network = sample_town()
    together = match_nearest(network, many).rows()
    parts = [match_nearest(network, many[at : at + size]).rows() for at in range(0, len(many), size)]
    assert [row for part in parts for row in part] == together
    assert match_nearest(network, many[::-1]).rows() == together[::-1]


def test_of_two_equally_near_segments_the_smaller_id_wins() -> None:
    west_east = [road((-100, 0), (0, 0)), road((0, 0), (100, 0))]
    for lines in (west_east, west_east[::-1]):
        assert match(town(*lines), (0, 0)).row.tolist() == [0]


PARALLEL = town(road((0, 0), (100, 0)), road((0, 18), (100, 18), oneway=1), road((0, 30), (100, 30), kind=Kind.FOOTWAY))
FOOT_AND_STREET = town(road((0, 0), (100, 0), kind=Kind.FOOTWAY), road((0, 10), (100, 10)))
CROSSING = town(road((-50, 0), (50, 0)), road((0, -50), (0, -2)))


@pytest.mark.parametrize(
    ("network", "place", "course_deg", "row"),
    [
        (PARALLEL, (50, 8), None, 0),
        (PARALLEL, (50, 10), None, 1),
        (PARALLEL, (50, 10), 90, 1),
        (PARALLEL, (50, 10), 270, 0),  # against the one-way street costs more than the metres to the other
        (PARALLEL, (50, 17), 270, 1),  # but it is no wall
        (FOOT_AND_STREET, (50, 4), None, 0 + 1),
        (FOOT_AND_STREET, (50, 1), None, 0),
        (CROSSING, (0, -3), 90, 0),
        (CROSSING, (0, -3), 0, 1),
        (CROSSING, (0, -3), None, 1),
    ],
)
def test_distance_heading_and_kind_are_weighed(
    network: Network, place: Metres, course_deg: float | None, row: int
) -> None:
    assert match(network, place, course_deg=course_deg).row.tolist() == [row]


@pytest.mark.parametrize(("speed", "row", "direction"), [(999, 1, 0), (1_000, 0, 1)])
def test_a_machine_that_stands_has_no_heading(speed: int, row: int, direction: int) -> None:
    found = match(CROSSING, (0, -3), speed=speed, course_deg=90)
    assert (found.row.tolist(), found.direction.tolist()) == ([row], [direction])


@pytest.mark.parametrize(("away", "row"), [(8.8, 0), (9.2, 1)])
def test_a_turn_of_45_degrees_weighs_as_much_as_9_metres(away: float, row: int) -> None:
    network = town(road((-50, away), (50, away)), road((-30, -30), (30, 30)))
    assert match(network, (0, 0), course_deg=90).row.tolist() == [row]


@pytest.mark.parametrize(("course_deg", "direction"), [(90, 1), (90 + 89, 1), (270, -1), (None, 0)])
def test_direction_is_the_way_along_the_segment(course_deg: float | None, direction: int) -> None:
    assert match(PARALLEL, (50, -5), course_deg=course_deg).direction.tolist() == [direction]


@pytest.mark.parametrize(
    ("north", "status"),
    [
        (-29, MatchStatus.MATCHED),
        (-31, MatchStatus.OFF_ROAD),
        (-49, MatchStatus.OFF_ROAD),
        (-52, MatchStatus.NO_CANDIDATE),
    ],
)
def test_too_far_from_a_road_is_no_match(north: float, status: MatchStatus) -> None:
    found = match(PARALLEL, (50, north))
    assert found.status.tolist() == [status]
    if status is not MatchStatus.MATCHED:
        assert found.row.tolist() == [NO_ROW]
        assert (found.lat_e7[0], found.lon_e7[0]) == point(50, north)


def test_the_snapped_place_lies_on_the_road() -> None:
    found = match(PARALLEL, (30, -7))
    assert abs(int(found.along_mm[0]) - 30_000) <= 20
    assert abs(int(found.lat_e7[0]) - point(30, 0)[0]) <= 2
    assert abs(int(found.distance_mm[0]) - 7_000) <= 20


def test_confidence_is_the_margin_to_the_next_segment() -> None:
    alone, close, clear = (
        match(network, place).confidence[0]
        for network, place in (
            (CROSSING, (-49, 20)),
            (PARALLEL, (50, 9)),
            (PARALLEL, (50, 0)),
        )
    )
    assert alone == 1000
    assert 0 <= close < 50
    assert close < clear <= 1000


def test_nothing_matches_to_nothing() -> None:
    assert len(match_nearest(sample_town(), [])) == 0
