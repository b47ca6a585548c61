"""What a sensor sends to readings: JSON, one reading or a list of them. Nothing that comes can break it.

    {"time": "2026-01-14T06:00:00+09:00", "depth_mm": 312, "temperature_c": -1.5, "battery_mv": 3610}

`time` is ISO 8601 with an offset, or seconds since 1970; `depth_cm` may stand in place of `depth_mm`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, DepthFault

PAYLOAD_BYTES_MAX = 256 * 1024
READINGS_MAX = 1_000
# What a column holds, whether it can be or not: that is for the series to judge.
DEPTH_MM_MAX = 1_000_000
TEMPERATURE_C_MAX = 1_000
BATTERY_MV_MAX = 1_000_000
LAST_S = 253_402_300_799  # the end of the year 9999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[int, int, int, int]
"""The columns of a `DepthBatch`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthReject:
    """Something that is no reading: its place in the list, and why."""

    place: int
    fault: DepthFault


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthsRead:
    """What a message says."""

    readings: DepthBatch
    rejects: tuple[DepthReject, ...]


def read_depths(payload: bytes, readings_max: int = READINGS_MAX) -> DepthsRead:
    """Readings as far as they are any; what is too much or no JSON gives none."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return _refused(DepthFault.TOO_LARGE)
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return _refused(DepthFault.NOT_JSON)
    items = content if isinstance(content, list) else [content]
    if len(items) > readings_max:
        return _refused(DepthFault.TOO_LARGE)
    rows: list[Row] = []
    rejects: list[DepthReject] = []
    for place, item in enumerate(items):
        row, faults = read_reading(item)
        rows += [] if row is None else [row]
        rejects += (DepthReject(place=place, fault=fault) for fault in faults)
    return DepthsRead(readings=DepthBatch.from_rows(rows), rejects=tuple(rejects))


def read_reading(item: object) -> tuple[Row | None, tuple[DepthFault, ...]]:
    """One reading, and what is wrong with it."""
    if not isinstance(item, Mapping):
        return None, (DepthFault.NOT_A_READING,)
    time_us, depth_mm = read_time(item.get("time")), _depth(item)
    if time_us is None:
        return None, (DepthFault.BAD_TIME,)
    if depth_mm is None:
        return None, (DepthFault.BAD_DEPTH,)
    extras = list(_extras(item))
    row = (time_us, depth_mm, *(value for value, _ in extras))
    return (row[0], row[1], row[2], row[3]), (DepthFault.BAD_FIELD,) if any(bad for _, bad in extras) else ()


def read_time(value: object) -> int | None:
    """Microseconds since 1970; nothing where it is no instant from then to the year 9999."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            return None
        seconds = None if read.utcoffset() is None else (read - _EPOCH) / timedelta(seconds=1)
        if seconds is None or not 0 <= seconds <= LAST_S:
            return None
        return (read - _EPOCH) // timedelta(microseconds=1)
    seconds = as_number(value)
    return round(seconds * 1_000_000) if seconds is not None and 0 <= seconds <= LAST_S else None


def as_number(value: object) -> float | None:
    """A number; true and false are none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _depth(item: Mapping[Any, Any]) -> int | None:
    """The depth, stated once."""
    given = [(name, scale) for name, scale in (("depth_mm", 1), ("depth_cm", 10)) if name in item]
    if len(given) != 1:
        return None
    name, scale = given[0]
    return bounded(as_number(item[name]), scale, DEPTH_MM_MAX)


def _extras(item: Mapping[Any, Any]) -> Iterator[tuple[int, bool]]:
    """Temperature and battery: the value, and whether what was said is none."""
    for name, scale, limit, absent in (
        ("temperature_c", 10, TEMPERATURE_C_MAX * 10, ABSENT_16),
        ("battery_mv", 1, BATTERY_MV_MAX, ABSENT_32),
    ):
        said = item.get(name)
        value = bounded(as_number(said), scale, limit)
        yield absent if value is None else value, said is not None and value is None


def bounded(value: float | None, scale: int, limit: int) -> int | None:
    """The value in our unit, unless it is beyond what we take."""
    return round(value * scale) if value is not None and abs(value * scale) <= limit else None


def _refused(fault: DepthFault) -> DepthsRead:
    return DepthsRead(readings=DepthBatch.empty(), rejects=(DepthReject(place=0, fault=fault),))
