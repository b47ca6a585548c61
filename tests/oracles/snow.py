"""New snow, nearest sensors and alerts, one number at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

STEP_MIN = 10
NOISE_MM = 25
GAP_STEPS = 15
AROUND = 3
EARTH_M = 6_371_009


@dataclass(frozen=True)
class Rise:
    """The depth rose by so much, evenly, from one instant of the grid to another."""

    begin: int
    end: int
    millimetres: float


def stretches(depths: Sequence[int | None]) -> list[list[int]]:
    """The instants with a depth, parted where there is none for longer than a gap."""
    found: list[list[int]] = []
    for step, depth in enumerate(depths):
        if depth is None:
            continue
        if not found or step - found[-1][-1] > GAP_STEPS:
            found.append([])
        found[-1].append(step)
    return found


def rises(depths: Sequence[int | None]) -> list[Rise]:
    """Up by the noise from the lowest: it rises. Down by the noise from the highest: it has ended."""
    smooth = {step: _mean_around(depths, step) for step, depth in enumerate(depths) if depth is not None}
    found: list[Rise] = []
    for stretch in stretches(depths):
        low_at = before = stretch[0]
        high: float | None = None
        for step in stretch[1:]:
            now = smooth[step]
            if high is None and now - smooth[low_at] >= NOISE_MM:
                found += _late(smooth, [one for one in stretch if low_at <= one <= step])
                high = now
            elif high is None:
                low_at = step if now <= smooth[low_at] else low_at
            elif now > high:
                found.append(Rise(before, step, now - high))
                high = now
            elif high - now >= NOISE_MM:
                high, low_at = None, step
            before = step
    return found


def _late(smooth: Mapping[int, float], steps: Sequence[int]) -> list[Rise]:
    """A rise seen at its last step: at each of the others the depth had come to what it never fell below again."""
    stayed = [min(smooth[later] for later in steps if later >= step) for step in steps]
    pairs = zip(pairwise(steps), pairwise(stayed), strict=True)
    return [Rise(begin, end, above - below) for (begin, end), (below, above) in pairs]


def _mean_around(depths: Sequence[int | None], step: int) -> float:
    near = [depth for depth in depths[max(0, step - AROUND) : step + AROUND + 1] if depth is not None]
    return sum(near) / len(near)


def new_snow_mm(depths: Sequence[int | None], begin: float, end: float) -> float | None:
    """Between two places on the grid; the last depth stands for later ones, up to a gap."""
    known = [step for step, depth in enumerate(depths) if depth is not None]
    if not known or begin > end or end > known[-1] + GAP_STEPS:
        return None
    first, last = min(begin, known[-1]), min(end, known[-1])
    if not any(stretch[0] <= first and last <= stretch[-1] for stretch in stretches(depths)):
        return None
    return sum(
        rise.millimetres * max(0.0, min(last, rise.end) - max(first, rise.begin)) / (rise.end - rise.begin)
        for rise in rises(depths)
    )


def great_circle_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the haversine."""
    (lat, lon), (lat2, lon2) = ((radians(a), radians(b)) for a, b in (one, other))
    square = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(square))


def alert_story(
    values: Mapping[int, int | None], marks: tuple[int, int], quiet: tuple[int, int] | None, last: int
) -> list[tuple[bool, int, int, int]]:
    """Minute by minute since midnight: raised, since when, when it was said, at which value."""
    threshold, clear = marks
    holds, told, since, value = False, False, 0, 0
    said = []
    for minute in range(last + 1):
        now = values.get(minute)
        if now is not None and holds != (now >= (clear if holds else threshold)):
            holds, since, value = not holds, minute, now
        if holds != told and not _is_quiet(quiet, minute % 1_440):
            told = holds
            said.append((told, since, minute, value))
    return said


def _is_quiet(quiet: tuple[int, int] | None, minute: int) -> bool:
    if quiet is None:
        return False
    start, end = quiet
    return start <= minute < end if start <= end else minute >= start or minute < end
