"""When to tell people that snow passed a mark, and that it is over.

A rule's condition begins at its threshold and ends below its clearing mark. What people were told follows the
condition, except in the rule's quiet hours: then it stays as it is, and at their end it follows if the condition is
still so. A figure that is not known changes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US, MINUTE_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import AlertRule, Measure
from snowtrack.snow.curves import Curves
from snowtrack.snow.series import STEP_US

TOKYO_US = 9 * HOUR_US
WINDOW_US = {Measure.NEW_1H: HOUR_US, Measure.NEW_24H: DAY_US}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Of one rule at one sensor: up to which instant it was looked at, whether the condition holds, whether that was
    said, and since when at which value it is as it is."""

    looked_us: int
    holds: bool = False
    told: bool = False
    since_us: int = 0
    value_mm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """Something to say: raised or over, since when, at which value."""

    raised: bool
    since_us: int
    told_us: int
    value_mm: int


Point = tuple[int, int | None]
"""An instant, and what was measured; nothing where that is not known."""


def advance(
    state: AlertState, rule: AlertRule, points: Iterable[Point], now_us: int
) -> tuple[AlertState, list[AlertEvent]]:
    """Look at the points behind those that were looked at, in order, and at the quiet hours that have ended by now."""
    events: list[AlertEvent] = []
    for at_us, value in points:
        if at_us <= state.looked_us:
            continue
        state, before = _tell(state, rule, at_us - 1)
        state, here = _tell(_follow(state, rule, (at_us, value), now_us), rule, at_us)
        events += (*before, *here)
    state, since = _tell(state, rule, now_us)
    return state, [*events, *since]


def _follow(state: AlertState, rule: AlertRule, point: Point, now_us: int) -> AlertState:
    """What the condition is after this value. A point of the grid may be some minutes ahead of its reading."""
    at_us, value = point
    state = replace(state, looked_us=at_us)
    if value is None:
        return state
    holds = value >= (rule.clear_mm if state.holds else rule.threshold_mm)
    return state if holds == state.holds else replace(state, holds=holds, since_us=min(at_us, now_us), value_mm=value)


def _tell(state: AlertState, rule: AlertRule, until_us: int) -> tuple[AlertState, list[AlertEvent]]:
    """Say what was not said yet, if it was to be said until then; what came in quiet hours is, at their end."""
    told_us = _end_of_quiet(rule, state.since_us)
    if state.holds == state.told or told_us > until_us:
        return state, []
    event = AlertEvent(raised=state.holds, since_us=state.since_us, told_us=told_us, value_mm=state.value_mm)
    return replace(state, told=state.holds), [event]


def is_quiet(rule: AlertRule, at_us: int) -> bool:
    """Whether the instant lies in the rule's quiet hours, which may go over midnight."""
    if rule.quiet is None:
        return False
    start, end = (minute * MINUTE_US for minute in rule.quiet)
    of_day = (at_us + TOKYO_US) % DAY_US
    return start <= of_day < end if start <= end else of_day >= start or of_day < end


def _end_of_quiet(rule: AlertRule, at_us: int) -> int:
    """The first instant from here on that is not quiet."""
    if rule.quiet is None or not is_quiet(rule, at_us):
        return at_us
    end = rule.quiet[1] * MINUTE_US
    return at_us + (end - (at_us + TOKYO_US)) % DAY_US


def measured(curves: Curves, sensor: int, rule: AlertRule, after_us: int) -> Iterator[Point]:
    """What a rule looks at, at each depth of a sensor behind an instant."""
    depth = curves.depth_mm[sensor]
    first = max(0, (after_us - curves.grid.start_us) // STEP_US + 1)
    steps = first + np.flatnonzero(depth[first:] != ABSENT_32)
    at_us = curves.grid.start_us + steps * STEP_US
    if rule.measure is Measure.DEPTH:
        yield from zip(at_us.tolist(), depth[steps].tolist(), strict=True)
        return
    sensors, from_us = np.full(len(steps), sensor, np.int64), at_us - WINDOW_US[rule.measure]
    begun_us = curves.grid.start_us + curves.since[sensor, steps] * STEP_US
    window, at_least = (curves.new_mm(sensors, begin, at_us) for begin in (from_us, np.maximum(from_us, begun_us)))
    yield from zip(at_us.tolist(), _known(window.tolist(), at_least.tolist(), rule.threshold_mm), strict=True)


def _known(window: list[int], at_least: list[int], threshold_mm: int) -> Iterator[int | None]:
    """With a gap in the window the figure is not known; unless what fell since the gap is enough already."""
    for whole, part in zip(window, at_least, strict=True):
        if whole != ABSENT_32:
            yield whole
        else:
            yield part if part != ABSENT_32 and part >= threshold_mm else None
