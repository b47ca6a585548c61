"""What a receiver shows of what it measured, in the smallest parts of its family, and what the tracker adds."""

import math

import numpy as np

from ploughsim.chance import drawn, evenly
from ploughsim.compiled import Array, Record, compiled, part

UNKNOWN, NOT_SAID = -(1 << 31), -1
MODE_NONE, MODE_ALONE, MODE_CORRECTED, MODE_RECKONED = 78, 65, 68, 69
CORRECTED, RECKONED = 2, 6
ORIGIN, LAST = 1, 2
KNOTS_PER_MPS = 3600.0 / 1852.0
POWERS = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7)
SEPARATION_TENTHS = 369
"""Of the geoid, in Ishikawa."""
BATTERY_HUNDREDTHS = 1380
_BATTERY = 300
# The position that a receiver showed last, in its smallest parts.
SHOWN = np.dtype([("lat", np.int64), ("lon", np.int64)], align=True)


@compiled
def show(truth: Array, sights: Array, measured: Array, forms: Array, shown: Array, epochs: Array) -> None:
    """Fill all but the time; `forms` and `shown` are by unit, and `shown` is remembered between the calls."""
    for row in range(len(truth)):
        instant, fix, epoch = truth[row], sights[row].fix, epochs[row]
        form, last = forms[instant.unit], shown[instant.unit]
        say_own(instant, epoch)
        epoch.status = 1 if fix > 0 else 0
        epoch.quality, epoch.satellites = fix, sights[row].satellites
        if not form.modes:
            epoch.mode = NOT_SAID
        elif fix == 0:
            epoch.mode = MODE_NONE
        else:
            epoch.mode = MODE_CORRECTED if fix == CORRECTED else MODE_RECKONED if fix == RECKONED else MODE_ALONE
        if fix > 0:
            say_fix(measured[row], form, epoch)
            epoch.hdop = rounded(0.01 * sights[row].dilution, form.hdop_places)
            last.lat, last.lon = epoch.lat, epoch.lon
        else:
            say_no_fix(form, last, epoch)


@part
def say_own(instant: Record, epoch: Record) -> None:
    """The fields of the tracker's own sentence, as far as its inputs are connected."""
    epoch.boot, epoch.seq, epoch.uptime_ms = instant.boot, 0, instant.time_ms - instant.on_ms
    epoch.blade, epoch.spreader, epoch.pto = instant.blade_input, instant.spreader_input, instant.pto_input
    has_blade, has_spreader = instant.blade_input != NOT_SAID, instant.spreader_input != NOT_SAID
    epoch.angle_tenths = instant.angle_tenths if has_blade else UNKNOWN
    epoch.density_tenths = instant.density_tenths if has_spreader else UNKNOWN
    epoch.width_tenths = instant.width_tenths if has_spreader else UNKNOWN
    inputs = int(instant.blade_input == 1) | int(instant.spreader_input == 1) << 1 | int(instant.pto_input == 1) << 2
    connected = has_blade or has_spreader or instant.pto_input != NOT_SAID
    epoch.inputs = inputs if connected else UNKNOWN
    ripple = evenly(drawn(drawn(drawn(np.uint64(_BATTERY), instant.unit), instant.boot), instant.time_ms // 60_000))
    epoch.battery_hundredths = BATTERY_HUNDREDTHS + int(40.0 * ripple) - 20
    epoch.buffer = UNKNOWN


@part
def say_fix(measured: Record, form: Record, epoch: Record) -> None:
    epoch.lat = rounded(60.0 * measured.lat_deg, form.minute_places)
    epoch.lon = rounded(60.0 * measured.lon_deg, form.minute_places)
    epoch.speed = rounded(KNOTS_PER_MPS * measured.speed_mps, form.speed_places)
    course = rounded(measured.course_deg, form.course_places) % int(360.0 * POWERS[form.course_places])
    epoch.course = course if epoch.speed >= form.still_knots else UNKNOWN
    epoch.altitude = rounded(measured.alt_m, form.altitude_places)
    epoch.separation_tenths = SEPARATION_TENTHS if form.geoid else UNKNOWN


@part
def say_no_fix(form: Record, last: Record, epoch: Record) -> None:
    """Nothing, zeros, or what was, as the family does."""
    if form.void_position == LAST:
        epoch.lat, epoch.lon = last.lat, last.lon
    else:
        epoch.lat = epoch.lon = 0 if form.void_position == ORIGIN else UNKNOWN
    epoch.speed = epoch.course = or_unknown(form.void_motion)
    epoch.altitude, epoch.separation_tenths = or_unknown(form.void_altitude), or_unknown(form.void_separation)
    epoch.hdop = or_unknown(form.void_hdop)


@part
def or_unknown(value: int) -> int:
    return value if value >= 0 else UNKNOWN


@part
def rounded(value: float, places: int) -> int:
    return math.floor(value * POWERS[places] + 0.5)
