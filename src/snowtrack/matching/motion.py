"""From fix to fix: how far, and what that says of the receiver's noise and of whether the machine stands.

A machine does not change its speed and course much from second to second; what looks like it is noise. Its running
mean stands in each column, and so does that of the speed: a machine stands when that is next to nothing, or when its
receiver says so and its positions do not say otherwise.
"""

from math import pi, sin, sqrt

from numpy import rint

from snowtrack.compiled import Array, compiled, part

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD_PER_E7 = pi / 180 / 1e7
NOISE_MM, NOISE_MM_MAX, NOISE_MS_MAX = 300, 30_000, 3_000
STEP_MM_MAX = 1 << 30
PACE_MMPS_MAX = 32_000
# Slower than this a machine stands by its own word; by its positions, when noise can make as much of standing.
STANDING_MMPS, CRAWLING_MMPS = 500, 800
GONE_MM_MAX = 32_000


@compiled
def note_motion(spans: Array, fixes: Array, cut_us: int, kept: Array, columns: Array) -> None:
    """Fill in the columns of each span (first fix, after the last, first to make, its first kept column)."""
    for span in range(len(spans)):
        first, after, make, column = spans[span]
        for fix in range(first, make):
            columns[fix] = kept[column + fix - first]
        for fix in range(make, after):
            opens = fix == first or fixes[fix].observed_us - fixes[fix - 1].observed_us > cut_us
            columns[fix].opens, columns[fix].stands, columns[fix].noise_mm = opens, False, NOISE_MM
            columns[fix].gone_mm, columns[fix].moved_ms = 0, 0
            columns[fix].moved_east_mm, columns[fix].moved_north_mm = 0, 0
            columns[fix].pace_east_mmps, columns[fix].pace_north_mmps = 0, 0
            if not opens:
                _move(fixes, fix, columns)


@part
def _move(fixes: Array, fix: int, columns: Array) -> None:
    """The step to a fix, and the running means."""
    sine = sin(fixes[fix].lat_e7 * RAD_PER_E7)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius = SEMI_MAJOR_M / sqrt(curve)
    north_mm = 1000 * east_radius * (1 - ECCENTRICITY_2) / curve * RAD_PER_E7
    east_mm = 1000 * east_radius * sqrt(1 - sine * sine) * RAD_PER_E7
    north = _whole((int(fixes[fix].lat_e7) - int(fixes[fix - 1].lat_e7)) * north_mm)
    east = _whole((int(fixes[fix].lon_e7) - int(fixes[fix - 1].lon_e7)) * east_mm)
    before, spent_ms = columns[fix - 1], (fixes[fix].observed_us - fixes[fix - 1].observed_us) // 1_000
    noise_mm = int(before.noise_mm)
    if 0 < spent_ms <= NOISE_MS_MAX and 0 < before.moved_ms <= NOISE_MS_MAX:
        bent_east = east - int(before.moved_east_mm) * spent_ms // before.moved_ms
        bent_north = north - int(before.moved_north_mm) * spent_ms // before.moved_ms
        noise_mm = (15 * noise_mm + min(_length(bent_east, bent_north), NOISE_MM_MAX)) // 16
    columns[fix].noise_mm = noise_mm
    columns[fix].moved_east_mm, columns[fix].moved_north_mm = east, north
    columns[fix].moved_ms = min(spent_ms, NOISE_MS_MAX + 1)
    columns[fix].pace_east_mmps = _pace(before.pace_east_mmps, east, spent_ms)
    columns[fix].pace_north_mmps = _pace(before.pace_north_mmps, north, spent_ms)
    moved_mm = _length(east, north)
    columns[fix].gone_mm = min(int(before.gone_mm) + max(moved_mm - 2 * noise_mm, 0), GONE_MM_MAX)
    columns[fix].stands = _stands(fixes, fix, columns, moved_mm)


@part
def _stands(fixes: Array, fix: int, columns: Array, moved_mm: int) -> bool:
    """Noise makes steps of about its own length, and a quarter of that of a mean over 16 of them."""
    noise_mm = int(columns[fix].noise_mm)
    pace_mmps = _length(int(columns[fix].pace_east_mmps), int(columns[fix].pace_north_mmps))
    said = 0 <= fixes[fix].speed_mmps < STANDING_MMPS and 0 <= fixes[fix - 1].speed_mmps < STANDING_MMPS
    if said:
        return moved_mm <= STANDING_MMPS + 3 * noise_mm and pace_mmps <= STANDING_MMPS + noise_mm
    unsaid = fixes[fix].speed_mmps < 0
    return unsaid and pace_mmps <= min(CRAWLING_MMPS, noise_mm // 4)


@part
def _pace(before_mmps: int, moved_mm: int, spent_ms: int) -> int:
    """The running mean of one component of the speed, over about 16 s."""
    if spent_ms <= 0:
        return before_mmps
    now_mmps = min(max(moved_mm * 1_000 // spent_ms, -PACE_MMPS_MAX), PACE_MMPS_MAX)
    share = min(spent_ms, 16_000)
    return (before_mmps * (16_000 - share) + now_mmps * share) // 16_000


@part
def _length(east_mm: int, north_mm: int) -> int:
    return int(rint(sqrt(float(east_mm) ** 2 + float(north_mm) ** 2)))


@part
def _whole(value: float) -> int:
    return int(rint(min(max(value, -STEP_MM_MAX), STEP_MM_MAX)))
