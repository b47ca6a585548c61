"""What a receiver's clock shows: the time of day and the day, right or wrong in one of the ways that clocks are wrong.

A clock with a fault keeps it for the night. Which receiver has which is drawn by its unit.
"""

from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np

from ploughsim.chance import draw, uniform
from ploughsim.compiled import Array, Record, compiled, part

# By unit: how the clock is wrong and by how much; what its maker's default is, whether it shows its own clock before
# it knows the time, and how fine the time is that it writes.
CLOCK = np.dtype(
    [
        ("fault", np.int64),
        ("offset_ms", np.int64),
        ("drift_ppm", np.float64),
        ("default_days", np.int64),
        ("shows_clock", np.bool_),
        ("tick_ms", np.int64),
    ],
    align=True,
)

UNKNOWN = -(1 << 31)
DAY_MS = 86_400_000
# From 1970-01-01 to 1980-01-01.
EPOCH_DAYS = 3_652
ROLLOVER_MS = 1_024 * 7 * DAY_MS
LEAP_SECONDS_MS = 18_000
LEAP_SECONDS_KNOWN_MS = 750_000
"""The leap seconds come with the almanac, once in 12.5 minutes."""
UNSET, DEFAULT_DATE, ROLLOVER, DRIFT, JUMP, LEAP_SECOND, FUTURE, RIGHT = range(8)
NEVER_MS = -1
_DRAWS = 200


class Fault(IntEnum):
    """The ways in which a clock may be wrong."""

    UNSET = UNSET
    DEFAULT_DATE = DEFAULT_DATE
    ROLLOVER = ROLLOVER
    DRIFT = DRIFT
    JUMP = JUMP
    LEAP_SECOND = LEAP_SECOND
    FUTURE = FUTURE


@compiled
def tell_time(truth: Array, sights: Array, clocks: Array, leap_ms: int, clock_ms: Array, date_days: Array) -> None:
    """What the clocks show at the instants of `truth`. A leap second ends at `leap_ms`."""
    for row in range(len(truth)):
        instant, sight, clock = truth[row], sights[row], clocks[truth[row].unit]
        if not shows_time(clock, sight, 1):
            clock_ms[row] = date_days[row] = UNKNOWN
            continue
        shown_ms = instant.time_ms + wrong_by(clock, instant.time_ms, instant.on_ms, sight)
        shown_ms -= shown_ms % clock.tick_ms
        if leap_ms != NEVER_MS and leap_ms <= shown_ms < leap_ms + 1_000:
            day = leap_ms // DAY_MS - 1
        else:
            day = shown_ms // DAY_MS
        clock_ms[row] = shown_ms - day * DAY_MS
        date_days[row] = day - EPOCH_DAYS if shows_time(clock, sight, 2) else UNKNOWN


@part
def shows_time(clock: Record, sight: Record, knowing: int) -> bool:
    """A time (knowing 1), a date (2)."""
    if sight.fixed:
        return True
    if clock.fault == UNSET:
        return False
    return bool(clock.shows_clock or sight.knows >= knowing)


@part
def wrong_by(clock: Record, time_ms: int, on_ms: int, sight: Record) -> int:
    """How many milliseconds it is ahead."""
    fault, ahead_ms = clock.fault, 0
    if fault == ROLLOVER:
        ahead_ms = -ROLLOVER_MS
    elif fault == LEAP_SECOND and time_ms - on_ms < LEAP_SECONDS_KNOWN_MS:
        ahead_ms = LEAP_SECONDS_MS
    elif fault == FUTURE or (not sight.fixed and fault in (DRIFT, JUMP)):
        ahead_ms = clock.offset_ms
    elif fault == DEFAULT_DATE and not sight.fixed:
        ahead_ms = (clock.default_days + EPOCH_DAYS) * DAY_MS - on_ms
    if fault == DRIFT:
        ahead_ms += int(1e-6 * clock.drift_ppm * sight.unfixed_ms)
    return ahead_ms


def set_clocks(forms: Array, shares: tuple[float, ...], future_h: int, seed: int) -> Array:
    """The clocks of all units, by the forms of their families."""
    clocks = np.zeros(len(forms), CLOCK)
    clocks["fault"] = [_fault(shares, seed, unit) for unit in range(len(forms))]
    clocks["default_days"] = forms["default_days"]
    clocks["tick_ms"] = 10 ** (3 - forms["time_places"])
    # A clock that is wrong before the first fix is shown, whatever its family does.
    clocks["shows_clock"] = (forms["shows_clock"] > 0) | np.isin(clocks["fault"], (DEFAULT_DATE, DRIFT, JUMP))
    for unit, clock in enumerate(clocks):
        share = uniform(seed, _DRAWS, unit, 1)
        sign = 1 if draw(seed, _DRAWS, unit, 2) % 2 else -1
        if clock["fault"] == DRIFT:
            clock["offset_ms"] = sign * int(2_000 + 118_000 * share)
            clock["drift_ppm"] = sign * (50.0 + 950.0 * share)
        elif clock["fault"] == JUMP:
            clock["offset_ms"] = -int((1 + 29 * share) * DAY_MS)
        elif clock["fault"] == FUTURE:
            clock["offset_ms"] = 3_600_000 * (1 + int(future_h * share))
    return clocks


def leap_ms(day: str) -> int:
    """When the leap second at the end of a day is over, or NEVER_MS."""
    if not day:
        return NEVER_MS
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)).timestamp() * 1000)


def _fault(shares: tuple[float, ...], seed: int, unit: int) -> int:
    at = uniform(seed, _DRAWS, unit, 0)
    for fault, share in enumerate(shares):
        at -= share
        if at < 0:
            return fault
    return RIGHT
