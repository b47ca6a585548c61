"""Messages and the fixes decoded from them."""

from dataclasses import dataclass
from enum import IntEnum

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s

BLADE_UP, BLADE_DOWN = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One MQTT payload of one device."""

    device: int
    received_us: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixBatch(Columns):
    """Fixes as sent: nothing here is corrected, so that learning more never rewrites a row.

    `device` is the store's number of an (agency, device). Times are microseconds since 1970 UTC; `time_us` needs a
    date, `day_us` is the time of day alone. `digest` identifies the epoch's bytes.
    """

    device: Int32s
    boot: Int64s
    seq: Int64s
    digest: Int64s
    uptime_ms: Int64s
    time_us: Int64s
    day_us: Int64s
    received_us: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    alt_mm: Int32s
    speed_mmps: Int32s
    course_cdeg: Int32s
    quality: Int8s
    satellites: Int16s
    hdop_centi: Int32s
    blade: Int8s


class RejectReason(IntEnum):
    """Why a line gave nothing. One number per reason, never used again for another."""

    NO_START = 1
    NOT_ASCII = 2
    TOO_LONG = 3
    NO_CHECKSUM = 4
    BAD_CHECKSUM = 5
    BAD_FIELD = 6
    UNKNOWN_SENTENCE = 7
    TOO_LARGE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A line (or payload) that could not be used, with the bytes as they came, cut to a bound."""

    device: int
    received_us: int
    reason: RejectReason
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a set of messages decodes to."""

    fixes: FixBatch
    rejects: tuple[Reject, ...]
