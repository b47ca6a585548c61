"""Settled matches to passes: what was driven with the blade down is credited, and nothing else."""

from itertools import pairwise
from random import Random

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.matches import NO_ROW, MatchBatch, MatchStatus
from snowtrack.model.passes import Evidence, PassBatch
from snowtrack.network.arrays import Network
from snowtrack.passes.builder import NOISE_MM, SPEED_MMPS_MAX, PassStage
from tests.oracles.batches import batch_of
from tests.oracles.drives import drive, route
from tests.oracles.towns import road, sample_town, town

SECOND = 1_000_000
BRIDGE = 15 * SECOND
LINE = town(road((0, 0), (100, 0), (100, 100), (0, 100)), road((100, 0), (200, 0)), road((50, 300), (60, 300)))
SIDE, ELSEWHERE = 3, 4
# A loop, a road that leads to it, and two roads between the same two crossings.
KNOTS = town(
    road((0, 0), (30, 0), (30, 30), (0, 30), (0, 0)),
    road((0, 0), (-80, 0)),
    road((-80, 0), (-120, 30), (-160, 0)),
    road((-80, 0), (-120, -30), (-160, 0)),
    road((500, 0), (600, 0)),
)


def place(second: float, row: int, along_m: float, direction: int = 1, **more: int) -> dict[str, int]:
    """A settled match on a segment."""
    return {
        "device": 1,
        "observed_us": round(second * SECOND),
        "track_us": 0,
        "row": row,
        "direction": direction,
        "along_mm": round(along_m * 1000),
        "status": MatchStatus.MATCHED if row >= 0 else MatchStatus.OFF_ROAD,
        "blade": BLADE_DOWN,
        "speed_mmps": 8_000,
        **more,
    }


def passes_of(network: Network, *places: dict[str, int]) -> list[dict[str, int]]:
    """All passes, by column."""
    stage = PassStage(network, BRIDGE)
    made = PassBatch.concat([stage.on_batch(batch_of(MatchBatch, *places)), stage.flush([1])])
    return [dict(zip(made.dtypes(), row, strict=True)) for row in made.rows()]


def covered(passes: list[dict[str, int]]) -> list[tuple[int, int, int, int]]:
    return [(one["segment_id"], one["direction"], one["from_mm"], one["to_mm"]) for one in passes]


def matches_of(network: Network, steps: list[tuple[int, int]], blade: int = BLADE_DOWN) -> list[dict[str, int]]:
    return [
        place((spot.at_us - 10 * SECOND) / SECOND, spot.row, spot.along_mm / 1000, spot.direction, blade=blade)
        for spot in drive(network, steps, start_us=10 * SECOND)
    ]


@given(st.integers(0, 5_000), st.integers(0, 2**32))
def test_a_drive_without_noise_is_covered_without_a_hole(start: int, seed: int) -> None:
    network = sample_town()
    steps = route(network, start % len(network), 6, Random(seed))
    # Where a road ends the machine turns somewhere in its last second, and only what was seen is credited.
    assume(all(one[0] != other[0] for one, other in pairwise(steps)))
    made = passes_of(network, *matches_of(network, steps))
    # The last second may end before the last segment does.
    assert covered(made)[: len(steps) - 1] == [
        (network.segment_id[row], direction, 0, network.length_mm[row]) for row, direction in steps[:-1]
    ]
    assert all(one["ended_us"] == other["started_us"] for one, other in pairwise(made))


def test_the_way_back_is_a_pass_of_its_own() -> None:
    made = passes_of(LINE, *(place(n, 0, along, 1) for n, along in enumerate([10, 20, 30])), place(3, 0, 24, -1))
    assert covered(made) == [(1, 1, 10_000, 30_000), (1, -1, 24_000, 30_000)]
    assert [(one["started_us"], one["ended_us"]) for one in made] == [(0, 2 * SECOND), (2 * SECOND, 3 * SECOND)]


def test_small_steps_back_while_standing_are_no_turn() -> None:
    standing = [place(n, 0, 20 + (n % 2), 0, speed_mmps=0) for n in range(1, 6)]
    made = passes_of(LINE, place(0, 0, 10), *standing, place(6, 0, 30))
    assert covered(made) == [(1, 1, 10_000, 30_000)]


@pytest.mark.parametrize(("alongs", "direction"), [((10, 12, 11, 15), 1), ((15, 11, 12, 10), -1)])
def test_without_a_course_the_direction_is_where_the_machine_came_to(alongs: tuple[int, ...], direction: int) -> None:
    made = passes_of(LINE, *(place(n, 0, along, 0) for n, along in enumerate(alongs)))
    assert covered(made) == [(1, direction, 10_000, 15_000)]


