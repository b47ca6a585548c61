"""Fixes written down in a line: what a tracker says of time, and where that puts each of them."""

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import FixBatch, Remark, Source
from snowtrack.model.tracks import TimeTrust
from snowtrack.tracks.clock import place
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.batches import batch_of

# 2026-01-14 15:30 UTC: when the boots here began.
POWER_UP_US = 1_768_404_600 * SECOND_US
ONE_BOOT = BootId(1, 1)

Row = dict[str, int]


def fix(seq: int, at_us: int, **more: int) -> Row:
    """A fix with a position, made at this instant, received at once; it states nothing yet."""
    row = {"device": 1, "boot": 1, "seq": seq, "digest": seq, "received_us": at_us, "sources": Source.RMC, "remarks": 0}
    return row | {"lat_e7": seq, "lon_e7": -seq} | more


def stating(row: Row, time_us: int) -> Row:
    return row | {"time_us": time_us, "day_us": time_us % DAY_US}


def clocked(row: Row, time_us: int) -> Row:
    """The time of day alone, as GGA states it."""
    return row | {"day_us": time_us % DAY_US}


def void(row: Row) -> Row:
    """The receiver says that it has no fix."""
    return {name: value for name, value in row.items() if name not in ("lat_e7", "lon_e7")} | {"remarks": Remark.VOID}


def late(row: Row, by_us: int) -> Row:
    return row | {"received_us": row["received_us"] + by_us}


def counted(second: int, *, seq: int | None = None, asleep_us: int = 0) -> Row:
    """Made this many seconds after power-up; the tracker counted, but for when it was asleep."""
    uptime_us = second * SECOND_US - asleep_us
    return fix(seq or second, POWER_UP_US + second * SECOND_US, uptime_ms=uptime_us // 1_000)


def good(row: Row) -> Row:
    """The receiver tells the right time."""
    return stating(row, row["received_us"])


def unnumbered(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("boot", "seq")}


def places(*rows: Row) -> list[tuple[int | None, TimeTrust]]:
    """Instants, in microseconds after `POWER_UP_US`, and trust, when all of them are known."""
    fixes = batch_of(FixBatch, *rows)
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, fixes)
    found = place(fixes, clocks)
    pairs = zip(found.observed_us.tolist(), found.trust.tolist(), strict=True)
    return [(None if at_us == ABSENT_64 else at_us - POWER_UP_US, TimeTrust(trust)) for at_us, trust in pairs]


def trusts(*rows: Row) -> list[TimeTrust]:
    return [trust for _, trust in places(*rows)]
