"""How far routes are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.indicators.progress import SEEN_US, Progress, RouteState, Sure
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.states import LABELS
from tests.clearance.worlds import FOOTWAY, HOUR_US, LOCAL, MAIN, NOW_US, ONE_WAY, PREFECTURAL, snowing, worked
from tests.indicators.nights import EVENT_US, Found, Line, length, one_route, progress_of, route

LATELY_US = BUILT_IN.under_way_us
HALF_HOUR_AGO_US = NOW_US - 30 * MINUTE_US


def drive(segment: int, *drives: tuple[int, int, int], minutes_ago: int, took: int = 0, device: int = 7) -> PassBatch:
    """A pass that ended some minutes ago."""
    ended_us = NOW_US - minutes_ago * MINUTE_US
    passes = worked(segment, *drives, ended_us=ended_us, device=device)
    return PassBatch.from_rows([(*row[:5], ended_us - took * MINUTE_US, *row[6:]) for row in passes.rows()])


def test_nothing_is_done_of_a_route_on_which_nobody_worked() -> None:
    found = one_route((LOCAL, 0), (MAIN, 0))
    assert found.planned_mm == found.left_mm == found.mm("never") == length(LOCAL) + 2 * length(MAIN)
    assert (found.state, found.last_us, found.machines) == ("waiting", ABSENT_64, 0)
    assert (found.early_s, found.late_s, found.sure) == (ABSENT_64, ABSENT_64, Sure.NONE)


def test_lengths_are_by_label_and_each_direction_that_counts_by_itself() -> None:
    found = one_route((LOCAL, 0), (MAIN, 0), passes=(worked(MAIN, (1, 0, 100)),))
    assert (found.mm("done"), found.mm("never")) == (length(MAIN), length(LOCAL) + length(MAIN))
    assert found.left_mm == length(LOCAL) + length(MAIN)
    assert found.last_us == NOW_US


def test_a_route_of_one_direction_is_not_done_by_the_other() -> None:
    passes = (worked(MAIN, (-1, 0, 100)),)
    assert one_route((MAIN, 1), passes=passes).state == "waiting"
    assert one_route((MAIN, -1), passes=passes).state == "done"


@pytest.mark.parametrize(
    ("minutes_ago", "told", "label", "state"),
    [
        (0, {}, "under_way", "under_way"),
        (30, {}, "partly", "begun"),
        (0, {"silent": (7,)}, "unknown", "begun"),
    ],
)
def test_what_was_covered_of_an_unfinished_road_is_not_left(
    minutes_ago: int, told: dict[str, Any], label: str, state: str
) -> None:
    found = one_route((LOCAL, 0), passes=(drive(LOCAL, (1, 0, 40), minutes_ago=minutes_ago),), **told)
    assert found.mm(label) == length(LOCAL)
    assert found.left_mm == length(LOCAL) - length(LOCAL) * 40 // 100
    assert found.state == state


def test_what_was_snowed_over_has_aged_or_is_due_is_left_as_a_whole() -> None:
    passes = (drive(LOCAL, (1, 0, 100), minutes_ago=60), drive(MAIN, (1, 0, 30), minutes_ago=60))
    early_us = NOW_US - 7 * HOUR_US
    aged = one_route((LOCAL, 0), passes=(drive(LOCAL, (1, 0, 100), minutes_ago=400),), event_us=early_us)
    assert (aged.mm("aged"), aged.left_mm, aged.state) == (length(LOCAL), length(LOCAL), "again")
    snowed = one_route((LOCAL, 0), (MAIN, 1), passes=passes, fallen=snowing(400, LOCAL - 1, MAIN - 1))
    assert (snowed.mm("snowed_over"), snowed.mm("due")) == (length(LOCAL), length(MAIN))
    assert snowed.left_mm == snowed.planned_mm
    assert snowed.again_mm == length(LOCAL)


EARLY_US = NOW_US - 20 * HOUR_US


def hours_ago(segment: int, hours: float, *drives: tuple[int, int, int]) -> PassBatch:
    return drive(segment, *(drives or ((1, 0, 100),)), minutes_ago=round(hours * 60))


def test_what_has_aged_is_due_from_when_it_had() -> None:
    """A street is done for six hours; to clear it again it may take twelve, or what was agreed for the route."""
    work = hours_ago(LOCAL, 7)
    told: dict[str, Any] = {"passes": (work,), "event_us": EARLY_US, "asked_us": EARLY_US}
    by_policy = one_route((LOCAL, 0), **told)
    assert (by_policy.due_us, by_policy.overdue_mm) == (NOW_US - HOUR_US + 12 * HOUR_US, 0)
    agreed = one_route((LOCAL, 0), due_us=30 * MINUTE_US, **told)
    assert (agreed.due_us, agreed.overdue_mm) == (NOW_US - 30 * MINUTE_US, length(LOCAL))
    ordered = one_route((LOCAL, 0), due_us=30 * MINUTE_US, **told | {"asked_us": NOW_US - 20 * MINUTE_US})
    assert (ordered.due_us, ordered.overdue_mm) == (NOW_US + 10 * MINUTE_US, 0)


def test_what_was_snowed_over_is_due_again_and_not_overdue_since_nobody_knows_when_it_was() -> None:
    told: dict[str, Any] = {"event_us": EARLY_US, "asked_us": EARLY_US, "fallen": snowing(100, LOCAL - 1, MAIN - 1)}
    over = one_route((LOCAL, 0), due_us=30 * MINUTE_US, passes=(hours_ago(LOCAL, 7),), **told)
    assert (over.mm("snowed_over"), over.state) == (length(LOCAL), "again")
    assert (over.due_us, over.overdue_mm) == (NOW_US + 30 * MINUTE_US, 0)
    never = one_route((LOCAL, 0), due_us=30 * MINUTE_US, **told)
    assert (never.due_us, never.overdue_mm, never.again_mm) == (EARLY_US + 30 * MINUTE_US, length(LOCAL), 0)


@pytest.mark.parametrize(("silent", "label", "state"), [((), "under_way", "under_way"), ((7,), "unknown", "again")])
def test_what_is_ploughed_again_is_left_as_a_whole_until_it_is_done_and_stays_as_late_as_it_was(
    silent: tuple[int, ...], label: str, state: str
) -> None:
    told: dict[str, Any] = {"event_us": EARLY_US, "asked_us": EARLY_US, "due_us": 30 * MINUTE_US, "silent": silent}
    again = one_route((LOCAL, 0), passes=(hours_ago(LOCAL, 7), hours_ago(LOCAL, 0, (1, 0, 40))), **told)
    assert (again.mm(label), again.state) == (length(LOCAL), state)
    assert again.left_mm == again.again_mm == again.overdue_mm == length(LOCAL)
    whole = one_route((LOCAL, 0), passes=(hours_ago(LOCAL, 7), hours_ago(LOCAL, 0)), **told)
    assert (whole.left_mm, whole.again_mm, whole.state) == (0, 0, "done")


BOTH = (1, 0, 100), (-1, 0, 100)


@pytest.mark.parametrize(
    ("work", "state"),
    [
        ((), "waiting"),
        ((hours_ago(MAIN, 7, *BOTH),), "again"),
        ((hours_ago(MAIN, 7, *BOTH), hours_ago(ONE_WAY, 1), hours_ago(LOCAL, 1)), "again"),
        ((hours_ago(LOCAL, 7),), "begun"),
        ((hours_ago(LOCAL, 1),), "begun"),
    ],
)
def test_a_route_waits_for_its_first_round_or_for_another_one(work: tuple[PassBatch, ...], state: str) -> None:
    """Of a street, a one-way street and both directions of a main road: the latter is half of it."""
    assert one_route((LOCAL, 0), (ONE_WAY, 0), (MAIN, 0), passes=work, event_us=EARLY_US).state == state


def test_what_is_closed_is_not_planned_while_it_is_closed() -> None:
    found = one_route((LOCAL, 0), (FOOTWAY, 0), passes=(worked(LOCAL, (1, 0, 100)),), closed=(FOOTWAY,))
    assert (found.planned_mm, found.mm("closed"), found.left_mm) == (length(LOCAL), length(FOOTWAY), 0)
    assert found.state == "done"
    assert one_route((FOOTWAY, 0), closed=(FOOTWAY,)).state == "closed"


def test_a_route_without_any_road_on_the_map_is_closed_and_has_no_percentage() -> None:
    found = one_route((999, 0))
    assert found.state == "closed"
    assert found.all.as_json(0)["percent"] is None


def test_machines_are_those_that_worked_a_moment_ago_and_still_tell() -> None:
    passes = (
        drive(LOCAL, (1, 0, 40), minutes_ago=1, device=7),
        drive(MAIN, (1, 0, 40), minutes_ago=1, device=8),
        drive(MAIN, (-1, 0, 40), minutes_ago=1, device=8),
        drive(ONE_WAY, (1, 0, 40), minutes_ago=11, device=9),
    )
    lines = ((LOCAL, 0), (MAIN, 0), (ONE_WAY, 0))
    assert one_route(*lines, passes=passes).machines == 2
    assert one_route(*lines, passes=passes, silent=(7,)).machines == 1


def hour_of_work(*, every_min: int = 10, cleared: int = 5) -> tuple[PassBatch, ...]:
    """One machine, each ten minutes some percent of the street in five minutes."""
    return tuple(
        drive(LOCAL, (1, at * cleared, (at + 1) * cleared), minutes_ago=61 - at * every_min, took=5) for at in range(6)
    )


def test_the_time_range_is_what_is_left_at_the_pace_of_the_route() -> None:
    """Six times five percent in five minutes each, and a seventh just now: at that pace a percent takes a minute."""
    event_us = NOW_US - 2 * HOUR_US
    found = one_route((LOCAL, 0), passes=(*hour_of_work(), drive(LOCAL, (1, 30, 35), minutes_ago=0)), event_us=event_us)
    left = length(LOCAL) - length(LOCAL) * 35 // 100
    assert found.left_mm == left
    assert abs(found.early_s - 65 * 60) <= 20
    assert abs(found.late_s - 65 * 60) <= 20
    assert (found.bins, found.sure) == (6, Sure.MEDIUM)


def test_two_machines_take_half_the_time() -> None:
    event_us = NOW_US - 2 * HOUR_US
    second = drive(LOCAL, (1, 40, 45), minutes_ago=0, device=8)
    lines = ((LOCAL, 0), (MAIN, 1))
    alone = one_route(*lines, passes=(*hour_of_work(), drive(LOCAL, (1, 30, 35), minutes_ago=0)), event_us=event_us)
    both = one_route(
        *lines,
        passes=(*hour_of_work(), drive(MAIN, (1, 30, 35), minutes_ago=0), second),
        event_us=event_us,
    )
    assert (alone.machines, both.machines) == (1, 2)
    assert 0.4 < both.early_s / alone.early_s < 0.6


def test_where_nobody_is_at_work_it_is_reckoned_with_one_machine_and_is_not_sure() -> None:
    found = one_route((LOCAL, 0), passes=hour_of_work(), event_us=NOW_US - 2 * HOUR_US)
    assert (found.machines, found.sure) == (0, Sure.LOW)
    assert found.early_s > 0


def test_two_hours_of_work_make_it_sure() -> None:
    passes = tuple(drive(LOCAL, (1, at * 4, (at + 1) * 4), minutes_ago=130 - at * 10, took=5) for at in range(13))
    now = drive(LOCAL, (1, 60, 64), minutes_ago=0)
    found = one_route((LOCAL, 0), passes=(*passes, now), event_us=NOW_US - 3 * HOUR_US)
    assert (found.bins, found.sure) == (13, Sure.HIGH)


def test_without_work_of_its_own_a_route_goes_by_its_class_of_road_and_is_not_sure() -> None:
    routes = (route((MAIN, 1), id_="a"), route((MAIN, -1), id_="b"), route((PREFECTURAL, 0), id_="c"))
    passes = (drive(MAIN, (1, 0, 50), minutes_ago=30, took=5),)
    found = progress_of(*routes, passes=passes)
    assert found.bins.tolist() == [1, 0, 0]
    # Half of a main road in five minutes: the other one takes ten.
    assert abs(int(found.early_s[1]) - 600) <= 1
    assert found.sure.tolist() == [Sure.LOW, Sure.LOW, Sure.NONE]
    assert found.early_s[2] == ABSENT_64


def test_what_was_cleared_before_the_event_or_long_ago_says_nothing_of_the_pace() -> None:
    work = drive(LOCAL, (1, 0, 40), minutes_ago=60, took=5)
    assert one_route((LOCAL, 0), passes=(work,), event_us=NOW_US - 2 * HOUR_US).bins == 1
    assert one_route((LOCAL, 0), passes=(work,), event_us=NOW_US - 30 * MINUTE_US).bins == 0
    old = drive(LOCAL, (1, 0, 40), minutes_ago=SEEN_US // MINUTE_US + 1, took=5)
    assert one_route((LOCAL, 0), passes=(old,), event_us=NOW_US - 10 * HOUR_US).bins == 0


def test_where_each_direction_counts_what_was_driven_in_none_that_is_known_is_no_pace() -> None:
    assert one_route((MAIN, 0), passes=(drive(MAIN, (0, 0, 40), minutes_ago=30, took=5),)).bins == 0
    assert one_route((MAIN, 0), passes=(drive(MAIN, (1, 0, 40), minutes_ago=30, took=5),)).bins == 1


def test_driving_over_what_was_cleared_already_is_no_pace() -> None:
    event_us = NOW_US - 2 * HOUR_US
    again = tuple(drive(LOCAL, (1, 0, 40), minutes_ago=60 - 10 * at, took=5) for at in range(5))
    found = one_route((LOCAL, 0), passes=again, event_us=event_us)
    assert found.bins == 5
    assert found.late_s == ABSENT_64


def test_an_end_further_away_than_a_day_is_not_told() -> None:
    slow = tuple(drive(LOCAL, (1, at, at + 1), minutes_ago=55 - 10 * at, took=5 + 4 * at) for at in range(2))
    one_percent_in = one_route((LOCAL, 0), passes=slow, event_us=NOW_US - 2 * HOUR_US)
    assert one_percent_in.early_s == pytest.approx(98 * 5 * 60, rel=0.03)
    assert one_percent_in.late_s == pytest.approx(98 * 9 * 60, rel=0.03)
    lines = tuple((segment, 0) for segment in (LOCAL, MAIN, ONE_WAY, PREFECTURAL))
    far = one_route(*lines, passes=slow, event_us=NOW_US - 2 * HOUR_US)
    assert (far.early_s, far.late_s, far.sure) == (ABSENT_64, ABSENT_64, Sure.NONE)


def test_it_is_due_as_the_policy_says_or_as_was_agreed_for_the_route() -> None:
    by_policy = one_route((LOCAL, 0), (MAIN, 0))
    assert by_policy.due_us == EVENT_US + 4 * HOUR_US
    assert by_policy.overdue_mm == 0
    agreed = one_route((LOCAL, 0), (MAIN, 0), due_us=30 * MINUTE_US)
    assert agreed.due_us == EVENT_US + 30 * MINUTE_US
    assert agreed.overdue_mm == agreed.left_mm > 0
    ordered = one_route((LOCAL, 0), due_us=30 * MINUTE_US, asked_us=NOW_US - 29 * MINUTE_US)
    assert (ordered.due_us, ordered.overdue_mm) == (NOW_US + MINUTE_US, 0)


def test_only_what_is_due_and_left_is_overdue() -> None:
    event_us = NOW_US - 5 * HOUR_US
    lines = ((LOCAL, 0), (MAIN, 0))
    late = one_route(*lines, event_us=event_us, asked_us=event_us)
    assert late.overdue_mm == 2 * length(MAIN)
    done = one_route(*lines, event_us=event_us, asked_us=event_us, passes=(worked(MAIN, (1, 0, 100), (-1, 0, 100)),))
    assert (done.overdue_mm, done.due_us) == (0, event_us + 12 * HOUR_US)
    whole = one_route((MAIN, 0), event_us=event_us, passes=(worked(MAIN, (1, 0, 100), (-1, 0, 100)),))
    assert (whole.due_us, whole.overdue_mm, whole.left_mm) == (ABSENT_64, 0, 0)


def test_as_readers_get_it() -> None:
    told = one_route((LOCAL, 0), passes=(worked(LOCAL, (1, 0, 40)),), due_us=30 * MINUTE_US).all.as_json(0)
    assert told["state"] == "under_way"
    assert (told["percent"], told["overdue"], told["machines"]) == (39 + (length(LOCAL) % 5 == 0), True, 1)
    assert told["planned_m"] == length(LOCAL) / 1000
    assert sum(told["by_label_m"].values()) == pytest.approx(told["planned_m"])
    assert told["confidence"] == "none"


def same(one: Progress, other: Progress) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Progress.__slots__)


lines_strategy = st.lists(
    st.tuples(st.sampled_from([LOCAL, MAIN, ONE_WAY, FOOTWAY, PREFECTURAL]), st.integers(-1, 1)), max_size=6
)
drives_strategy = st.lists(
    st.builds(
        lambda segment, way, begin, more, ago, took, device: drive(
            segment, (way, begin, min(begin + more, 100)), minutes_ago=ago, took=took, device=device
        ),
        st.sampled_from([LOCAL, MAIN, ONE_WAY, FOOTWAY]),
        st.integers(-1, 1),
        st.integers(0, 99),
        st.integers(1, 100),
        st.integers(0, 50),
        st.integers(0, 9),
        st.integers(1, 3),
    ),
    max_size=10,
)


@given(lines_strategy, lines_strategy, drives_strategy, st.sets(st.sampled_from([LOCAL, MAIN])), st.data())
def test_all_adds_up_whatever_was_worked_and_in_whatever_order(
    one: list[Line], other: list[Line], drives: list[PassBatch], closed: set[int], data: st.DataObject
) -> None:
    routes = (route(*one, id_="a"), route(*other, id_="b"))
    told: dict[str, Any] = {"closed": tuple(closed), "silent": (3,)}
    found = progress_of(*routes, passes=tuple(drives), **told)
    shuffled = progress_of(*routes, passes=tuple(data.draw(st.permutations(drives))), **told)
    assert same(found, shuffled)
    alone = progress_of(routes[0], passes=tuple(drives), **told)
    for name in Progress.__slots__:
        assert np.array_equal(getattr(found, name)[:1], getattr(alone, name))
    planned = found.planned_mm
    done = found.label_mm[:, LABELS.index("done")]
    assert (found.label_mm.sum(axis=1) == planned + found.label_mm[:, LABELS.index("closed")]).all()
    assert ((found.left_mm >= 0) & (found.left_mm + done <= planned)).all()
    assert ((found.again_mm >= 0) & (found.again_mm <= found.left_mm)).all()
    assert (found.overdue_mm <= found.left_mm).all()
    known = found.late_s != ABSENT_64
    assert (found.early_s[known] <= found.late_s[known]).all()
    assert {found.state(place) for place in range(2)} <= set(RouteState)
    assert isinstance(Found(all=found, place=1).left_mm, int)