def test_a_machine_that_only_trembles_has_made_no_pass() -> None:
    assert passes_of(LINE, *(place(n, 0, along, 0) for n, along in enumerate([10, 11, 9, 10]))) == []
    assert passes_of(LINE, *(place(n, 0, 10) for n in range(4))) == []


def test_lifting_the_blade_ends_the_pass_at_the_last_place_with_the_blade_down() -> None:
    lifted = place(2, 0, 30, blade=BLADE_UP)
    made = passes_of(LINE, place(0, 0, 10), place(1, 0, 20), lifted, place(3, 0, 40), place(4, 0, 50))
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 40_000, 50_000)]


def test_off_the_road_nothing_is_credited() -> None:
    made = passes_of(LINE, place(0, 0, 10), place(1, 0, 20), place(2, NO_ROW, 0), place(3, 0, 40), place(4, 0, 50))
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 40_000, 50_000)]


@pytest.mark.parametrize(("seconds", "joined"), [(15, True), (15.000001, False)])
def test_what_was_not_observed_for_too_long_is_not_bridged(seconds: float, joined: bool) -> None:
    made = passes_of(LINE, place(0, 0, 10), place(1, 0, 20), place(1 + seconds, 0, 60), place(2 + seconds, 0, 70))
    whole, halves = [(1, 1, 10_000, 70_000)], [(1, 1, 10_000, 20_000), (1, 1, 60_000, 70_000)]
    assert covered(made) == (whole if joined else halves)


def test_a_new_track_begins_a_new_pass() -> None:
    later = {"track_us": 2 * SECOND}
    made = passes_of(LINE, place(0, 0, 10), place(1, 0, 20), place(2, 0, 30, **later), place(3, 0, 40, **later))
    assert covered(made) == [(1, 1, 10_000, 20_000), (1, 1, 30_000, 40_000)]


def test_a_jump_to_a_segment_that_does_not_touch_covers_neither() -> None:
    made = passes_of(LINE, place(0, 0, 10), place(1, 0, 20), place(2, ELSEWHERE, 5), place(3, ELSEWHERE, 9))
    assert covered(made) == [(1, 1, 10_000, 20_000), (5, 1, 5_000, 9_000)]


def test_a_jump_further_than_a_machine_can_drive_covers_nothing_between() -> None:
    made = passes_of(LINE, place(0, 0, 1), place(1, 0, 9), place(2, 0, 90), place(3, 0, 95))
    assert covered(made) == [(1, 1, 1_000, 9_000), (1, 1, 90_000, 95_000)]
    made = passes_of(LINE, place(0, 0, 1), place(1, 0, 9), place(2, SIDE, 40), place(3, SIDE, 50))
    assert covered(made) == [(1, 1, 1_000, 9_000), (4, 1, 40_000, 50_000)]


def test_the_instant_of_crossing_is_between_by_distance() -> None:
    made = passes_of(LINE, place(0, 0, 80), place(1, 0, 90), place(5, SIDE, 30))
    length_mm = int(LINE.length_mm[0])
    assert covered(made) == [(1, 1, 80_000, length_mm), (4, 1, 0, 30_000)]
    crossed = SECOND + 4 * SECOND * (length_mm - 90_000) // (length_mm - 90_000 + 30_000)
    assert (made[0]["ended_us"], made[1]["started_us"]) == (crossed, crossed)


def test_a_loop_is_left_by_its_nearer_end() -> None:
    length_mm = int(KNOTS.length_mm[0])
    made = passes_of(KNOTS, place(0, 0, 105), place(1, 0, 112), place(2, 1, 4))
    assert covered(made) == [(1, 1, 105_000, length_mm), (2, 1, 0, 4_000)]


def test_between_the_same_two_crossings_the_nearer_one_was_driven_over() -> None:
    made = passes_of(KNOTS, place(0, 2, 10, -1), place(1, 2, 3, -1), place(2, 3, 4, 1))
    assert covered(made) == [(3, -1, 0, 10_000), (4, 1, 0, 4_000)]
    far = int(KNOTS.length_mm[2])
    made = passes_of(KNOTS, place(0, 2, far / 1000 - 10), place(1, 2, far / 1000 - 3), place(2, 3, far / 1000 - 4, -1))
    assert covered(made) == [(3, 1, far - 10_000, far), (4, -1, far - 4_000, KNOTS.length_mm[3])]


