"""Inputs that cannot be right are found, and no longer believed until they change."""

import pytest

from snowtrack.model.columns import ABSENT_8
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.machines import MachineKind
from snowtrack.model.work import Activity, Evidence, Work
from snowtrack.passes.stage import PassStage, Worked, WorkPolicy, joined
from tests.passes.journeys import START, TOWN, Journey, batches, covered, fleet, named, on_machine, spans, worked

TRAVELLING, WORKING = Activity.TRAVELLING, Activity.WORKING
SECOND = 1_000_000


def first_doubt_s(made: Worked) -> float | None:
    """When the first span begins that says so."""
    doubted = [one["started_us"] for one in named(made.activities) if one["doubted"]]
    return (min(doubted) - START) / SECOND if doubted else None


def evidence(made: Worked) -> set[int]:
    return {one["evidence"] for one in named(made.passes)}


def test_a_truck_that_rushes_with_its_blade_down_does_not_plough() -> None:
    made = on_machine(Journey().go(50, 60 / 3.6), MachineKind.TRUCK)
    assert spans(made) == [(TRAVELLING, 0, 50)]
    assert covered(made) == []
    assert first_doubt_s(made) is None


def test_after_a_minute_of_that_its_input_is_not_believed() -> None:
    journey = Journey().go(59, 60 / 3.6)
    assert first_doubt_s(on_machine(journey, MachineKind.TRUCK)) is None
    assert first_doubt_s(on_machine(journey.go(1, 60 / 3.6), MachineKind.TRUCK)) == 0


def test_a_truck_slow_again_is_then_judged_by_its_speed() -> None:
    made = on_machine(Journey().go(60, 60 / 3.6).go(60, 8), MachineKind.TRUCK)
    assert spans(made) == [(TRAVELLING, 0, 60), (WORKING, 60, 120)]
    assert evidence(made) == {Evidence.INFERRED}
    creeps = on_machine(Journey().go(60, 60 / 3.6).go(60, 1), MachineKind.TRUCK)
    assert covered(creeps) == []


def test_minutes_of_haste_need_not_be_in_one_piece() -> None:
    in_pieces = Journey()
    for _ in range(10):
        in_pieces.go(10, 60 / 3.6).go(20, 8)
    assert evidence(on_machine(in_pieces, MachineKind.TRUCK)) == {Evidence.BLADE}
    in_pieces.go(10, 60 / 3.6).go(100, 8)
    assert evidence(on_machine(in_pieces, MachineKind.TRUCK)) == {Evidence.BLADE, Evidence.INFERRED}


def test_a_moment_of_haste_now_and_then_speaks_against_no_input() -> None:
    journey = Journey()
    for _ in range(100):
        journey.go(1, 60 / 3.6).go(100, 8)
    assert first_doubt_s(on_machine(journey, MachineKind.TRUCK)) is None


def test_the_doubt_ends_when_the_input_changes() -> None:
    journey = Journey().go(60, 60 / 3.6).go(2, 8, blade=BLADE_UP).go(60, 8, blade=BLADE_DOWN)
    told = named(on_machine(journey, MachineKind.TRUCK).passes)
    assert {one["evidence"] for one in told} == {Evidence.BLADE}
    spreads = Journey().go(60, 60 / 3.6).go(10, 20, spreading=1)
    assert named(on_machine(spreads, MachineKind.TRUCK).activities)[-1]["doubted"] == 1


def test_an_input_that_says_up_while_the_machine_creeps_as_at_work_for_two_hours_is_doubted() -> None:
    hours = Journey(blade=BLADE_UP).go(7_199, 5)
    assert first_doubt_s(worked(hours)) is None
    assert covered(worked(hours)) == []
    more = worked(hours.go(100, 5))
    assert first_doubt_s(more) == 7_199
    assert evidence(more) == {Evidence.INFERRED}
    assert named(more.passes)[0]["started_us"] == START + 7_199 * SECOND


def test_that_doubt_too_lasts_until_the_input_changes() -> None:
    journey = Journey(blade=BLADE_UP).go(7_300, 5).go(3_000, 16).go(100, 5)
    made = worked(journey)
    assert spans(made)[-1] == (WORKING, 10_300, 10_400)
    told = worked(journey.go(60, 5, blade=BLADE_DOWN).go(100, 5, blade=BLADE_UP))
    assert spans(told)[-1] == (TRAVELLING, 10_461, 10_560)
    assert named(told.activities)[-1]["doubted"] == 0


@pytest.mark.parametrize(("fast_s", "doubted"), [(2_400, True), (2_600, False)])
def test_an_input_that_says_up_is_right_when_a_quarter_of_the_way_is_too_fast_to_plough(
    fast_s: int, doubted: bool
) -> None:
    made = worked(Journey(blade=BLADE_UP).go(fast_s, 16).go(7_200, 5))
    assert (first_doubt_s(made) is not None) is doubted


