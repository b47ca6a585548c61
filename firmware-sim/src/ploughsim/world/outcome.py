"""What comes of legs: which metres are cleared, and how long and how far a machine has been at what."""

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import Array, Record, compiled, part


@compiled
def note_cleared(legs: Array, machine: int, length_mm: NDArray[np.int32], cleared: Array) -> int:
    """Fill in what is cleared on these legs, a row for each unbroken stretch of one lane; how many rows."""
    count = 0
    for at in range(len(legs)):
        leg = legs[at]
        if leg.blade == 0 and leg.spreader == 0:
            continue
        before = legs[max(at - 1, 0)]
        if at == 0 or before.lane != leg.lane or before.blade != leg.blade or before.spreader != leg.spreader:
            one = cleared[count]
            count += 1
            one.machine, one.row, one.direction = machine, leg.lane >> 1, -1 if leg.lane & 1 else 1
            one.from_mm, one.start_ms = _at(leg, 0.0, length_mm), int(leg.start_ms)
            one.ploughed, one.spread = leg.blade == 1, leg.spreader == 1
        cleared[count - 1].to_mm = _at(leg, (leg.end_ms - leg.start_ms) / 1000, length_mm)
        cleared[count - 1].end_ms = int(np.ceil(leg.end_ms))
    return count


@compiled
def add_work(
    legs: Array, first: NDArray[np.int64], stop: NDArray[np.int64], times: tuple[float, float], sums: Array
) -> None:
    """Add seconds and metres of each owner's activities between two instants to `sums[owner, activity]`."""
    from_ms, to_ms = times
    for owner in range(len(first)):
        for at in range(first[owner], stop[owner]):
            leg = legs[at]
            begin, end = max(leg.start_ms, from_ms), min(leg.end_ms, to_ms)
            if end <= begin:
                if leg.start_ms >= to_ms:
                    break
                continue
            one, other = (begin - leg.start_ms) / 1000, (end - leg.start_ms) / 1000
            along_m = leg.speed_mps * (other - one) + leg.gain_mps2 * (other * other - one * one) / 2
            sums[owner, leg.activity, 0] += other - one
            aside_m = leg.drift_mps * (other - one) if along_m == 0.0 else 0.0
            sums[owner, leg.activity, 1] += abs(along_m) + abs(aside_m)


@compiled
def legs_over(legs: Array, stop: NDArray[np.int64], before_ms: float, first: NDArray[np.int64]) -> None:
    """Move each owner's first leg on to the one that was not over by then; the last one stays."""
    for owner in range(len(first)):
        while first[owner] + 1 < stop[owner] and legs[first[owner]].end_ms < before_ms:
            first[owner] += 1


@part
def _at(leg: Record, seconds: float, length_mm: NDArray[np.int32]) -> int:
    """Where it is on the segment, along its shape."""
    along_mm = leg.from_mm + 1000 * (leg.speed_mps * seconds + leg.gain_mps2 * seconds * seconds / 2)
    whole_mm = length_mm[leg.lane >> 1]
    at_mm = int(np.rint(min(max(along_mm, 0.0), float(whole_mm))))
    return whole_mm - at_mm if leg.lane & 1 else at_mm
