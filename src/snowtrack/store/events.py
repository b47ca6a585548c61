"""What people decided of events and closures, and the hours in which machines worked."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import AsyncConnection

from snowtrack.clearance.events import EntryKind, EventEntry
from snowtrack.model.calendar import DAY_US
from snowtrack.store.instants import to_instant, to_instant_or_none, to_us, to_us_or_none
from snowtrack.store.queries import query
from snowtrack.store.snow import read_snow_hours

# No event lasts longer: a winter, and what belongs to it.
EVENT_US_MAX = 240 * DAY_US
# Any number that no other program is likely to take.
_LOCK = 7_304_866_223


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Segments that are closed from an instant to before another, or until further notice."""

    number: int
    segments: tuple[int, ...]
    from_us: int
    until_us: int | None
    reason: str
    by: str

    def holds(self, at_us: int) -> bool:
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


async def read_hours(connection: AsyncConnection, since_us: int) -> list[int]:
    """The beginnings of hours of which events are made: in which registered machines ploughed, or snow fell."""
    return [*await read_hours_at_work(connection, since_us), *await read_snow_hours(connection, since_us)]


async def read_hours_at_work(connection: AsyncConnection, since_us: int) -> list[int]:
    """The beginnings of the hours in which registered machines ploughed."""
    rows = await (await connection.execute(query("hours_at_work"), {"since": to_instant(since_us)})).fetchall()
    return [to_us(hour) for (hour,) in rows]


async def read_entries(connection: AsyncConnection) -> list[EventEntry]:
    rows = await (await connection.execute(query("event_entries"))).fetchall()
    return [
        EventEntry(number=number, kind=EntryKind(kind), at_us=to_us(at), reason=reason, by=by, voids=voids)
        for number, kind, at, reason, by, voids in rows
    ]


async def hold_events(connection: AsyncConnection) -> None:
    """Until the transaction ends nobody else decides of events; reading goes on."""
    await connection.execute(query("hold_events"), {"lock": _LOCK})


async def enter_event(connection: AsyncConnection, entry: EventEntry) -> int:
    """Note an entry; its number, whatever number it had."""
    entered = {"kind": entry.kind, "at": to_instant(entry.at_us), "voids": entry.voids}
    row = await (await connection.execute(query("enter_event"), entered | _who(entry.reason, entry.by))).fetchone()
    return int(row[0]) if row else 0


async def read_closures(connection: AsyncConnection) -> list[Closure]:
    rows = await (await connection.execute(query("closures"))).fetchall()
    return [
        Closure(
            number=number,
            segments=tuple(segments),
            from_us=to_us(from_at),
            until_us=to_us_or_none(until_at),
            reason=reason,
            by=by,
        )
        for number, segments, from_at, until_at, reason, by in rows
    ]


async def close_segments(connection: AsyncConnection, closure: Closure) -> int:
    """Note a closure; its number, whatever number it had."""
    entered = {
        "segments": list(closure.segments),
        "from_at": to_instant(closure.from_us),
        "until_at": to_instant_or_none(closure.until_us),
    }
    said = entered | _who(closure.reason, closure.by)
    row = await (await connection.execute(query("close_segments"), said)).fetchone()
    return int(row[0]) if row else 0


async def end_closure(connection: AsyncConnection, number: int, until_us: int, *, reason: str, by: str) -> None:
    """Say when a closure ends; of several times that were said, the last one said counts."""
    entered = {"closure": number, "until_at": to_instant(until_us)}
    await connection.execute(query("end_closure"), entered | _who(reason, by))


def closed_at(closures: Iterable[Closure], at_us: int) -> list[int]:
    """The segments that are closed then."""
    return sorted({segment for one in closures if one.holds(at_us) for segment in one.segments})


def _who(reason: str, by: str) -> dict[str, object]:
    return {"reason": reason, "by": by}