def test_standing_speaks_for_no_input_and_against_none() -> None:
    made = worked(Journey(blade=BLADE_UP).go(3_600, 5).stand(36_000, every_s=60).go(3_500, 5))
    assert first_doubt_s(made) is None
    assert (
        first_doubt_s(worked(Journey(blade=BLADE_UP).go(3_600, 5).stand(36_000, every_s=60).go(3_650, 5))) is not None
    )


def test_gaps_neither_end_a_doubt_nor_count_for_one() -> None:
    journey = Journey().go(59, 60 / 3.6).wait(90).go(1, 60 / 3.6)
    assert first_doubt_s(on_machine(journey, MachineKind.TRUCK)) is None
    journey = Journey().go(70, 60 / 3.6).wait(90).go(100, 8)
    assert evidence(on_machine(journey, MachineKind.TRUCK)) == {Evidence.INFERRED}


def test_a_new_track_believes_again() -> None:
    """It is computed again without what was before it."""
    journey = Journey().go(70, 60 / 3.6).wait(500).new_track().go(100, 8)
    assert evidence(on_machine(journey, MachineKind.TRUCK)) == {Evidence.BLADE}


def test_a_doubt_outlives_a_silence_and_a_restart() -> None:
    journey = Journey().go(70, 60 / 3.6).go(100, 8)
    on = fleet(d1=MachineKind.TRUCK)
    first, second = PassStage(TOWN, WorkPolicy(), on), PassStage(TOWN, WorkPolicy(), on)
    parts = [first.on_batch(*batches(journey.came[:71])), first.flush([1])]
    second.memory.restore(1, first.memory.snapshot(1))
    made = joined([*parts, second.on_batch(*batches(journey.came[71:])), second.flush([1])])
    assert evidence(made) == {Evidence.INFERRED}


def test_a_spreader_that_is_off_for_hours_is_not_stuck() -> None:
    made = on_machine(Journey(spreading=0).go(9_000, 5), MachineKind.TRUCK)
    assert first_doubt_s(made) is None
    assert {one["work"] for one in named(made.passes)} == {Work.PLOUGHING}


def test_what_is_spread_at_fifty_kilometres_an_hour_is_spread() -> None:
    made = on_machine(Journey(blade=BLADE_UP, spreading=1, spread_dgpm=50).go(100, 50 / 3.6), MachineKind.TRUCK)
    assert covered(made, Work.SPREADING)[:2] == [(0, 1, 0, 100), (1, 1, 0, 100)]
    rushes = on_machine(Journey(blade=BLADE_UP, spreading=1).go(100, 75 / 3.6), MachineKind.TRUCK)
    assert covered(rushes, Work.SPREADING) == []
    assert first_doubt_s(rushes) is not None


# Inputs that are silent, and inputs that know no rest.


@pytest.mark.parametrize(("every", "works"), [(5, False), (29, False), (40, True)])
def test_what_an_input_said_holds_for_half_a_minute(every: int, works: bool) -> None:
    """The blade is up; the speed alone would say that the machine works."""
    journey = Journey()
    for _ in range(200 // every):
        journey.go(1, 8, blade=BLADE_UP).go(every, 8, blade=ABSENT_8)
    assert bool(covered(worked(journey))) is works


def test_an_input_that_changes_every_second_is_not_believed_until_it_rests() -> None:
    journey = Journey()
    for _ in range(60):
        journey.go(1, 12, blade=BLADE_UP).go(1, 12, blade=BLADE_DOWN)
    made = on_machine(journey, MachineKind.TRUCK)
    assert first_doubt_s(made) is not None
    assert covered(made) == []
    rests = worked(journey.go(60, 8, blade=BLADE_DOWN).go(900, 8))
    assert named(rests.activities)[-1]["doubted"] == 0
    assert named(rests.passes)[-1]["evidence"] == Evidence.BLADE


def test_a_blade_that_is_lifted_over_three_manholes_a_minute_is_believed() -> None:
    journey = Journey()
    for _ in range(60):
        journey.go(18, 5, blade=BLADE_DOWN).go(2, 5, blade=BLADE_UP)
    made = worked(journey)
    assert first_doubt_s(made) is None
    assert evidence(made) == {Evidence.BLADE}


def test_each_input_is_doubted_for_itself() -> None:
    journey = Journey().go(60, 60 / 3.6, spreading=0).go(5, 8, spreading=1).go(60, 8)
    told = named(on_machine(journey, MachineKind.TRUCK).passes)
    by_work = {work: {one["evidence"] for one in told if one["work"] == work} for work in Work}
    assert by_work == {Work.PLOUGHING: {Evidence.INFERRED}, Work.SPREADING: {Evidence.BLADE}}


def test_a_machine_of_which_no_speed_is_too_fast_is_believed() -> None:
    """A patrol car does not plough, so nobody knows how fast it would; what an input says, it says."""
    made = on_machine(Journey().go(100, 16), MachineKind.PATROL)
    assert first_doubt_s(made) is None
    assert spans(made) == [(WORKING, 0, 100)]
