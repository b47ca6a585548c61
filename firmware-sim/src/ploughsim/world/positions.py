"""Where machines are: rows of the truth, from legs."""

from math import atan2, cos, pi, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import Array, Record, compiled, part

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD = pi / 180
OFF_ROAD = -1
UNKNOWN_INPUT = -1
_DAY_MS = 86_400_000

# What is true of a unit all night: its machine, its switches (1 where it has one, 0 where not), how late the blade
# switch is, and when of the day it is stuck, and at what. Where `parked` is 1 it says that the blade is down.
FITTING = np.dtype(
    [
        ("machine", np.int32),
        ("has_blade_input", np.int8),
        ("has_spreader_input", np.int8),
        ("has_pto_input", np.int8),
        ("stuck_at", np.int8),
        ("parked", np.int8),
        ("lag_ms", np.int32),
        ("stuck_from_ms", np.int64),
        ("stuck_for_ms", np.int64),
        ("angle_tenths", np.int16),
        ("density_tenths", np.int16),
        ("width_tenths", np.int16),
    ],
    align=True,
)

# A unit has power from one instant until before another.
POWER = np.dtype([("on_ms", np.int64), ("off_ms", np.int64), ("boot", np.int32)], align=True)


class Shown(NamedTuple):
    """The shapes of all rows, yards behind those of the network, and what a receiver sees above each."""

    offsets: NDArray[np.int64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]
    at_mm: NDArray[np.int32]
    sky: NDArray[np.int8]
    yards_from: int


class Pool(NamedTuple):
    """Rows by owner: those of owner i are `rows[first[i] … stop[i] - 1]`, by time."""

    rows: Array
    first: NDArray[np.int64]
    stop: NDArray[np.int64]


