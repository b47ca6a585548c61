"""Working or not, and what else a machine does: by its inputs, or else by its kind, its speed and its stops."""

import pytest

from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.machines import MachineKind
from snowtrack.model.matches import NO_ROW
from snowtrack.model.work import Activity, Evidence, Work
from snowtrack.passes.stage import WorkPolicy
from tests.passes.journeys import MINUTE, START, Journey, covered, named, on_machine, spans, worked

PARKED, STANDBY, TRAVELLING, WORKING = Activity
NO_INPUTS = {"blade": ABSENT_8}


def between_blades_down(seconds: float) -> Journey:
    """At work for a minute, lifted for so long, at work again; all on the road from end to end."""
    return Journey(0, 10).go(60, 5).go(seconds, 5, blade=BLADE_UP).go(60, 5, blade=BLADE_DOWN)


@pytest.mark.parametrize("seconds", [1, 8, 11])
def test_a_blade_lifted_over_a_manhole_cuts_nothing(seconds: int) -> None:
    made = worked(between_blades_down(seconds))
    assert spans(made) == [(WORKING, 0, 120 + seconds)]
    metres = 10 + 5 * (120 + seconds)
    assert covered(made) == [(0, 1, 10, 100), *((row, 1, 0, 100) for row in range(1, 6)), (6, 1, 0, metres - 600)]


def test_a_blade_lifted_for_longer_does_and_nothing_in_between_is_credited() -> None:
    made = worked(between_blades_down(20))
    # What was driven to the fix that first says so was driven as the fix before said.
    assert spans(made) == [(WORKING, 0, 61), (TRAVELLING, 61, 81), (WORKING, 81, 140)]
    before = [(0, 1, 10, 100), (1, 1, 0, 100), (2, 1, 0, 100), (3, 1, 0, 15)]
    assert covered(made) == [*before, (4, 1, 15, 100), (5, 1, 0, 100), (6, 1, 0, 100), (7, 1, 0, 10)]


@pytest.mark.parametrize(
    ("seconds", "speed_mps", "is_work"), [(20, 1, True), (44, 0, True), (50, 1, False), (20, 5, False)]
)
def test_who_turns_between_two_runs_is_at_work_but_nothing_is_worked(
    seconds: int, speed_mps: float, is_work: bool
) -> None:
    made = worked(Journey(0, 10).go(60, 5).go(seconds, speed_mps, blade=BLADE_UP).go(60, 5, blade=BLADE_DOWN))
    assert (len(spans(made)) == 1) is is_work
    lifted_m = 310 + 5, 310 + seconds * speed_mps
    assert not any(
        100 * row + low < lifted_m[1] - 5 and 100 * row + high > lifted_m[0] for row, _, low, high in covered(made)
    )


