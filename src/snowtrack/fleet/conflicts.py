"""Rows that cannot both hold: a device on two machines, a machine with two devices, a road with two managers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any, TypeAlias

from snowtrack.fleet.problems import Problem
from snowtrack.fleet.proposal import Key, Proposal
from snowtrack.fleet.tables import BY_NAME
from snowtrack.model.fleet import Manages

Span: TypeAlias = tuple[Any, Any, Key]
"""From, to before, and whose."""
Pairs: TypeAlias = Iterable[tuple[Key, Key]]

_OPEN_INSTANT, _OPEN_DAY = datetime.max.replace(tzinfo=UTC), date.max


def conflicts(proposal: Proposal) -> Iterator[Problem]:
    """One problem for each two rows."""
    yield from _mountings(proposal)
    yield from _operators(proposal)
    yield from _managers(proposal)


def _mountings(proposal: Proposal) -> Iterator[Problem]:
    ends = proposal.header(BY_NAME["devices"], "valid_to")
    by_device: dict[Key, list[Span]] = {}
    by_machine: dict[Key, list[Span]] = {}
    rows: Any = proposal.after["devices"]
    for key, row in rows.items():
        span = (row["valid_from"], row["valid_to"] or _OPEN_INSTANT, key)
        by_device.setdefault((row["agency"], row["device"]), []).append(span)
        by_machine.setdefault((row["agency"], row["machine"]), []).append(span)

    def two_machines(other: Key, where: str) -> str:
        machine = rows[other]["machine"]
        return f"this device is on {machine} at the same time ({where}); end the earlier mounting with {ends}"

    def two_devices(other: Key, where: str) -> str:
        return (
            f"this machine carries {other[1]} at the same time ({where}); two trackers would bill its work twice, "
            f"so end one of the mountings with {ends}"
        )

    yield from _blamed(proposal, "devices", "machine", _overlaps(by_device.values()), two_machines)
    different = ((one, other) for one, other in _overlaps(by_machine.values()) if one[:2] != other[:2])
    yield from _blamed(proposal, "devices", "device", different, two_devices)


def _operators(proposal: Proposal) -> Iterator[Problem]:
    ends = proposal.header(BY_NAME["operators"], "valid_to")
    by_operator: dict[Key, list[Span]] = {}
    rows: Any = proposal.after["operators"]
    for key, row in rows.items():
        last = row["valid_to"] or _OPEN_DAY
        span = (row["valid_from"], last if last == _OPEN_DAY else last + timedelta(days=1), key)
        by_operator.setdefault(key[:2], []).append(span)

    def twice(_: Key, where: str) -> str:
        return f"this operator has another row for the same days ({where}); end the earlier one with {ends}"

    yield from _blamed(proposal, "operators", "valid_from", _overlaps(by_operator.values()), twice)


def _managers(proposal: Proposal) -> Iterator[Problem]:
    """Agencies of a kind name districts, none of them twice."""
    taken: dict[tuple[str, str], Key] = {}
    pairs: dict[tuple[Key, Key], None] = {}
    rows: Any = proposal.after["agencies"]
    for key, row in rows.items():
        if row["manages"] != Manages.NOTHING:
            for district in row["districts"] or ("",):
                first = taken.setdefault((row["manages"], district), key)
                if first != key:
                    pairs[key, first] = None

    def both(other: Key, where: str) -> str:
        return (
            f"{other[0]} manages the same roads ({where}); give each agency districts of its own, "
            "or let all but one manage nothing"
        )

    yield from _blamed(proposal, "agencies", "manages", pairs, both)


def _overlaps(groups: Iterable[list[Span]]) -> Iterator[tuple[Key, Key]]:
    """Of each group the rows that begin before one that began earlier has ended, with that one."""
    for spans in groups:
        ordered = sorted((span for span in spans if span[0] < span[1]), key=lambda span: span[0])
        for before, span in zip(accumulate(ordered, _longer), ordered[1:], strict=False):
            if span[0] < before[1]:
                yield span[2], before[2]


def _longer(one: Span, other: Span) -> Span:
    return other if other[1] > one[1] else one


def _blamed(
    proposal: Proposal, table: str, column: str, pairs: Pairs, say: Callable[[Key, str], str]
) -> Iterator[Problem]:
    """Of two rows the later one is to blame, unless it was there before the files."""
    for later, earlier in pairs:
        one, other = (later, earlier) if (table, later) in proposal.places else (earlier, later)
        place = proposal.places.get((table, one))
        if place is not None:
            where = proposal.places.get((table, other))
            what = say(other, "in the database" if where is None else str(where))
            yield proposal.problem(BY_NAME[table], place, column, what)
