"""Alerts: against a story told minute by minute, stopped and gone on anywhere."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, MINUTE_US
from snowtrack.model.snow import AlertRule, Measure
from snowtrack.snow.alerts import AlertEvent, AlertState, advance, measured
from tests.oracles.snow import GAP_STEPS, alert_story
from tests.snow.depths import START_US, Depth, at, curves_of

LAST = 3_000
VALUES = st.dictionaries(st.integers(0, LAST), st.none() | st.integers(0, 40), max_size=40)
QUIET = st.none() | st.tuples(st.integers(0, 1_439), st.integers(0, 1_439))
MARKS = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda pair: (max(pair), min(pair)))
NIGHT = (22 * 60, 6 * 60)


def rule(
    threshold: int = 300, clear: int = 250, *, quiet: tuple[int, int] | None = None, measure: Measure = Measure.DEPTH
) -> AlertRule:
    return AlertRule(agency="kahoku", rule="r", measure=measure, threshold_mm=threshold, clear_mm=clear, quiet=quiet)


def minute(number: int) -> int:
    return START_US + number * MINUTE_US


def told(values: Mapping[int, int | None], to_rule: AlertRule, looks: list[int]) -> list[AlertEvent]:
    """What is said when it is looked at these minutes; what is measured is there at once."""
    state = AlertState(looked_us=0)
    events: list[AlertEvent] = []
    for look in looks:
        points = [(minute(at), value) for at, value in sorted(values.items()) if at <= look]
        state, said = advance(state, to_rule, points, minute(look))
        events += said
    return events


def in_minutes(events: list[AlertEvent]) -> list[tuple[bool, int, int, int]]:
    return [(event.raised, _minutes(event.since_us), _minutes(event.told_us), event.value_mm) for event in events]


def _minutes(time_us: int) -> int:
    return (time_us - START_US) // MINUTE_US


@given(VALUES, MARKS, QUIET, st.lists(st.integers(0, LAST), max_size=8))
def test_what_is_said_is_the_story_however_often_it_is_looked_at(
    values: dict[int, int | None], marks: tuple[int, int], quiet: tuple[int, int] | None, looks: list[int]
) -> None:
    found = told(values, rule(*marks, quiet=quiet), [*sorted(looks), LAST])
    assert in_minutes(found) == alert_story(values, marks, quiet, LAST)


def test_an_alert_is_raised_at_its_mark_and_ends_below_the_other() -> None:
    values = {10: 299, 20: 300, 30: 301, 40: 250, 50: 249, 60: 299, 70: 310}
    assert in_minutes(told(values, rule(), [100])) == [(True, 20, 20, 300), (False, 50, 50, 249), (True, 70, 70, 310)]


def test_between_the_marks_nothing_is_said_however_the_depth_goes() -> None:
    values = {number: 290 if number % 2 else 260 for number in range(5, 500)} | {0: 300}
    assert in_minutes(told(values, rule(), list(range(500)))) == [(True, 0, 0, 300)]


def test_what_begins_in_the_quiet_hours_is_said_at_their_end_if_it_is_still_so() -> None:
    still, over = {60: 320, 300: 310}, {60: 320, 300: 200}
    assert in_minutes(told(still, rule(quiet=NIGHT), [60, 300, 359])) == []
    assert in_minutes(told(still, rule(quiet=NIGHT), [60, 300, 359, 360])) == [(True, 60, 360, 320)]
    assert in_minutes(told(over, rule(quiet=NIGHT), [60, 300, 400])) == []


def test_what_ends_with_the_quiet_hours_is_not_said() -> None:
    assert in_minutes(told({60: 320, 360: 200}, rule(quiet=NIGHT), [400])) == []
    assert in_minutes(told({60: 320, 361: 200}, rule(quiet=NIGHT), [400])) == [
        (True, 60, 360, 320), (False, 361, 361, 200)
    ]  # fmt: skip


def test_that_it_is_over_is_not_said_in_the_quiet_hours_either() -> None:
    values = {-180: 320, 60: 200}
    assert in_minutes(told(values, rule(quiet=NIGHT), [-100, 100, 400])) == [
        (True, -180, -180, 320),
        (False, 60, 360, 200),
    ]


def test_what_is_not_known_changes_nothing() -> None:
    assert in_minutes(told({0: 320, 10: None, 20: None}, rule(), [30])) == [(True, 0, 0, 320)]


def test_what_comes_late_is_passed_over() -> None:
    state, said = advance(AlertState(looked_us=minute(50)), rule(), [(minute(40), 400), (minute(50), 400)], minute(60))
    assert (said, state.holds) == ([], False)


def test_a_point_a_little_ahead_is_said_to_be_of_now() -> None:
    _, (event,) = advance(AlertState(looked_us=0), rule(), [(minute(5), 400)], minute(2))
    assert (event.since_us, event.told_us) == (minute(2), minute(2))


@pytest.mark.parametrize(("measure", "value"), [(Measure.DEPTH, 480), (Measure.NEW_1H, 60), (Measure.NEW_24H, 180)])
def test_each_measure_is_of_its_own(measure: Measure, value: int) -> None:
    depths: list[Depth] = [*[300] * 150, *(300 + 10 * step for step in range(19))]
    points = list(measured(curves_of(depths), 0, rule(measure=measure), at(160)))
    assert [time_us for time_us, _ in points] == [at(step) for step in range(161, 169)]
    assert points[-1][1] is not None
    # The hour of smoothing has not seen the last half of itself yet.
    assert abs(points[-1][1] - value) <= (0 if measure is Measure.DEPTH else 16)


def test_with_a_gap_in_its_time_a_sum_is_not_known_unless_it_is_enough_already() -> None:
    hole = GAP_STEPS + 5
    depths: list[Depth] = [300] * 50 + [None] * hole + [300] * 10 + [300 + 10 * step for step in range(40)]
    points = list(measured(curves_of(depths), 0, rule(200, 100, measure=Measure.NEW_24H), 0))
    values = [value for time_us, value in points if time_us > at(50)]
    assert values[0] is None
    known = [value for value in values if value is not None]
    assert values[-len(known) :] == known
    assert min(known) >= 200
    assert len(known) > 5


def test_points_are_those_behind_the_last_look() -> None:
    curves = curves_of([300, None, 310, 320])
    assert list(measured(curves, 0, rule(), 0)) == [(at(0), 300), (at(2), 310), (at(3), 320)]
    assert list(measured(curves, 0, rule(), at(2))) == [(at(3), 320)]
    assert list(measured(curves, 0, rule(), at(2) - 1)) == [(at(2), 310), (at(3), 320)]
    assert list(measured(curves, 0, rule(), at(3) + DAY_US)) == []
