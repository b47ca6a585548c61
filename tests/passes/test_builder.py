"""What was driven to passes: what was driven with the blade down is credited, and nothing else."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.matches import NO_ROW, DrivenBatch, MatchBatch, MatchStatus
from snowtrack.model.passes import Evidence, PassBatch
from snowtrack.network.arrays import Network
from snowtrack.passes.builder import NOISE_MM, SPEED_MMPS_MAX, PassStage
from tests.oracles.batches import batch_of
from tests.oracles.drives import Driven, drive, driven_between, route
from tests.oracles.towns import road, sample_town, town

SECOND = 1_000_000
BRIDGE = 15 * SECOND
LINE = town(road((0, 0), (100, 0), (100, 100), (0, 100)), road((100, 0), (200, 0)), road((50, 300), (60, 300)))
SIDE, ELSEWHERE = 3, 4
SIDE_MM = int(LINE.length_mm[0])


class Came(NamedTuple):
    """A settled match, and what was driven from the one before to it."""

    match: dict[str, int]
    driven: tuple[Driven, ...] = ()


def place(second: float, row: int, *driven: Driven, **more: int) -> Came:
    """On a segment, after this was driven."""
    match = {
        "device": 1,
        "observed_us": round(second * SECOND),
        "track_us": 0,
        "row": row,
        "status": MatchStatus.MATCHED if row >= 0 else MatchStatus.OFF_ROAD,
        "blade": BLADE_DOWN,
        "speed_mmps": 8_000,
        **more,
    }
    return Came(match, driven)


def on(row: int, from_m: float, to_m: float) -> Driven:
    """Driven on a segment."""
    return row, 1 if to_m > from_m else -1, round(from_m * 1000), round(to_m * 1000)


def batches(places: Sequence[Came]) -> tuple[MatchBatch, DrivenBatch]:
    driven = [(match, *stretch) for match, came in enumerate(places) for stretch in came.driven]
    return batch_of(MatchBatch, *(came.match for came in places)), DrivenBatch.from_rows(driven)


def passes_of(network: Network, *places: Came) -> list[dict[str, int]]:
    """All passes, by column."""
    stage = PassStage(network, BRIDGE)
    made = PassBatch.concat([stage.on_batch(*batches(places)), stage.flush([1])])
    return [dict(zip(made.dtypes(), row, strict=True)) for row in made.rows()]


def covered(passes: list[dict[str, int]]) -> list[tuple[int, int, int, int]]:
    return [(one["segment_id"], one["direction"], one["from_mm"], one["to_mm"]) for one in passes]


def drive_over(network: Network, steps: list[tuple[int, int]]) -> list[Came]:
    spots = list(drive(network, steps, start_us=0))
    ways = [driven_between(network, one, other) for one, other in pairwise(spots)]
    return [place(spot.at_us / SECOND, spot.row, *way) for spot, way in zip(spots, [[], *ways], strict=True)]


@given(st.integers(0, 5_000), st.integers(0, 2**32))
def test_a_drive_without_noise_is_covered_without_a_hole(start: int, seed: int) -> None:
    network = sample_town()
    steps = route(network, start % len(network), 6, Random(seed))
    # Where a road ends the machine turns somewhere in its last second, and only what was seen is credited.
    assume(all(one[0] != other[0] for one, other in pairwise(steps)))
    made = passes_of(network, *drive_over(network, steps))
    # The last second may end before the last segment does.
    assert covered(made)[: len(steps) - 1] == [
        (network.segment_id[row], direction, 0, network.length_mm[row]) for row, direction in steps[:-1]
    ]
    assert all(one["ended_us"] == other["started_us"] for one, other in pairwise(made))


def test_the_way_back_is_a_pass_of_its_own() -> None:
    there = [place(0, 0), place(1, 0, on(0, 10, 20)), place(2, 0, on(0, 20, 30))]
    made = passes_of(LINE, *there, place(3, 0, on(0, 30, 24)))
    assert covered(made) == [(1, 1, 10_000, 30_000), (1, -1, 24_000, 30_000)]
    assert [(one["started_us"], one["ended_us"]) for one in made] == [(0, 2 * SECOND), (2 * SECOND, 3 * SECOND)]


def test_standing_ends_no_pass() -> None:
    standing = [place(n, 0, speed_mmps=0) for n in range(2, 7)]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 21)), *standing, place(7, 0, on(0, 21, 30)))
    assert covered(made) == [(1, 1, 10_000, 30_000)]
    assert [(one["started_us"], one["ended_us"]) for one in made] == [(0, 7 * SECOND)]


@pytest.mark.parametrize("direction", [1, -1])
def test_the_direction_is_the_one_driven_whatever_a_match_says(direction: int) -> None:
    driven = [on(0, 10, 12), on(0, 12, 15)] if direction == 1 else [on(0, 15, 12), on(0, 12, 10)]
    made = passes_of(LINE, place(0, 0), *(place(n, 0, way, direction=0) for n, way in enumerate(driven, 1)))
    assert covered(made) == [(1, direction, 10_000, 15_000)]


def test_a_machine_that_drove_nowhere_has_made_no_pass() -> None:
    assert passes_of(LINE, *(place(n, 0) for n in range(4))) == []


def test_lifting_the_blade_ends_the_pass_at_the_last_place_with_the_blade_down() -> None:
    lifted = place(2, 0, on(0, 20, 30), blade=BLADE_UP)
    after = [place(3, 0, on(0, 30, 40)), place(4, 0, on(0, 40, 50))]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 20)), lifted, *after)
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 40_000, 50_000)]


def test_off_the_road_nothing_is_credited() -> None:
    after = [place(3, 0, on(0, 30, 40)), place(4, 0, on(0, 40, 50))]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 20)), place(2, NO_ROW, on(0, 20, 30)), *after)
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 40_000, 50_000)]


@pytest.mark.parametrize(("seconds", "joined"), [(15, True), (15.000001, False)])
def test_what_was_not_observed_for_too_long_is_not_bridged(seconds: float, joined: bool) -> None:
    gap = [place(1 + seconds, 0, on(0, 20, 60)), place(2 + seconds, 0, on(0, 60, 70))]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 20)), *gap)
    whole, halves = [(1, 1, 10_000, 70_000)], [(1, 1, 10_000, 20_000), (1, 1, 60_000, 70_000)]
    assert covered(made) == (whole if joined else halves)


def test_a_new_track_begins_a_new_pass() -> None:
    later = {"track_us": 2 * SECOND}
    after = [place(2, 0, on(0, 20, 30), **later), place(3, 0, on(0, 30, 40), **later)]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 20)), *after)
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 30_000, 40_000)]


def test_what_nobody_drove_between_two_places_is_covered_by_no_pass() -> None:
    made = passes_of(
        LINE, place(0, 0), place(1, 0, on(0, 10, 20)), place(2, ELSEWHERE), place(3, ELSEWHERE, on(ELSEWHERE, 5, 9))
    )
    assert covered(made) == [(1, 1, 10_000, 20_000), (5, 1, 5_000, 9_000)]
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 10, 20)), place(2, 0), place(3, 0, on(0, 40, 50)))
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 40_000, 50_000)]


def test_a_way_longer_than_a_machine_can_drive_covers_nothing() -> None:
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 1, 9)), place(2, 0, on(0, 9, 90)), place(3, 0, on(0, 90, 95)))
    assert covered(made) == [(1, 1, 1_000, 9_000), (1, 1, 90_000, 95_000)]
    far = place(2, SIDE, on(0, 9, SIDE_MM / 1000), on(SIDE, 0, 40))
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 1, 9)), far, place(3, SIDE, on(SIDE, 40, 50)))
    assert covered(made) == [(1, 1, 1_000, 9_000), (4, 1, 40_000, 50_000)]


def test_a_way_as_long_as_a_machine_can_drive_is_covered() -> None:
    reach_m = (NOISE_MM + SPEED_MMPS_MAX) / 1000
    assert covered(passes_of(LINE, place(0, 0), place(1, 0, on(0, 0, reach_m)))) == [(1, 1, 0, reach_m * 1000)]
    assert covered(passes_of(LINE, place(0, 0), place(1, 0, on(0, 0, reach_m + 0.001)))) == []


def test_the_instant_of_crossing_is_between_by_distance() -> None:
    crossing = place(5, SIDE, on(0, 90, SIDE_MM / 1000), on(SIDE, 0, 30))
    made = passes_of(LINE, place(0, 0), place(1, 0, on(0, 80, 90)), crossing)
    assert covered(made) == [(1, 1, 80_000, SIDE_MM), (4, 1, 0, 30_000)]
    crossed = SECOND + 4 * SECOND * (SIDE_MM - 90_000) // (SIDE_MM - 90_000 + 30_000)
    assert (made[0]["ended_us"], made[1]["started_us"]) == (crossed, crossed)


def test_segments_driven_over_between_two_places_are_covered_whole() -> None:
    length_m = int(LINE.length_mm[1]) / 1000
    made = passes_of(LINE, place(0, 0), place(9, 2, on(0, 90, SIDE_MM / 1000), on(1, 0, length_m), on(2, 0, 5)))
    assert covered(made) == [(1, 1, 90_000, SIDE_MM), (2, 1, 0, LINE.length_mm[1]), (3, 1, 0, 5_000)]
    assert all(one["ended_us"] == other["started_us"] for one, other in pairwise(made))
    assert (made[0]["started_us"], made[-1]["ended_us"]) == (0, 9 * SECOND)


@pytest.mark.parametrize(
    ("blades", "evidence"),
    [
        ((BLADE_DOWN, BLADE_DOWN), Evidence.BLADE),
        ((BLADE_DOWN, ABSENT_8), Evidence.INFERRED),
        ((ABSENT_8, BLADE_DOWN), Evidence.INFERRED),
    ],
)
def test_a_pass_is_as_sure_as_its_weakest_evidence(blades: tuple[int, ...], evidence: Evidence) -> None:
    made = passes_of(LINE, place(0, 0, blade=blades[0]), place(1, 0, on(0, 10, 15), blade=blades[1]))
    assert [one["evidence"] for one in made] == [evidence]


PLACES = st.lists(
    st.tuples(
        st.integers(0, 20_000_000),  # microseconds since the last one
        st.sampled_from([NO_ROW, 0, 0, 0, 1, 2, 3, 4]),
        st.lists(st.integers(0, 1000), max_size=4),  # turning points, in thousandths along
        st.sampled_from([BLADE_DOWN, BLADE_DOWN, BLADE_DOWN, BLADE_UP, ABSENT_8]),
        st.booleans(),  # whether a new track begins
    ),
    max_size=25,
)
Drawn = list[tuple[int, int, list[int], int, bool]]


def drawn_places(drawn: Drawn) -> list[Came]:
    """Driven from turning point to turning point of the segment of each place."""
    at_us = track_us = 0
    places = []
    for spent_us, row, turns, blade, new_track in drawn:
        at_us += spent_us
        track_us = at_us if new_track else track_us
        alongs = [float(LINE.length_mm[row] * permille // 1000) / 1000 for permille in turns if row >= 0]
        driven = [on(row, one, other) for one, other in pairwise(alongs) if one != other]
        places.append(place(at_us / SECOND, row, *driven, blade=blade, track_us=track_us))
    return places


@given(PLACES)
def test_passes_lie_within_their_segments_and_times_and_credit_no_more_than_was_driven(drawn: Drawn) -> None:
    places = drawn_places(drawn)
    made = passes_of(LINE, *places)
    assert all(0 <= one["from_mm"] < one["to_mm"] <= LINE.length_mm[one["segment_id"] - 1] for one in made)
    assert all(one["started_us"] <= one["ended_us"] for one in made)
    assert all(one["direction"] in (-1, 1) for one in made)
    assert [one["ended_us"] for one in made] == sorted(one["ended_us"] for one in made)
    assert all(one["ended_us"] <= other["started_us"] for one, other in pairwise(made))
    assert sum(one["to_mm"] - one["from_mm"] for one in made) == sum(map(credited_mm, places, places[1:]))


def credited_mm(before: Came, after: Came) -> int:
    """All of the way to a place, or nothing: on the road, at work, seen often enough, and not too far to be true."""
    one, other = before.match, after.match
    spent_us = other["observed_us"] - one["observed_us"]
    way_mm = sum(abs(to_mm - from_mm) for _, _, from_mm, to_mm in after.driven)
    at_work = all(match["blade"] != BLADE_UP and match["row"] != NO_ROW for match in (one, other))
    seen = one["track_us"] == other["track_us"] and spent_us <= BRIDGE
    return way_mm if at_work and seen and way_mm <= NOISE_MM + SPEED_MMPS_MAX * spent_us // SECOND else 0


@given(PLACES, st.integers(0, 25))
def test_a_restart_at_any_point_gives_the_same_passes(drawn: Drawn, at: int) -> None:
    whole, broken = PassStage(LINE, BRIDGE), PassStage(LINE, BRIDGE)
    for number, one in enumerate(drawn_places(drawn)):
        if number == at:
            kept = orjson.loads(orjson.dumps(broken.builder(1).snapshot()))
            broken = PassStage(LINE, BRIDGE)
            broken.builder(1).restore(kept)
        assert whole.on_batch(*batches([one])).rows() == broken.on_batch(*batches([one])).rows()
    assert whole.flush([1]).rows() == broken.flush([1]).rows()


@given(PLACES, PLACES, st.integers(1, 7))
def test_other_devices_and_batch_sizes_do_not_change_the_passes(mine: Drawn, theirs: Drawn, size: int) -> None:
    own, other = drawn_places(mine), [one._replace(match=one.match | {"device": 2}) for one in drawn_places(theirs)]
    both = sorted([*own, *other], key=lambda one: one.match["observed_us"])
    stage = PassStage(LINE, BRIDGE)
    parts = [stage.on_batch(*batches(both[at : at + size])) for at in range(0, len(both), size)]
    made = PassBatch.concat([*parts, stage.flush([1, 2])])
    assert made.take(made.device == 1).rows() == [tuple(one.values()) for one in passes_of(LINE, *own)]


def test_a_forgotten_device_begins_anew() -> None:
    stage = PassStage(LINE, BRIDGE)
    stage.on_batch(*batches([place(0, 0), place(1, 0, on(0, 10, 20))]))
    stage.forget(1)
    assert not len(stage.flush([1]))
