"""Spells of snow work: when each began and ended, by rule or by hand.

By rule: hours in which machines ploughed or snow fell, with less than the agreed quiet between them, are one event,
from the first hour to the end of the last. By hand: an entry opens a new event or closes the one that is open. Events
are a function of the hours, the entries, what was agreed and now, in whatever order these came to be known.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from snowtrack.model.calendar import HOUR_US, tokyo_minute


class EntryKind(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    VOID = "void"
    """Takes back an earlier entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """What somebody decided, and when it holds. Nothing is ever changed: a wrong one is made void by a later one."""

    number: int
    kind: EntryKind
    at_us: int
    reason: str
    by: str
    voids: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One spell. One without an end is open. `opened` and `closed` are the entries by which it was, if any."""

    start_us: int
    end_us: int | None
    opened: EventEntry | None = None
    closed: EventEntry | None = None


@dataclass(slots=True)
class _Spell:
    """An event that is being put together; `end_us` is when it was last known to go on."""

    start_us: int
    end_us: int
    opened: EventEntry | None = None

    def ended(self, end_us: int | None, closed: EventEntry | None = None) -> Event:
        return Event(start_us=self.start_us, end_us=end_us, opened=self.opened, closed=closed)


Quiet = Callable[[int], int]
"""How much quiet ends an event, by when it was last known to go on: what is agreed later changes no past event."""


def events(hours: Iterable[int], entries: Iterable[EventEntry], *, now_us: int, quiet_us: Quiet) -> list[Event]:
    """All events until now, in order. `hours` are the beginnings of those with work or snowfall; what is dated in the
    future does not count yet."""
    return list(_events(_marks(hours, entries, now_us), now_us, quiet_us))


def refusal(
    entry: EventEntry, entries: Sequence[EventEntry], hours: Iterable[int], *, now_us: int, quiet_us: Quiet
) -> str | None:
    """Why something cannot be decided so, in words; nothing when it can."""
    if entry.voids is not None:
        return _refused_void(entry.voids, entries)
    if entry.at_us > now_us:
        return f"{tokyo_minute(entry.at_us)} has not come yet; an event opens and closes when it is time"
    if entry.kind is EntryKind.OPEN:
        return None
    last, worked = replace(entry, number=sys.maxsize), list(hours)
    if any(event.closed is last for event in events(worked, [*entries, last], now_us=now_us, quiet_us=quiet_us)):
        return None
    found = events(worked, entries, now_us=now_us, quiet_us=quiet_us)
    if found and found[-1].end_us is None and entry.at_us <= found[-1].start_us:
        begun = tokyo_minute(found[-1].start_us)
        return f"the event that is open began {begun}; it cannot close {tokyo_minute(entry.at_us)}"
    return f"no event was open {tokyo_minute(entry.at_us)}; the list of events names them"


def _refused_void(number: int, entries: Sequence[EventEntry]) -> str | None:
    """What was decided is taken back once, and what takes back is not taken back itself."""
    entry = next((one for one in entries if one.number == number), None)
    if entry is None:
        return f"there is no entry {number}; the list of events names them"
    if entry.kind is EntryKind.VOID:
        return f"entry {number} takes back entry {entry.voids} and stays; decide anew with open or close"
    earlier = next((one for one in entries if one.voids == number), None)
    if earlier is not None:
        return f"entry {number} was taken back already, by entry {earlier.number}; nothing was noted"
    return None


def _events(marks: Iterable[tuple[int, EventEntry | None]], now_us: int, quiet_us: Quiet) -> Iterator[Event]:
    spell: _Spell | None = None
    for at_us, entry in marks:
        goes_on = spell is not None and at_us - spell.end_us < quiet_us(spell.end_us)
        if entry is None and spell is not None and goes_on:
            spell.end_us = max(spell.end_us, at_us + HOUR_US)
            continue
        # What is opened and closed at one instant never was.
        if spell is not None and (entry is None or spell.start_us < at_us):
            closing = entry is not None and entry.kind is EntryKind.CLOSE and goes_on
            yield spell.ended(at_us, entry) if closing else spell.ended(min(spell.end_us, at_us))
        if entry is None:
            spell = _Spell(at_us, at_us + HOUR_US)
        else:
            spell = _Spell(at_us, at_us, entry) if entry.kind is EntryKind.OPEN else None
    if spell is not None:
        yield spell.ended(None if now_us - spell.end_us < quiet_us(spell.end_us) else spell.end_us)


def _marks(hours: Iterable[int], entries: Iterable[EventEntry], now_us: int) -> list[tuple[int, EventEntry | None]]:
    """Hours and entries in order; at one instant what was decided comes first, in the order in which it was."""
    known = list(entries)
    void = {one.voids for one in known}
    decided = [
        (one.at_us, 0, one.number, one) for one in known if one.kind is not EntryKind.VOID and one.number not in void
    ]
    worked = [(hour, 1, 0, None) for hour in set(hours)]
    return [
        (at_us, entry) for at_us, _, _, entry in sorted([*decided, *worked], key=lambda one: one[:3]) if at_us <= now_us
    ]
