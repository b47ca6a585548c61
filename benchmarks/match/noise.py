"""Tracks made worse: noise that lasts, fixes left out. The same for the same seed."""

import numpy as np

from benchmarks.match.tracks import Track
from snowtrack.model.columns import Floats, Int64s
from snowtrack.network.geometry import metres_per_e7


def add_noise(track: Track, *, sigma_m: float, lasting_s: float, seed: int) -> Track:
    """Move each fix by a first-order autoregressive error, drawn apart to the north and to the east.

    `sigma_m` is the standard deviation along each axis; after `lasting_s` the correlation has fallen to 1/e.
    """
    random = np.random.default_rng(seed)
    north_m = sigma_m * wander(track.time_s, lasting_s, random)
    east_m = sigma_m * wander(track.time_s, lasting_s, random)
    north_scale, east_scale = metres_per_e7(np.rint(track.lat_deg * 1e7).astype(np.int32))
    return Track(
        time_s=track.time_s,
        lat_deg=track.lat_deg + north_m / north_scale / 1e7,
        lon_deg=track.lon_deg + east_m / east_scale / 1e7,
        speed_mps=track.speed_mps,
        course_deg=track.course_deg,
        hdop=track.hdop,
    )


def wander(time_s: Floats, lasting_s: float, random: np.random.Generator) -> Floats:
    """A stationary series of unit variance; over a gap it forgets as much as time has passed."""
    draws = random.standard_normal(len(time_s))
    kept = np.exp(-np.diff(time_s) / lasting_s)
    fresh = np.sqrt(1 - kept * kept)
    for row in range(1, len(draws)):
        draws[row] = kept[row - 1] * draws[row - 1] + fresh[row - 1] * draws[row]
    return draws


def thin(track: Track, every_s: float) -> Track:
    """Keep the first fix, and then each that comes at least so long after the last one kept."""
    return track.take(thinned_rows(track.time_s, every_s))


def thinned_rows(time_s: Floats, every_s: float) -> Int64s:
    """Which fixes thinning keeps."""
    kept: list[int] = []
    for row, now_s in enumerate(time_s.tolist()):
        if not kept or now_s - time_s[kept[-1]] >= every_s:
            kept.append(row)
    return np.array(kept, np.int64)