@compiled
def fill_truth(
    shown: Shown, fittings: Array, legs: Pool, powers: Pool, times: tuple[int, int, int], truth: Array
) -> int:
    """Fill in the rows of all units with power at the multiples of a step, by unit and time; how many there are."""
    first_ms, stop_ms, step_ms = times
    count = 0
    for unit in range(len(fittings)):
        fitting = fittings[unit]
        at, last = legs.first[fitting.machine], legs.stop[fitting.machine]
        power, powers_end = powers.first[unit], powers.stop[unit]
        time_ms = -(-first_ms // step_ms) * step_ms
        while time_ms < stop_ms and at < last:
            while power < powers_end and powers.rows[power].off_ms <= time_ms:
                power += 1
            if power == powers_end:
                break
            if powers.rows[power].on_ms > time_ms:
                # There is nothing before the power comes.
                time_ms = max(-(-powers.rows[power].on_ms // step_ms) * step_ms, time_ms + step_ms)
                continue
            while at + 1 < last and legs.rows[at + 1].start_ms <= time_ms:
                at += 1
            row = truth[count]
            row.unit, row.time_ms = unit, time_ms
            row.boot, row.on_ms = powers.rows[power].boot, powers.rows[power].on_ms
            _place(shown, legs.rows[at], time_ms, row)
            _switches(fitting, (legs.rows, legs.first[fitting.machine], at), time_ms, row)
            count += 1
            time_ms += step_ms
    return count


@part
def _place(shown: Shown, leg: Record, time_ms: int, row: Record) -> None:
    seconds = max(min(float(time_ms), leg.end_ms) - leg.start_ms, 0.0) / 1000
    lane = leg.lane
    segment, against = lane >> 1, lane & 1
    first, last = shown.offsets[segment], shown.offsets[segment + 1] - 1
    length_mm = shown.at_mm[last]
    along_mm = leg.from_mm + 1000 * (leg.speed_mps * seconds + leg.gain_mps2 * seconds * seconds / 2)
    along_mm = min(max(along_mm, 0.0), float(length_mm))
    side_mm = leg.side_mm + leg.drift_mps * seconds * 1000
    # Whole millimetres, so that the position follows from what the row says.
    at_mm = int(np.rint(length_mm - along_mm if against else along_mm))
    whole_side_mm = int(np.rint(side_mm))
    point = _piece(shown, first, last, at_mm)
    lat0, lon0 = shown.lat_e7[point], shown.lon_e7[point]
    dlat, dlon = shown.lat_e7[point + 1] - lat0, shown.lon_e7[point + 1] - lon0
    share = (at_mm - shown.at_mm[point]) / max(shown.at_mm[point + 1] - shown.at_mm[point], 1)
    lat_deg, lon_deg = (lat0 + share * dlat) / 1e7, (lon0 + share * dlon) / 1e7
    north_m, east_m = _metres_per_degree(lat_deg)
    north, east = dlat * north_m, dlon * east_m
    length = sqrt(north * north + east * east)
    if against:
        north, east = -north, -east
    if length > 0:
        north, east = north / length, east / length
    row.lat_deg = lat_deg + whole_side_mm / 1000 * east / north_m
    row.lon_deg = lon_deg - whole_side_mm / 1000 * north / east_m
    speed = leg.speed_mps + leg.gain_mps2 * seconds
    ahead, aside = (speed, leg.drift_mps) if abs(speed) + abs(leg.drift_mps) > 1e-3 else (1.0, 0.0)
    course = atan2(ahead * east - aside * north, ahead * north + aside * east) / RAD
    row.course_cdeg = int(np.rint((course if course >= 0 else course + 360) * 100)) % 36_000
    row.speed_mmps = int(np.rint(1000 * sqrt(speed * speed + leg.drift_mps * leg.drift_mps)))
    row.row = segment if segment < shown.yards_from else OFF_ROAD
    row.direction = -1 if against else 1
    row.at_mm = at_mm if segment < shown.yards_from else 0
    row.side_mm = whole_side_mm
    # Gentle hills.
    row.alt_mm = 45_000 + int(30_000 * sin(row.lat_deg * 210) * cos(row.lon_deg * 170))
    row.activity = leg.activity
    row.sky = shown.sky[segment]
    row.blade, row.spreader = leg.blade, leg.spreader


@part
def _switches(fitting: Record, legs: tuple[Array, int, int], time_ms: int, row: Record) -> None:
    rows, first, at = legs
    row.blade_input = row.spreader_input = row.pto_input = UNKNOWN_INPUT
    row.angle_tenths = row.density_tenths = row.width_tenths = 0
    if fitting.has_blade_input:
        while at > first and rows[at].start_ms > time_ms - fitting.lag_ms:
            at -= 1
        row.blade_input = rows[at].blade
        if fitting.stuck_for_ms > 0 and (time_ms - fitting.stuck_from_ms) % _DAY_MS < fitting.stuck_for_ms:
            row.blade_input = fitting.stuck_at
        if fitting.parked:
            row.blade_input = 1
        if row.blade_input:
            row.angle_tenths = fitting.angle_tenths
    if fitting.has_spreader_input:
        row.spreader_input = row.spreader
        if row.spreader:
            row.density_tenths, row.width_tenths = fitting.density_tenths, fitting.width_tenths
    if fitting.has_pto_input:
        row.pto_input = row.blade


@part
def _piece(shown: Shown, first: int, last: int, at_mm: int) -> int:
    """The point of a shape behind which a place is; of points that stand together the last one."""
    low, high = first, last - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if shown.at_mm[middle] <= at_mm:
            low = middle
        else:
            high = middle - 1
    while low > first and shown.at_mm[low + 1] == shown.at_mm[low]:
        low -= 1
    return low


@part
def _metres_per_degree(lat_deg: float) -> tuple[float, float]:
    sine = sin(lat_deg * RAD)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius = SEMI_MAJOR_M / sqrt(curve)
    return east_radius * (1 - ECCENTRICITY_2) / curve * RAD, east_radius * sqrt(1 - sine * sine) * RAD
