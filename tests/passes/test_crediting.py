"""What was driven at work becomes passes: metres count once a drive, and a turn begins another drive."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.machines import MachineKind
from snowtrack.model.matches import NO_ROW
from snowtrack.model.work import Evidence, Work
from snowtrack.passes.crediting import MANOEUVRE_MM
from snowtrack.passes.records import PIECES_MAX, WAITING_MAX
from snowtrack.passes.stage import PassStage, Worked, WorkPolicy, joined
from tests.oracles.drives import drive, driven_between, route
from tests.oracles.towns import sample_town
from tests.passes.journeys import (
    DEAD_END,
    LAST,
    SECOND,
    START,
    STREET,
    TOWN,
    Came,
    Journey,
    batches,
    covered,
    named,
    on_machine,
    worked,
)


def times_s(made: Worked) -> list[tuple[float, float]]:
    return [((one["started_us"] - START) / SECOND, (one["ended_us"] - START) / SECOND) for one in named(made.passes)]


@given(st.integers(0, 5_000), st.integers(0, 2**32))
def test_a_drive_without_noise_is_covered_without_a_hole(start: int, seed: int) -> None:
    network = sample_town()
    steps = route(network, start % len(network), 6, Random(seed))
    # Where a road ends the machine turns somewhere in its last second, and only what was seen is credited.
    assume(all(one[0] != other[0] for one, other in pairwise(steps)))
    spots = list(drive(network, steps, start_us=START))
    ways = [[], *(driven_between(network, one, other) for one, other in pairwise(spots))]
    said = {"device": 1, "track_us": START, "blade": 1, "stands": 0, "confidence": 900}
    came = [
        Came(said | {"observed_us": spot.at_us, "row": spot.row, "speed_mmps": spot.speed_mmps}, tuple(way))
        for spot, way in zip(spots, ways, strict=True)
    ]
    stage = PassStage(network, WorkPolicy())
    made = joined([stage.on_batch(*batches(came)), stage.flush([1])])
    told = [(one["segment_id"], one["direction"], one["from_mm"], one["to_mm"]) for one in named(made.passes)]
    # The last second may end before the last segment does.
    assert told[: len(steps) - 1] == [
        (network.segment_id[row], direction, 0, network.length_mm[row]) for row, direction in steps[:-1]
    ]
    assert all(one["ended_us"] == other["started_us"] for one, other in pairwise(named(made.passes)))


def test_when_the_machine_crossed_from_road_to_road_is_between_by_distance() -> None:
    made = worked(Journey(0, 10).go(60, 5, every_s=12))
    assert covered(made) == [(0, 1, 10, 100), (1, 1, 0, 100), (2, 1, 0, 100), (3, 1, 0, 10)]
    assert [ended for _, ended in times_s(made)] == pytest.approx([18, 38, 58, 60], abs=0.001)
    assert all(one["ended_us"] == other["started_us"] for one, other in pairwise(named(made.passes)))


def test_against_the_line_from_is_still_the_smaller() -> None:
    made = worked(Journey(2, 60, direction=-1).go(30, 5))
    assert covered(made) == [(2, -1, 0, 60), (1, -1, 10, 100)]


def test_the_direction_is_the_one_driven_whatever_a_match_says() -> None:
    assert covered(worked(Journey(0, 60).go(5, 5, direction=-1))) == [(0, 1, 60, 85)]


def test_off_the_road_nothing_is_credited() -> None:
    made = worked(Journey().go(10, 5).go(4, 5, row=NO_ROW).go(4, 5, row=0))
    assert covered(made) == [(0, 1, 0, 50), (0, 1, 70, 90)]


def test_a_machine_that_drove_nowhere_has_made_no_pass() -> None:
    assert covered(worked(Journey().stand(30))) == []


# Backing off, turning, coming back.


def test_backing_off_and_on_counts_once() -> None:
    made = worked(Journey().go(12, 5).turn().go(4, 5).turn().go(10, 5))
    assert covered(made) == [(0, 1, 0, 90)]
    assert times_s(made) == [(0, 26)]


@pytest.mark.parametrize("metres", [10, 45])
def test_backing_off_again_and_again_counts_once(metres: int) -> None:
    journey = Journey().go(18, 5)
    for _ in range(5):
        journey.turn().go(metres / 5, 5).turn().go(metres / 5, 5)
    assert covered(worked(journey)) == [(0, 1, 0, 90)]


def test_ways_back_that_are_each_too_short_for_a_turn_make_none_together() -> None:
    journey = Journey().go(18, 5)
    for back_m, on_m in ((30, 10), (40, 65)):
        journey.turn().go(back_m / 5, 5).turn().go(on_m / 5, 5)
    assert covered(worked(journey)) == [(0, 1, 0, 95)]


def test_a_turn_on_the_road_makes_a_pass_of_each_direction() -> None:
    made = worked(Journey().go(16, 5).turn().go(12, 5))
    assert covered(made) == [(0, 1, 0, 80), (0, -1, 20, 80)]
    assert times_s(made) == [(0, 16), (16, 28)]


@pytest.mark.parametrize(("back_m", "drives"), [(49, 1), (50, 2), (51, 2)])
def test_a_way_back_that_is_as_long_as_a_drive_is_one(back_m: int, drives: int) -> None:
    assert MANOEUVRE_MM == 50_000
    assert len(covered(worked(Journey().go(16, 5).turn().go(back_m, 1)))) == drives


def test_a_drive_there_and_back_and_there_again_is_three() -> None:
    made = worked(Journey().go(16, 5).turn().go(12, 5).turn().go(12, 5))
    assert covered(made) == [(0, 1, 0, 80), (0, -1, 20, 80), (0, 1, 20, 80)]


def test_a_dead_end_there_and_back_is_two_passes() -> None:
    made = worked(Journey(LAST, 50).go(70, 5))
    assert covered(made) == [(LAST, 1, 50, 100), (DEAD_END, 1, 0, 120), (DEAD_END, -1, 0, 120), (LAST, -1, 40, 100)]


def test_a_turn_soon_behind_a_crossing_is_one_all_the_same() -> None:
    made = worked(Journey(1, 80).go(10, 5).turn().go(12, 5))
    assert covered(made) == [(1, 1, 80, 100), (2, 1, 0, 30), (2, -1, 0, 30), (1, -1, 70, 100)]


def test_backing_off_over_crossings_counts_once() -> None:
    """Over streets of 15 m: 40 m back, and on."""
    made = worked(Journey(STREET).go(24, 5).turn().go(8, 5).turn().go(14, 5))
    assert covered(made) == [(STREET + at, 1, 0, 15) for at in range(10)]
    assert covered(worked(Journey(1, 80).go(8, 5).turn().go(8, 5).turn().go(20, 5))) == [(1, 1, 80, 100), (2, 1, 0, 80)]


def test_what_is_worked_only_on_the_way_back_counts_for_the_way_that_the_machine_goes() -> None:
    up, down = {"blade": BLADE_UP}, {"blade": BLADE_DOWN}
    made = worked(Journey(**up).go(16, 5).turn().go(18, 2.5, **down).turn().go(20, 5, **up))
    assert covered(made) == [(0, 1, 35, 78)]
    into_a_dead_end = worked(Journey(DEAD_END, 80, **up).go(8, 5).turn().go(30, 5, **down))
    assert covered(into_a_dead_end) == [(DEAD_END, -1, 0, 115), (LAST, -1, 70, 100)]


def test_backing_off_after_a_stop_or_a_hole_counts_once() -> None:
    stops = Journey().go(16, 5).stand(240, every_s=5).turn().go(8, 4).turn().go(16, 5)
    assert covered(worked(stops)) == [(0, 1, 0, 80), (0, 1, 80, 100), (1, 1, 0, 28)]
    holes = Journey().go(16, 5).wait(70).put(48_000).go(10, 5)
    assert covered(worked(holes)) == [(0, 1, 0, 80), (0, 1, 80, 98)]


def test_what_was_worked_is_told_when_the_machine_stands_for_long() -> None:
    stage, journey = PassStage(TOWN, WorkPolicy()), Journey().go(16, 5).go(16, 1, blade=BLADE_UP).stand(150)
    assert not len(stage.on_batch(*batches(journey.came)).passes)
    came, journey.came = len(journey.came), journey.stand(60).came
    assert covered(stage.on_batch(*batches(journey.came[came:]))) == [(0, 1, 0, 81)]


def test_backing_into_a_side_street_and_out_of_it_is_no_pass_of_the_main_road() -> None:
    """The machine turns: what it works of the side street is worked once in each direction."""
    made = worked(Journey(LAST, 0).go(20, 5).take(STREET).go(2, 5).turn().go(2, 5).take(LAST, -1).go(20, 5))
    assert [one for one in covered(made) if one[0] == LAST] == [(LAST, 1, 0, 100), (LAST, -1, 0, 100)]


def test_leaving_a_road_and_coming_back_is_another_pass() -> None:
    made = worked(Journey(1, 50).go(30, 5).turn().go(30, 5))
    assert covered(made) == [(1, 1, 50, 100), (2, 1, 0, 100), (2, -1, 0, 100), (1, -1, 50, 100)]
    again = worked(Journey(1, 50).go(10, 5).take(1).go(10, 5))
    assert covered(again) == [(1, 1, 0, 100)]
    elsewhere = worked(Journey(1, 0).go(10, 5).take(5).go(10, 5).take(1).go(10, 5))
    assert covered(elsewhere) == [(1, 1, 0, 50), (5, 1, 0, 50), (1, 1, 0, 50)]


def test_two_machines_make_two_passes() -> None:
    made = worked(Journey().go(10, 5), Journey(device=2).go(10, 5))
    assert covered(made) == [(0, 1, 0, 50)] * 2
    assert made.passes.device.tolist() == [1, 2]


def test_a_machine_put_back_by_noise_has_not_driven_there_twice() -> None:
    made = worked(Journey().go(12, 5).put(45_000).go(5, 5))
    assert covered(made) == [(0, 1, 0, 70)]
    assert named(made.passes)[0]["confidence"] == 900


def test_what_nobody_saw_driven_is_covered_by_no_pass() -> None:
    made = worked(Journey().go(5, 5).put(60_000).go(5, 5))
    assert covered(made) == [(0, 1, 0, 25), (0, 1, 60, 85)]


# Pieces of a drive, and how much of them is kept.


def lifted(times: int) -> Journey:
    """Down for 10 m and up for 15 m, so often."""
    journey = Journey()
    for _ in range(times):
        journey.go(4, 2.5, blade=1).go(15, 1, blade=BLADE_UP)
    return journey


def test_each_piece_of_a_drive_is_a_pass() -> None:
    assert covered(worked(lifted(1))) == [(0, 1, 0, 11)]
    assert covered(worked(lifted(2))) == [(0, 1, 0, 11), (0, 1, 28, 36)]
    assert PIECES_MAX == 3
    assert covered(worked(lifted(4))) == [(0, 1, 0, 11), (0, 1, 28, 36), (0, 1, 52, 61), (0, 1, 78, 86)]


def test_a_hole_between_two_pieces_that_is_worked_afterwards_makes_them_one() -> None:
    journey = lifted(2).turn().go(22, 2, blade=BLADE_UP).turn().go(27, 2, blade=1)
    assert covered(worked(journey)) == [(0, 1, 0, 60)]
    told = named(worked(journey).passes)[0]
    assert told["confidence"] == 900
    assert (told["started_us"], told["ended_us"]) == (START, journey.at_us)


def test_pieces_further_on_stay_what_they_were() -> None:
    journey = Journey()
    for _ in range(3):
        journey.go(4, 1, blade=1).go(6, 1, blade=BLADE_UP)
    policy = WorkPolicy(lift_us=4 * SECOND)
    assert covered(worked(journey, policy=policy)) == [(0, 1, 0, 5), (0, 1, 11, 15), (0, 1, 21, 25)]
    journey.turn().go(28, 1).turn().go(12, 1, blade=1).go(6, 1, blade=BLADE_UP)
    assert sorted(covered(worked(journey, policy=policy))) == [(0, 1, 0, 15), (0, 1, 21, 25)]


def test_a_pass_is_as_sure_as_its_metres_and_as_its_weakest_evidence() -> None:
    made = worked(Journey().go(8, 5, confidence=1000).go(4, 10, confidence=400))
    assert [(one["confidence"], one["evidence"]) for one in named(made.passes)] == [(700, Evidence.BLADE)]
    weak = worked(Journey(0, 5).go(5, 5).go(16, 1, every_s=16).go(5, 5))
    assert [one["evidence"] for one in named(weak.passes)] == [Evidence.INFERRED]
    waits = Journey().go(10, 1).go(1, 1, blade=BLADE_UP).go(16, 1, every_s=16).go(2, 1).go(30, 1, blade=1)
    made = worked(waits, policy=WorkPolicy(lift_us=60 * SECOND))
    assert [one["evidence"] for one in named(made.passes)] == [Evidence.INFERRED]


def lifted_over(streets: int) -> Journey:
    """At work up to the second of many short streets, where the blade is lifted over so many of them."""
    return Journey(LAST, 40).go(8, 7.5).take(STREET).put(7_000).go(2 * streets, 7.5, every_s=2, blade=BLADE_UP)


def test_what_waits_for_a_verdict_is_credited_when_the_blade_was_only_lifted() -> None:
    made = worked(lifted_over(5).go(10, 7.5, blade=1))
    assert [row for row, *_ in covered(made)] == [LAST, *range(STREET, STREET + 11)]


def test_of_what_is_too_much_to_wait_the_oldest_is_as_it_was_before() -> None:
    """More streets than there is room for, none of which turns out to have been worked."""
    policy = WorkPolicy(lift_us=90 * SECOND, zone_us=200 * SECOND)
    assert WAITING_MAX == 16
    for streets in (WAITING_MAX, WAITING_MAX + 2, 27):
        made = worked(lifted_over(streets).stand(60), policy=policy)
        # Up to the fix that first says that the blade is lifted it drove a little way on the second.
        last = max(1, streets - WAITING_MAX)
        assert [row for row, *_ in covered(made)] == [LAST, *range(STREET, STREET + last + 1)]
    lowered = worked(lifted_over(27).stand(60).go(5, 1, blade=1), policy=policy)
    assert covered(lowered)[-1][0] == STREET + 27


def test_more_streets_at_once_than_can_wait_are_credited_all() -> None:
    made = worked(Journey(STREET).go(10, 6).go(37, 10, every_s=37))
    assert [row for row, *_ in covered(made)] == list(range(STREET, STREET + 29))


# Spreading.


def test_spread_material_is_what_was_spread_on_each_metre() -> None:
    made = worked(Journey(blade=BLADE_UP, spreading=1, spread_dgpm=137).go(8, 10).go(2, 10, spread_dgpm=300))
    (told,) = [one for one in named(made.passes) if one["to_mm"] > 1_000]
    assert (told["work"], told["to_mm"]) == (Work.SPREADING, TOWN.length_mm[0])
    assert told["material_g"] == pytest.approx((80 * 137 + 20 * 300) / 10, abs=1)


def test_material_is_not_known_when_that_of_any_part_is_not() -> None:
    made = worked(
        Journey(blade=BLADE_UP, spreading=1, spread_dgpm=100)
        .go(8, 5)
        .go(1, 5, spread_dgpm=ABSENT_16)
        .go(20, 5, spread_dgpm=0)
    )
    assert [one["material_g"] for one in named(made.passes)][:2] == [ABSENT_32, 0]
    waits = Journey(blade=BLADE_UP, spreading=1, spread_dgpm=100).go(10, 1).go(2, 1, spreading=0)
    made = worked(waits.go(1, 1, spread_dgpm=ABSENT_16).go(2, 1, spread_dgpm=100).go(10, 1, spreading=1))
    assert [one["material_g"] for one in named(made.passes)] == [ABSENT_32]


def test_ploughing_spreads_nothing_however_much_is_said_to_be() -> None:
    made = worked(Journey(spread_dgpm=100).go(8, 5))
    assert [one["material_g"] for one in named(made.passes)] == [ABSENT_32]


def test_a_spreader_that_does_not_say_how_much_has_spread_nobody_knows_how_much() -> None:
    made = on_machine(Journey(blade=ABSENT_8).go(30, 10), MachineKind.SPREADER)
    assert {(one["work"], one["evidence"], one["material_g"]) for one in named(made.passes)} == {
        (Work.SPREADING, Evidence.INFERRED, ABSENT_32)
    }


def test_ploughing_and_spreading_begin_and_end_each_for_itself() -> None:
    made = worked(Journey(0, 10).go(8, 5).go(5, 5, spreading=1).go(15, 1, blade=BLADE_UP))
    assert covered(made, Work.PLOUGHING) == [(0, 1, 10, 76)]
    assert covered(made, Work.SPREADING) == [(0, 1, 50, 90)]