@pytest.mark.parametrize(
    ("blades", "evidence"),
    [
        ((BLADE_DOWN, BLADE_DOWN), Evidence.BLADE),
        ((BLADE_DOWN, ABSENT_8), Evidence.INFERRED),
        ((ABSENT_8, BLADE_DOWN), Evidence.INFERRED),
    ],
)
def test_a_pass_is_as_sure_as_its_weakest_evidence(blades: tuple[int, ...], evidence: Evidence) -> None:
    made = passes_of(LINE, *(place(n, 0, 10 + 5 * n, blade=blade) for n, blade in enumerate(blades)))
    assert [one["evidence"] for one in made] == [evidence]


PLACES = st.lists(
    st.tuples(
        st.integers(0, 20_000_000),  # microseconds since the last one
        st.sampled_from([NO_ROW, 0, 0, 1, 1, 2, 2, 3, 3, 4]),
        st.integers(0, 1000),  # thousandths along
        st.sampled_from([-1, 0, 1]),
        st.sampled_from([BLADE_DOWN, BLADE_DOWN, BLADE_DOWN, BLADE_UP, ABSENT_8]),
        st.booleans(),  # whether a new track begins
    ),
    max_size=25,
)


def drawn_places(drawn: list[tuple[int, int, int, int, int, bool]]) -> list[dict[str, int]]:
    at_us = track_us = 0
    places = []
    for spent_us, row, permille, direction, blade, new_track in drawn:
        at_us += spent_us
        track_us = at_us if new_track else track_us
        along_m = KNOTS.length_mm[row] * permille // 1000 / 1000 if row >= 0 else 0
        more = {"blade": blade, "track_us": track_us}
        places.append(place(at_us / SECOND, row, float(along_m), direction, **more))
    return places


@given(PLACES)
def test_passes_lie_within_their_segments_and_times_and_credit_no_more_than_was_driven(
    drawn: list[tuple[int, int, int, int, int, bool]],
) -> None:
    places = drawn_places(drawn)
    made = passes_of(KNOTS, *places)
    assert all(0 <= one["from_mm"] < one["to_mm"] <= KNOTS.length_mm[one["segment_id"] - 1] for one in made)
    assert all(one["started_us"] <= one["ended_us"] for one in made)
    assert all(one["direction"] in (-1, 1) for one in made)
    assert [one["ended_us"] for one in made] == sorted(one["ended_us"] for one in made)
    assert all(one["ended_us"] <= other["started_us"] for one, other in pairwise(made))
    driven = 0
    for before, after in pairwise(places):
        spent_us = after["observed_us"] - before["observed_us"]
        down = before["blade"] != BLADE_UP and after["blade"] != BLADE_UP
        if down and spent_us <= BRIDGE and before["track_us"] == after["track_us"]:
            driven += NOISE_MM + SPEED_MMPS_MAX * spent_us // SECOND
    assert sum(one["to_mm"] - one["from_mm"] for one in made) <= driven


@given(PLACES, st.integers(0, 25))
def test_a_restart_at_any_point_gives_the_same_passes(
    drawn: list[tuple[int, int, int, int, int, bool]], at: int
) -> None:
    whole, broken = PassStage(KNOTS, BRIDGE), PassStage(KNOTS, BRIDGE)
    for number, one in enumerate(drawn_places(drawn)):
        if number == at:
            kept = orjson.loads(orjson.dumps(broken.builder(1).snapshot()))
            broken = PassStage(KNOTS, BRIDGE)
            broken.builder(1).restore(kept)
        batch = batch_of(MatchBatch, one)
        assert whole.on_batch(batch).rows() == broken.on_batch(batch).rows()
    assert whole.flush([1]).rows() == broken.flush([1]).rows()


@given(PLACES, PLACES, st.integers(1, 7))
def test_other_devices_and_batch_sizes_do_not_change_the_passes(
    mine: list[tuple[int, int, int, int, int, bool]], theirs: list[tuple[int, int, int, int, int, bool]], size: int
) -> None:
    own = drawn_places(mine)
    both = sorted([*own, *({**one, "device": 2} for one in drawn_places(theirs))], key=lambda one: one["observed_us"])
    stage = PassStage(KNOTS, BRIDGE)
    parts = [stage.on_batch(batch_of(MatchBatch, *both[at : at + size])) for at in range(0, len(both), size)]
    made = PassBatch.concat([*parts, stage.flush([1, 2])])
    assert made.take(made.device == 1).rows() == [tuple(one.values()) for one in passes_of(KNOTS, *own)]


def test_a_forgotten_device_begins_anew() -> None:
    stage = PassStage(LINE, BRIDGE)
    stage.on_batch(batch_of(MatchBatch, place(0, 0, 10), place(1, 0, 20)))
    stage.forget(1)
    assert not len(stage.flush([1]))
