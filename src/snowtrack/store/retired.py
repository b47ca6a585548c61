"""Days whose fixes left the database for files, and which results nobody can compute without these files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable

from snowtrack.model.calendar import DAY_US
from snowtrack.model.errors import SourceError, StoreError
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Interval, Intervals, union
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.instants import stretch_asked, to_instant, to_us
from snowtrack.store.partitions import day_date, day_number
from snowtrack.store.passes import DirtyWork, clear_dirty
from snowtrack.store.queries import query
from snowtrack.store.replays import Replayed
from snowtrack.tracks.clock import AHEAD_US_MAX, Clocks

# Beside those of `Sole`: part of what stands in the database.
SOLE, SOLE_WITHIN_MS = 3, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredFile:
    """A file that a day, counted from 1970, left for: the `part`-th of that day. `undated` are the devices of which it
    has fixes without a time of their own."""

    day: int
    part: int
    name: str
    fixes: int
    sha256: str
    undated: tuple[int, ...] = ()

    @property
    def span(self) -> Interval:
        return self.day * DAY_US, (self.day + 1) * DAY_US


class Counted(NamedTuple):
    """How many fixes a day has: by their own time, and without one."""

    dated: int
    undated: int


async def stored_days(connection: AsyncConnection, before: date) -> list[int]:
    """The days before one that are in the database, in order."""
    rows = await (await connection.execute(query("stored_days"), {"before": before})).fetchall()
    return [day_number(day) for (day,) in rows]


async def count_day(connection: AsyncConnection, day: int) -> Counted:
    row = await (await connection.execute(query("fixes_of_day"), day_asked(day))).fetchone()
    return Counted(*row) if row else Counted(0, 0)


async def came_since(connection: AsyncConnection, day: int, since_us: int) -> bool:
    """Whether a fix of a day was received since then."""
    row = await (
        await connection.execute(query("came_since"), day_asked(day) | {"since": to_instant(since_us)})
    ).fetchone()
    return bool(row and row[0])


async def is_to_compute(connection: AsyncConnection, day: int) -> bool:
    """Whether a stretch waits for ingest that may reach into a day."""
    row = await (await connection.execute(query("to_compute"), day_asked(day))).fetchone()
    return bool(row and row[0])


async def devices_behind(connection: AsyncConnection, day: int) -> list[Replayed]:
    """Those with fixes of a day whose stages have still to go on over fixes of some day."""
    rows = await (await connection.execute(query("behind_on_day"), day_asked(day))).fetchall()
    return [Replayed(number=number, id=DeviceId(agency, name)) for number, agency, name in rows]


async def be_sole_to_retire(connection: AsyncConnection) -> None:
    """Until this session ends."""
    try:
        async with connection.transaction():
            await wait_for_locks(connection, SOLE_WITHIN_MS)
            await connection.execute(query("be_sole"), {"sole": SOLE})
    except LockNotAvailable as error:
        raise StoreError("database: another 'snowtrack retire' is at work") from error


async def wait_for_locks(connection: AsyncConnection, at_most_ms: int) -> None:
    """In this transaction."""
    await connection.execute(query("wait_for_locks"), {"at_most": f"{at_most_ms}ms"})


async def close_day(connection: AsyncConnection, day: int) -> Counted:
    """Let nobody add to a day until the transaction ends; who reads goes on. How many fixes it has; those without a
    time are gone with that."""
    row = await (await connection.execute(query("close_day"), {"day": day_date(day)})).fetchone()
    undated = await connection.execute(query("remove_undated"), day_asked(day))
    return Counted(row[0] if row else 0, undated.rowcount)


async def drop_day(connection: AsyncConnection, day: int) -> None:
    """The last thing in a transaction: until it ends all wait who read or write fixes."""
    await connection.execute(query("drop_day"), {"day": day_date(day)})


async def note_retired(connection: AsyncConnection, file: RetiredFile) -> None:
    asked = {
        "day": day_date(file.day),
        "part": file.part,
        "file": file.name,
        "fixes": file.fixes,
        "sha256": file.sha256,
        "undated": list(file.undated),
    }
    await connection.execute(query("note_retired"), asked)


async def read_retired(connection: AsyncConnection) -> list[RetiredFile]:
    rows = await (await connection.execute(query("retired"))).fetchall()
    return [
        RetiredFile(day=day_number(day), part=part, name=name, fixes=fixes, sha256=sha256, undated=tuple(undated))
        for day, part, name, fixes, sha256, undated in rows
    ]


async def hold_days(connection: AsyncConnection) -> None:
    """No day leaves the database until the transaction ends: what is retired now is what is missing."""
    await connection.execute(query("hold_days"))


def shade(files: Iterable[RetiredFile], device: int, clocks: Clocks) -> Intervals:
    """When fixes of a device may have been observed that are in these files: on the days themselves; before them and
    wherever its clocks place them, where its fixes say no time; and wherever a clock places fixes that say one of these
    days and are not of it."""
    return union(span for file in files for span in _shade(file, device, clocks))


def _shade(file: RetiredFile, device: int, clocks: Clocks) -> Iterator[Interval]:
    from_us, to_us_ = file.span
    undated = device in file.undated
    yield (0, to_us_ + AHEAD_US_MAX) if undated else (from_us, to_us_)
    for clock in clocks.values():
        # A clock that stopped in its sleep places what leans on it later than it was received.
        leans = undated and clock.leaning is not None and clock.received_us < to_us_
        if leans or any(first_us < to_us_ and from_us <= last_us for first_us, last_us in clock.misplaced()):
            yield from ((first_us, last_us + 1) for first_us, last_us in clock.spans())


def meets(shade: Intervals, stretch: DirtyStretch) -> bool:
    """Whether a stretch shares an instant with it."""
    return any(start_us <= stretch.to_us and stretch.from_us < end_us for start_us, end_us in shade)


async def mark_waiting(connection: AsyncConnection, stretch: DirtyStretch) -> None:
    """Somebody who has the archives is to compute this; ingest does not look at it any more."""
    await connection.execute(query("remove_waiting"), stretch_asked(stretch))
    await connection.execute(query("mark_waiting"), stretch_asked(stretch))


async def read_waiting(connection: AsyncConnection, device: int) -> list[DirtyWork]:
    """What waits for archives of a device, each stretch by itself."""
    rows = await (await connection.execute(query("waiting_of_device"), {"device": device})).fetchall()
    return [
        DirtyWork(stretch=DirtyStretch(device=device, from_us=to_us(start), to_us=to_us(end)), ids=[number])
        for start, end, number in rows
    ]


async def clear_waiting(connection: AsyncConnection, waiting: Iterable[DirtyWork], done: DirtyStretch) -> None:
    """What lies outside of that which is done goes on waiting."""
    for work in waiting:
        was = work.stretch
        if was.from_us <= done.to_us and done.from_us <= was.to_us:
            await clear_dirty(connection, work)
            for rest in (replace(was, to_us=done.from_us - 1), replace(was, from_us=done.to_us + 1)):
                if rest.from_us <= rest.to_us:
                    await mark_waiting(connection, rest)


async def count_waiting(connection: AsyncConnection) -> tuple[int, Interval]:
    """How many stretches wait for archives, and from when to when."""
    row = await (await connection.execute(query("waiting"))).fetchone()
    return (0, (0, 0)) if row is None or not row[0] else (row[0], (to_us(row[1]), to_us(row[2])))


def day_asked(day: int) -> dict[str, object]:
    return {"from_time": to_instant(day * DAY_US), "to_time": to_instant((day + 1) * DAY_US)}


def file_sha256(path: Path) -> str:
    """Of all its bytes, as `sha256sum` says it."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
