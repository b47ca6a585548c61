"""A fix as an object, value by value with plain arithmetic: what the columns of `as_frame` are held against."""

from datetime import timedelta
from decimal import Decimal

import numpy as np

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import FixBatch, Source
from snowtrack.model.tracks import TimeTrust
from snowtrack.tracks.clock import Placed
from tests.oracles.nmea import EPOCH

DECIMALS = {
    "lat": ("lat_e7", 7),
    "lon": ("lon_e7", 7),
    "alt_m": ("alt_mm", 3),
    "speed_mps": ("speed_mmps", 3),
    "course_deg": ("course_cdeg", 2),
    "hdop": ("hdop_centi", 2),
}
ORDER = ("RMC", "GGA", "GNS", "GLL", "VTG", "GSA", "ZDA", "PSNOW", "ADAPTED")


def in_words(fixes: FixBatch, placed: Placed) -> list[dict[str, object]]:
    return [
        _one(fixes.take(np.array([at])), int(placed.observed_us[at]), int(placed.trust[at])) for at in range(len(fixes))
    ]


def _one(fix: FixBatch, observed_us: int, trust: int) -> dict[str, object]:
    values = {name: int(getattr(fix, name)[0]) for name in fix.dtypes()}
    absent = {name: values[name] == -(2 ** (8 * dtype.itemsize - 1)) for name, dtype in fix.dtypes().items()}
    # What could only rest on a receipt that nobody stated.
    guessed = trust == TimeTrust.RECEIVED
    return {
        "time": None if guessed or observed_us == ABSENT_64 else _clock(observed_us, "%Y-%m-%dT%H:%M:%S", "Z"),
        "time_of_day": None if absent["day_us"] else _clock(values["day_us"], "%H:%M:%S", ""),
        "time_trust": "unknown" if guessed else TimeTrust(trust).name.lower(),
        **{
            key: None if absent[name] else Decimal(values[name]).scaleb(-digits)
            for key, (name, digits) in DECIMALS.items()
        },
        "quality": None if absent["quality"] else values["quality"],
        "sats": None if absent["satellites"] else values["satellites"],
        "sources": [name for name in ORDER if values["sources"] & Source[name]],
    }


def _clock(time_us: int, pattern: str, end: str) -> str:
    at = EPOCH + timedelta(microseconds=time_us)
    fraction = f"{at.microsecond:06d}"
    return at.strftime(pattern) + "." + (fraction if at.microsecond % 1_000 else fraction[:3]) + end
