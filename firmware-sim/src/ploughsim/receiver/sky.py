"""What a receiver gets of the sky: whether it has a fix, of which kind, of how many satellites, and how bad it is.

After power-up it searches: long after a cold start, for seconds after a short power cut. Under a roof it searches
nothing. When the sky goes away it reckons for two or three seconds, then says that it has no fix; when the sky comes
back, it needs some seconds again. What is drawn depends on the unit and the time alone.
"""

import math
from typing import NamedTuple

import numpy as np

from ploughsim.chance import drawn, evenly
from ploughsim.compiled import Array, Record, compiled, part

# `fix` is the quality of GGA: none, GPS, corrected, reckoned. `knows`: a time, a date. `fixed`: there was a fix in this
# boot; `unfixed_ms` since the last one, or since power-up. `spread` says how much larger the error is than under an
# open sky; the dilution is in hundredths.
SIGHT = np.dtype(
    [
        ("fix", np.int8),
        ("knows", np.int8),
        ("fixed", np.bool_),
        ("satellites", np.int16),
        ("unfixed_ms", np.int64),
        ("dilution", np.float64),
        ("spread", np.float64),
    ],
    align=True,
)
# `wait_ms` of an open sky are missing to the next fix, of `search_ms` at power-up; `fix_ms` is when there was the last
# one in whatever boot, `blocked_ms` when the sky went. `hot`: there was one not long before power-up. `gain`: how much
# reflections add.
STATE = np.dtype(
    [
        ("boot", np.int32),
        ("time_ms", np.int64),
        ("search_ms", np.float64),
        ("wait_ms", np.float64),
        ("fix_ms", np.int64),
        ("blocked_ms", np.int64),
        ("hot", np.bool_),
        ("fixed", np.bool_),
        ("blocked", np.bool_),
        ("gain", np.float64),
    ],
    align=True,
)

NONE, GPS, CORRECTED, RECKONED = 0, 1, 2, 6
NOTHING, TIME, DATE = 0, 1, 2
_STREET, _SHED, _TUNNEL = 1, 2, 3
# What a draw decides.
_SEARCH, _LOSS, _LOSS_AT, _LOSS_FOR, _SHADE, _RECKON, _BACK, _SKY = range(8)

_HOT_START_MS = 2 * 3_600_000
_HOT_SEARCH_MS = (1_000.0, 3_000.0)
_MINUTE_MS = 60_000
_SHADE_MS = 8_000
_SHADED = 0.35
_STREET_GAIN, _SHED_GAIN = 2.0, 3.0
_GAIN_MS = 3_000.0
_VOID_DILUTION, _RECKONED_DILUTION = 9_999.0, 990.0


class Antennas(NamedTuple):
    """By unit: how many satellite systems it hears, and whether it uses corrections."""

    systems: Array
    corrected: Array


class Conditions(NamedTuple):
    """Of the scenario: times of search and how often a fix is lost; `multipath` is 1, or 0 for none."""

    cold_start_ms: float
    losses_per_minute: float
    multipath: float


@compiled
def look_up(
    truth: Array, antennas: Antennas, conditions: Conditions, seed: np.uint64, states: Array, sights: Array
) -> None:
    """What the receivers of `truth` see, instant by instant; `states` is remembered between the calls, by unit."""
    for row in range(len(truth)):
        instant, sight = truth[row], sights[row]
        unit, time_ms = instant.unit, instant.time_ms
        state, word = states[unit], drawn(seed, unit)
        powered_up = state.boot != instant.boot
        if powered_up:
            power_up(state, instant, conditions, word)
        passed_ms = float(time_ms - (instant.on_ms if powered_up else state.time_ms))
        state.time_ms = time_ms
        blocked = is_blocked(instant.sky, time_ms, conditions, word)
        if not blocked:
            state.wait_ms = max(state.wait_ms - passed_ms, 0.0)
        elif state.wait_ms <= 0.0 and not state.blocked:
            state.blocked_ms = time_ms
            state.wait_ms = 1_000.0 + 4_000.0 * evenly(drawn(drawn(word, _BACK), time_ms))
        state.blocked = blocked
        gain = conditions.multipath * (
            _STREET_GAIN if instant.sky == _STREET else _SHED_GAIN if instant.sky == _SHED else 0.0
        )
        state.gain += (gain - state.gain) * (1.0 if powered_up else 1.0 - math.exp(-passed_ms / _GAIN_MS))
        judge(state, sight, time_ms, word)
        sight.unfixed_ms = time_ms - (state.fix_ms if state.fixed else instant.on_ms)
        describe(sight, state, antennas.systems[unit], antennas.corrected[unit], drawn(word, _SKY))


