"""What a sensor sends to readings: JSON, one reading or a list of them. Nothing that comes can break it.

    {"time": "2026-01-14T06:00:00+09:00", "depth_mm": 312, "temperature_c": -1.5, "battery_mv": 3610}

`time` is ISO 8601 with an offset, or seconds since 1970; `depth_cm` may stand in place of `depth_mm`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from snowtrack.model.calendar import FIRST_US, LAST_US, SECOND_US, instant_us
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, DepthFault

PAYLOAD_BYTES_MAX = 256 * 1024
READINGS_MAX = 1_000
# What a column holds, whether it can be or not: that is for the series to judge.
DEPTH_MM_MAX = 1_000_000
TEMPERATURE_C_MAX = 1_000
BATTERY_MV_MAX = 1_000_000

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
    """Microseconds since 1970; nothing where it is no instant that we reckon with."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
            return None if read.utcoffset() is None else instant_us(read, UTC)
        except ValueError:
            return None
    seconds = as_number(value)
    known = seconds is not None and FIRST_US <= seconds * SECOND_US < LAST_US
    return round(seconds * SECOND_US) if seconds is not None and known else None


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