def test_how_long_a_blade_may_be_lifted_is_said_by_policy() -> None:
    assert len(spans(worked(between_blades_down(20), policy=WorkPolicy(lift_us=MINUTE)))) == 1
    assert len(spans(worked(between_blades_down(8), policy=WorkPolicy(lift_us=MINUTE // 12)))) == 3


def test_a_blade_down_for_a_moment_is_no_work() -> None:
    made = worked(Journey().go(60, 8, blade=BLADE_UP).go(2, 8, blade=BLADE_DOWN).go(60, 8, blade=BLADE_UP))
    assert spans(made) == [(TRAVELLING, 0, 122)]
    assert covered(made) == []


def test_work_begins_where_the_blade_went_down_and_not_where_that_was_sure() -> None:
    made = worked(Journey().go(10, 5, blade=BLADE_UP).go(30, 5, blade=BLADE_DOWN))
    assert spans(made) == [(TRAVELLING, 0, 11), (WORKING, 11, 40)]
    assert covered(made) == [(0, 1, 55, 100), (1, 1, 0, 100)]


def test_blades_that_chatter_are_down_when_they_mostly_are() -> None:
    journey = Journey().go(10, 5)
    for _ in range(20):
        journey.go(2, 5, blade=BLADE_UP).go(4, 5, blade=BLADE_DOWN)
    assert spans(worked(journey)) == [(WORKING, 0, 130)]


def test_a_machine_that_stands_with_its_blade_down_is_not_at_work_since_it_stopped() -> None:
    made = worked(Journey().go(60, 5).stand(200).go(30, 5, blade=BLADE_UP))
    assert spans(made) == [(WORKING, 0, 61), (STANDBY, 61, 260), (TRAVELLING, 260, 290)]
    assert covered(made) == [(0, 1, 0, 100), (1, 1, 0, 100), (2, 1, 0, 100)]


@pytest.mark.parametrize("seconds", [25, 181])
def test_a_machine_that_waits_at_a_crossing_is_at_work(seconds: int) -> None:
    made = worked(Journey().go(30, 5).stand(seconds).go(30, 5))
    assert spans(made) == [(WORKING, 0, 60 + seconds)]
    assert covered(made) == [(0, 1, 0, 100), (1, 1, 0, 100), (2, 1, 0, 100)]


def test_three_minutes_are_counted_from_the_first_fix_that_stands() -> None:
    made = worked(Journey().go(30, 5).stand(182).go(30, 5))
    assert spans(made) == [(WORKING, 0, 31), (STANDBY, 31, 212), (WORKING, 212, 242)]


def test_what_was_not_sure_when_a_machine_stopped_for_long_was_no_work() -> None:
    lifted = Journey().go(30, 5).go(5, 5, blade=BLADE_UP).stand(200, blade=BLADE_DOWN)
    made = worked(lifted, policy=WorkPolicy(zone_us=5 * MINUTE))
    assert spans(made) == [(WORKING, 0, 31), (TRAVELLING, 31, 36), (STANDBY, 36, 235)]
    assert covered(made) == [(0, 1, 0, 100), (1, 1, 0, 55)]


def test_a_machine_that_sets_off_again_after_a_long_stop_is_at_work_from_there_on() -> None:
    made = worked(Journey().go(30, 5).stand(300).go(30, 5))
    assert spans(made) == [(WORKING, 0, 31), (STANDBY, 31, 330), (WORKING, 330, 360)]
    assert covered(made) == [(0, 1, 0, 100), (1, 1, 0, 50), (1, 1, 50, 100), (2, 1, 0, 100)]


def test_a_blade_put_down_while_standing_is_no_work_before_the_machine_moves() -> None:
    made = worked(Journey().stand(100, blade=BLADE_UP).stand(100, blade=BLADE_DOWN).go(30, 5))
    assert spans(made) == [(STANDBY, 0, 200), (WORKING, 200, 230)]


@pytest.mark.parametrize(("seconds", "activity"), [(60, TRAVELLING), (61, STANDBY)])
def test_a_short_halt_is_part_of_a_journey(seconds: int, activity: Activity) -> None:
    made = worked(Journey().go(30, 10, blade=BLADE_UP).stand(seconds).go(30, 10))
    assert activity in {one for one, _, _ in spans(made)}
    assert STANDBY not in {one for one, _, _ in spans(made)} or spans(made)[1] == (STANDBY, 31, 30 + seconds)


def test_nobody_stands_by_while_it_is_not_sure_that_he_is_not_at_work() -> None:
    lowers = Journey().go(10, 5, blade=BLADE_UP).go(3, 5, blade=BLADE_DOWN).stand(100).go(10, 5)
    made = worked(lowers, policy=WorkPolicy(zone_us=5 * MINUTE))
    assert spans(made) == [(TRAVELLING, 0, 11), (WORKING, 11, 123)]


def test_a_halt_over_full_ten_minutes_that_was_no_work_was_none_from_its_beginning() -> None:
    made = worked(Journey().go(590, 5).stand(300).go(30, 5))
    assert spans(made) == [(WORKING, 0, 591), (STANDBY, 591, 890), (WORKING, 890, 920)]


def test_who_stands_by_is_parked_after_half_an_hour() -> None:
    made = worked(Journey().go(30, 10, blade=BLADE_UP).stand(3_600, every_s=10).go(30, 10))
    stopped, parked = 40, 40 + 1_800
    assert spans(made) == [
        (TRAVELLING, 0, stopped),
        (STANDBY, stopped, parked),
        (PARKED, parked, 3_630),
        (TRAVELLING, 3_630, 3_660),
    ]


def test_a_machine_that_says_no_speed_has_that_of_its_way() -> None:
    unstated = {"speed_mmps": ABSENT_32}
    made = worked(Journey().go(30, 5, **unstated).stand(300, **unstated).go(30, 5, **unstated))
    assert [activity for activity, _, _ in spans(made)] == [WORKING, STANDBY, WORKING]
    assert sum(one["driven_mm"] for one in named(made.activities)) == pytest.approx(300_000, abs=5_000)


def test_who_seems_to_stand_and_says_no_speed_stands_whatever_its_way() -> None:
    made = worked(Journey().go(300, 5, blade=BLADE_UP, speed_mmps=ABSENT_32, stands=1))
    assert spans(made) == [(STANDBY, 0, 300)]


# Without inputs, or in spite of them.


@pytest.mark.parametrize(
    ("kind", "speed_mps", "works"),
    [
        (MachineKind.DOZER, 11, False),
        (MachineKind.DOZER, 4, True),
        (MachineKind.TRUCK, 30 / 3.6, True),
        (MachineKind.TRUCK, 60 / 3.6, False),
        (MachineKind.TRUCK, 1.499, False),
        (MachineKind.TRUCK, 1.5, True),
        (MachineKind.TRUCK, 11.4, True),
        (MachineKind.TRUCK, 11.401, False),
        (MachineKind.GRADER, 6, True),
        (MachineKind.GRADER, 10, False),
        (MachineKind.ROTARY, 1, True),
        (MachineKind.ROTARY, 6, False),
        (MachineKind.SMALL, 1, True),
        (MachineKind.SMALL, 3, False),
        (MachineKind.UNKNOWN, 8, True),
        (MachineKind.UNKNOWN, 15, False),
        (MachineKind.PATROL, 8, False),
        (MachineKind.PATROL, 1, False),
    ],
)
def test_a_machine_without_inputs_works_at_the_speeds_of_its_kind(
    kind: MachineKind, speed_mps: float, works: bool
) -> None:
    made = on_machine(Journey().go(100, speed_mps, **NO_INPUTS), kind)
    assert spans(made) == [(WORKING if works else TRAVELLING, 0, 100)]
    assert bool(covered(made)) is works
    assert {one["evidence"] for one in named(made.passes)} <= {Evidence.INFERRED}


def test_what_an_input_says_is_evidence_and_what_speed_says_is_inferred() -> None:
    by_blade, by_speed = worked(Journey().go(100, 8)), worked(Journey().go(100, 8, **NO_INPUTS))
    for made, evidence in ((by_blade, Evidence.BLADE), (by_speed, Evidence.INFERRED)):
        assert {one["evidence"] for one in named(made.passes)} == {evidence}
        assert {one["evidence"] for one in named(made.activities)} == {evidence}


def test_every_span_of_a_machine_without_inputs_says_that_it_is_inferred() -> None:
    journey = Journey().go(700, 8, **NO_INPUTS).stand(2_400, every_s=7).go(900, 15, every_s=7).stand(70).go(2, 5)
    told = named(worked(journey).activities)
    assert len(told) > 10
    assert {one["activity"] for one in told} == set(Activity)
    assert {one["evidence"] for one in told} == {Evidence.INFERRED}
    short = named(worked(Journey().go(602, 8, every_s=7, **NO_INPUTS)).activities)
    assert [one["evidence"] for one in short] == [Evidence.INFERRED] * 2
    policy = WorkPolicy(idle_us=90 * MINUTE)
    waits = named(worked(Journey(**NO_INPUTS).go(100, 8).stand(6_000), policy=policy).activities)
    assert {one["evidence"] for one in waits} == {Evidence.INFERRED}
    assert {one["activity"] for one in waits} == {WORKING, STANDBY, PARKED}


def test_a_moment_at_the_speed_of_work_is_no_work() -> None:
    slow = Journey().go(60, 20, **NO_INPUTS).go(15, 8).go(60, 20)
    assert spans(on_machine(slow, MachineKind.TRUCK)) == [(TRAVELLING, 0, 135)]


def test_a_moment_at_another_speed_ends_no_work() -> None:
    fast = Journey().go(60, 8, **NO_INPUTS).go(8, 20).go(60, 8)
    assert spans(on_machine(fast, MachineKind.TRUCK)) == [(WORKING, 0, 128)]


def test_the_faster_a_machine_the_sooner_its_work_is_over() -> None:
    """A truck works at up to 11.4 m/s and at 12.6 m/s surely not; in between that takes longer to show."""
    for speed_mps, over in ((11.8, False), (12.2, True)):
        made = on_machine(Journey().go(60, 8, **NO_INPUTS).go(20, speed_mps).go(60, 8), MachineKind.TRUCK)
        assert (len(spans(made)) == 3) is over


def test_off_the_road_nothing_is_inferred() -> None:
    made = worked(Journey().go(60, 8, **NO_INPUTS, row=NO_ROW))
    assert spans(made) == [(TRAVELLING, 0, 60)]
    leaves = worked(Journey().go(60, 8, **NO_INPUTS, row=0).go(60, 8, row=NO_ROW))
    assert spans(leaves) == [(WORKING, 0, 60), (TRAVELLING, 60, 120)]


def test_what_a_machine_does_shows_when_it_is_not_sure_for_too_long() -> None:
    """A truck that creeps is neither at work nor not: it stays as it was."""
    creeps = Journey().go(60, 8, **NO_INPUTS).go(8, 20).go(100, 1)
    assert spans(on_machine(creeps, MachineKind.TRUCK)) == [(WORKING, 0, 168)]
    creeps = Journey().go(60, 20, **NO_INPUTS).go(15, 8).go(100, 1)
    assert spans(on_machine(creeps, MachineKind.TRUCK)) == [(TRAVELLING, 0, 175)]


def test_a_minute_is_not_too_long_to_be_unsure() -> None:
    for seconds, told in ((52, [(WORKING, 0, 60), (TRAVELLING, 60, 120)]), (53, [(WORKING, 0, 121)])):
        creeps = Journey().go(60, 8, **NO_INPUTS).go(8, 20).go(seconds, 1)
        assert spans(on_machine(creeps, MachineKind.TRUCK)) == told


def test_time_that_was_partly_inferred_is_inferred() -> None:
    made = worked(Journey().go(5, 8, **NO_INPUTS).go(8, 8, blade=BLADE_UP))
    assert spans(made) == [(TRAVELLING, 0, 13)]
    assert [one["evidence"] for one in named(made.activities)] == [Evidence.INFERRED]


@pytest.mark.parametrize(("kind", "ploughs"), [(MachineKind.ROTARY, True), (MachineKind.TRUCK, False)])
def test_a_power_take_off_tells_of_work_where_it_drives_what_works(kind: MachineKind, ploughs: bool) -> None:
    made = on_machine(Journey().go(60, 2, blade=BLADE_UP, pto=1), kind)
    assert bool(covered(made)) is ploughs
    idle = on_machine(Journey().go(60, 2, blade=BLADE_DOWN, pto=0), kind)
    assert bool(covered(idle)) is not ploughs


def test_a_spreader_without_inputs_spreads_and_ploughs_nothing() -> None:
    made = on_machine(Journey().go(60, 10, **NO_INPUTS), MachineKind.SPREADER)
    assert covered(made, Work.PLOUGHING) == []
    assert covered(made, Work.SPREADING)[0] == (0, 1, 0, 100)
    assert spans(made) == [(WORKING, 0, 60)]


def test_spreading_alone_is_no_ploughing_and_both_are_both() -> None:
    spreads = worked(Journey().go(60, 10, blade=BLADE_UP, spreading=1))
    assert (len(covered(spreads, Work.PLOUGHING)), len(covered(spreads, Work.SPREADING))) == (0, 6)
    assert spans(spreads) == [(WORKING, 0, 60)]
    both = worked(Journey().go(60, 10, spreading=1))
    assert covered(both, Work.PLOUGHING) == covered(both, Work.SPREADING) != []


def test_a_machine_is_at_work_while_any_of_its_tools_is() -> None:
    spreads_first = Journey().go(60, 8, blade=BLADE_UP, spreading=1).go(60, 8, blade=BLADE_DOWN, spreading=0)
    made = worked(spreads_first)
    assert spans(made) == [(WORKING, 0, 120)]
    assert covered(made, Work.SPREADING)[-1] == (4, 1, 0, 88)
    assert covered(made, Work.PLOUGHING)[0] == (4, 1, 88, 100)


# What was not seen.


def test_a_gap_between_fixes_is_inferred_to_have_been_worked() -> None:
    """And on the segments of before and after the gap with it."""
    for every_s, evidence in ((15, Evidence.BLADE), (16, Evidence.INFERRED)):
        told = named(worked(Journey(0, 20).go(10, 5).go(every_s, 5, every_s=every_s).go(60, 5)).passes)
        assert [one["evidence"] for one in told[:3]] == [evidence, evidence, Evidence.BLADE]


def test_what_was_not_seen_for_too_long_is_not_credited() -> None:
    for every_s, gap in ((60, False), (60.000001, True)):
        made = worked(Journey().go(10, 5).go(every_s, 5, every_s=every_s).go(10, 5))
        assert spans(made) == ([(WORKING, 0, 10), (WORKING, 70.000001, 80.000001)] if gap else [(WORKING, 0, 80)])
        assert ((1, 1, 0, 100) in covered(made)) is not gap


def test_another_track_is_another_pass() -> None:
    made = worked(Journey().go(10, 5).new_track().go(10, 5))
    assert covered(made) == [(0, 1, 0, 50), (0, 1, 55, 100)]
    assert spans(made) == [(WORKING, 0, 10), (WORKING, 11, 20)]


def test_a_way_longer_than_a_machine_can_drive_was_not_driven() -> None:
    made = worked(Journey().go(10, 5).go(1, 70).go(10, 5))
    assert covered(made) == [(0, 1, 0, 50), (1, 1, 20, 70)]
    # Thirty metres a second, and thirty that noise may come to.
    most, more = (worked(Journey().fixes(10, 5).fixes(1, speed, speed_mmps=5_000)) for speed in (60, 60.001))
    assert covered(most) == [(0, 1, 0, 100), (1, 1, 0, 10)]
    assert covered(more) == [(0, 1, 0, 50)]


def test_what_is_not_sure_at_the_end_is_as_is_likelier() -> None:
    assert spans(worked(Journey().go(2, 5))) == [(WORKING, 0, 2)]
    assert spans(worked(Journey().go(1, 5))) == [(TRAVELLING, 0, 1)]
    assert covered(worked(Journey().go(2, 5))) == [(0, 1, 0, 10)]
    assert covered(worked(Journey().go(1, 5))) == []


# Spans as they are stored.


def test_spans_never_cross_full_ten_minutes_and_leave_no_hole() -> None:
    journey = Journey().go(900, 5).go(900, 12, blade=BLADE_UP).stand(3_000).go(500, 5, blade=BLADE_DOWN)
    told = named(worked(journey).activities)
    assert all(one["started_us"] < one["ended_us"] for one in told)
    assert all(one["started_us"] // (10 * MINUTE) == (one["ended_us"] - 1) // (10 * MINUTE) for one in told)
    assert [one["ended_us"] for one in told[:-1]] == [one["started_us"] for one in told[1:]]
    assert (told[0]["started_us"], told[-1]["ended_us"]) == (START, START + 5_300 * 1_000_000)
    # Nor are they cut elsewhere: it travels, stands by, is parked, sets off and lowers its blade.
    changes = {901, 1_801, 3_601, 4_800, 4_801}
    assert {(one["ended_us"] - START) // 1_000_000 for one in told} == changes | {*range(600, 5_300, 600), 5_300}


def test_the_way_driven_is_what_speeds_come_to_and_noise_while_standing_is_none() -> None:
    journey = Journey().go(900, 5).stand(1_000).go(100, 12, blade=BLADE_UP).go(300, 0.4)
    told = named(worked(journey).activities)
    by_activity = {kind: sum(one["driven_mm"] for one in told if one["activity"] == kind) for kind in Activity}
    # From one speed to another it is the mean of both, for a second.
    assert by_activity == {PARKED: 0, STANDBY: 0, TRAVELLING: 6_000 + 99 * 12_000 + 6_200, WORKING: 4_500_000 + 2_500}


@pytest.mark.parametrize("kind", [MachineKind.ROTARY, MachineKind.SMALL])
def test_what_blows_deep_snow_works_however_slowly_it_creeps(kind: MachineKind) -> None:
    creeps = Journey(pto=1, blade=ABSENT_8).go(300, 0.3)
    assert spans(on_machine(creeps, kind))[0] == (WORKING, 0, 300)
    stands = Journey(pto=1, blade=ABSENT_8).go(10, 1).stand(300)
    assert spans(on_machine(stands, kind))[-1][0] == STANDBY
