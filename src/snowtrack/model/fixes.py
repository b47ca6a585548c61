"""Messages and the fixes decoded from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s

BLADE_UP, BLADE_DOWN = 0, 1


class Message(NamedTuple):
    """One MQTT payload of one device. `dialect` is the number by which the decoder knows how the device speaks."""

    device: int
    received_us: int
    payload: bytes
    dialect: int = 0


class Source(IntFlag):
    """Which sentences an epoch was made of. Where two state the same value, the one named first here is believed."""

    PSNOW = 1
    GGA = 2
    GNS = 4
    RMC = 8
    GLL = 16
    VTG = 32
    GSA = 64
    ZDA = 128
    ADAPTED = 256


class Remark(IntFlag):
    """What else there is to say of an epoch."""

    VOID = 1
    """A sentence said that there is no fix: the epoch has no position."""
    UNCHECKED = 2
    """A sentence came without checksum, which its agency allows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixBatch(Columns):
    """Fixes as sent: nothing here is corrected, so that learning more never rewrites a row.

    `device` is the store's number of an (agency, device). Times are microseconds since 1970 UTC; `time_us` needs a
    date, `day_us` is the time of day alone. `digest` identifies the epoch's bytes. `sources` and `remarks` are sets
    of `Source` and `Remark`. `battery_mv` and `buffered` are the tracker's own.
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
    blade_cdeg: Int32s
    spreading: Int8s
    spread_mgpm2: Int32s
    spread_width_mm: Int32s
    pto: Int8s
    inputs: Int32s
    battery_mv: Int32s
    buffered: Int32s
    sources: Int16s
    remarks: Int16s


class RejectReason(IntEnum):
    """Why bytes gave nothing, or less than they should. One number per reason, never used again for another."""

    NO_START = 1
    NOT_ASCII = 2
    TOO_LONG = 3
    NO_CHECKSUM = 4
    BAD_CHECKSUM = 5
    BAD_FIELD = 6
    UNKNOWN_SENTENCE = 7
    TOO_LARGE = 8
    BAD_COMPRESSION = 9
    UNFIT = 10
    """What it led to failed: a fault of the program, or the database did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A line (or payload) that could not be used, or not wholly, with its bytes as they came, cut to a bound.

    `message` is the place of its message in the call, `at` its own in the payload.
    """

    message: int
    at: int
    device: int
    received_us: int
    reason: RejectReason
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a set of messages decodes to.

    `begins` is where in its payload each fix begins. `rejects` are kept up to a bound; `counts` has all of them, by
    device and reason, and the sentences that nobody reads.
    """

    fixes: FixBatch
    begins: Int64s
    rejects: tuple[Reject, ...]
    counts: Mapping[tuple[int, RejectReason], int]

    @property
    def unreadable(self) -> set[int]:
        """The devices that sent something which could not be read."""
        return {device for device, reason in self.counts if reason is not RejectReason.UNKNOWN_SENTENCE}