@part
def power_up(state: Record, instant: Record, conditions: Conditions, word: np.uint64) -> None:
    """Not long after a fix it still knows where the satellites are."""
    state.hot = state.fix_ms > 0 and instant.on_ms - state.fix_ms < _HOT_START_MS
    chance = evenly(drawn(drawn(word, _SEARCH), instant.boot))
    if state.hot:
        state.search_ms = min(_HOT_SEARCH_MS[0] + _HOT_SEARCH_MS[1] * chance, conditions.cold_start_ms)
    else:
        state.search_ms = conditions.cold_start_ms * (0.7 + 0.6 * chance)
    state.wait_ms = state.search_ms
    state.boot, state.fixed, state.blocked = instant.boot, False, False


@part
def is_blocked(sky: int, time_ms: int, conditions: Conditions, word: np.uint64) -> bool:
    if sky == _TUNNEL:
        return True
    if sky == _SHED and conditions.multipath > 0.0:
        return bool(evenly(drawn(drawn(word, _SHADE), time_ms // _SHADE_MS)) < _SHADED)
    minute = time_ms // _MINUTE_MS
    if evenly(drawn(drawn(word, _LOSS), minute)) >= conditions.losses_per_minute:
        return False
    first_ms = 40_000.0 * evenly(drawn(drawn(word, _LOSS_AT), minute))
    last_ms = first_ms + 3_000.0 + 17_000.0 * evenly(drawn(drawn(word, _LOSS_FOR), minute))
    return bool(first_ms <= float(time_ms - minute * _MINUTE_MS) < last_ms)


@part
def judge(state: Record, sight: Record, time_ms: int, word: np.uint64) -> None:
    """Which fix there is, and what the receiver knows of the time."""
    if not state.blocked and state.wait_ms <= 0.0:
        sight.fix, state.fixed, state.fix_ms = GPS, True, time_ms
    elif state.blocked and state.fixed:
        reckons_ms = 2_000.0 + 1_000.0 * evenly(drawn(drawn(word, _RECKON), state.blocked_ms))
        sight.fix = RECKONED if float(time_ms - state.blocked_ms) < reckons_ms else NONE
    else:
        sight.fix = NONE
    sight.fixed = state.fixed
    if state.fixed or state.hot or state.wait_ms <= 0.5 * state.search_ms:
        sight.knows = DATE
    else:
        sight.knows = TIME if state.wait_ms <= 0.75 * state.search_ms else NOTHING


@part
def describe(sight: Record, state: Record, systems: int, corrected: bool, word: np.uint64) -> None:
    """Satellites in use and dilution, which fit how bad it is."""
    chance = evenly(drawn(word, state.time_ms // _MINUTE_MS))
    sight.spread = state.gain
    if sight.fix == GPS:
        if corrected and state.gain < 0.5:
            sight.fix = CORRECTED
        sight.satellites = max(7 + int(5.0 * chance) + 4 * (systems - 1) - int(1.5 * state.gain * systems), 4)
        sight.dilution = (110.0 - 40.0 * chance) * (1.0 + 0.5 * state.gain)
    elif sight.fix == RECKONED:
        sight.satellites, sight.dilution = 0, _RECKONED_DILUTION
        sight.spread += 1e-3 * sight.unfixed_ms
    else:
        sight.satellites = 0 if state.blocked else min(int(3.9 * (1.0 - state.wait_ms / max(state.search_ms, 1.0))), 3)
        sight.satellites = max(sight.satellites, 0)
        sight.dilution = _VOID_DILUTION
