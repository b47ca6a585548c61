"""Microseconds in the program, timestamptz in the database."""

from datetime import UTC, datetime, timedelta

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.tracks import DirtyStretch

# From 1970 to where PostgreSQL's own times begin.
POSTGRES_EPOCH_US = 946_684_800_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_instant(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def to_instant_or_none(time_us: int | None) -> datetime | None:
    return None if time_us is None or time_us == ABSENT_64 else to_instant(time_us)


def to_us(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def to_us_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def stretch_asked(stretch: DirtyStretch) -> dict[str, int | datetime]:
    """A device's time range, as the statements ask for it."""
    return {
        "device": stretch.device,
        "from_time": to_instant(stretch.from_us),
        "to_time": to_instant(stretch.to_us),
    }
