"""What files would add to the registry and change in it, and what that sets off.

A change of the registry reaches back: which machine a device was on decides how its fixes become passes, and whose it
was decides where these count. So there are two kinds of stretches, (device, time range): those whose passes have to be
computed again, and those whose passes count differently.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from snowtrack.fleet.proposal import Key, Proposal, Registry
from snowtrack.fleet.tables import TABLES, Column, Table
from snowtrack.model.fleet import FOREVER_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import union
from snowtrack.store.fleet import Row, Value
from snowtrack.store.instants import to_us

Stretch: TypeAlias = tuple[DeviceId, int, int]
"""A device, from an instant to before another."""
Span: TypeAlias = tuple[int, int, tuple[Value, ...]]
"""From, to before, and what holds then."""
Judged: TypeAlias = Callable[[Any, Any, Any], tuple[Value, ...]]
"""What matters of a mounting, its machine and its agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """Rows of one table; of changed ones as they were and as they become."""

    table: Table
    added: list[Row]
    changed: list[tuple[Row, Row]]
    removed: list[Row]
    same: int

    @property
    def saved(self) -> list[Row]:
        """Rows to write."""
        return [*self.added, *(after for _, after in self.changed)]


def changes_of(proposal: Proposal) -> list[TableChange]:
    """What files do to each table that they name rows of."""
    found = []
    for table in TABLES:
        before, after = proposal.before[table.name], proposal.after[table.name]
        named = [key for name, key in proposal.places if name == table.name]
        if named:
            known = [(before[key], after[key]) for key in named if key in before]
            changed = [(old, new) for old, new in known if old != new]
            found.append(
                TableChange(
                    table=table,
                    added=[after[key] for key in named if key not in before],
                    changed=changed,
                    removed=[row for key, row in before.items() if key not in after],
                    same=len(known) - len(changed),
                )
            )
    return found


def told(change: TableChange) -> Iterator[str]:
    """Each change of a row in one line."""
    table = change.table
    for old, new in change.changed:
        what = ", ".join(_told_of(column, old, new) for column in table.columns if old[column.key] != new[column.key])
        yield f"{table.name} {table.key_text(table.key_of(new))}: {what}"
    for row in change.removed:
        yield f"{table.name} {table.key_text(table.key_of(row))}: taken away"


def _told_of(column: Column, old: Row, new: Row) -> str:
    if column.private:
        return f"{column.name} is another"
    before, after = (
        "nothing" if value in (None, ()) else column.cell.write(value) for value in (old[column.key], new[column.key])
    )
    return f"{column.name} {before} → {after}"


def computed_differently(before: Registry, after: Registry, now_us: int) -> list[Stretch]:
    """Stretches up to now in which a device came to be on another kind of machine, or on one or none."""
    return _differences(before, after, lambda _, machine, __: (machine["kind"], machine["footways"]), now_us)


def credited_differently(before: Registry, after: Registry) -> list[Stretch]:
    """Stretches in which a device came to be another agency's, or one that shares, or nobody's."""
    return _differences(
        before, after, lambda mounting, _, agency: (mounting["agency"], agency["shares_passes"]), FOREVER_US
    )


def managed_differently(before: Registry, after: Registry) -> bool:
    """Whether roads came to be another agency's, or it came to share its passes or not.

    That it shares its states changes nothing: no reader obeys it yet.
    """
    return _managing(before) != _managing(after)


def _managing(registry: Registry) -> dict[Key, tuple[Value, ...]]:
    judged = ("manages", "districts", "shares_passes")
    return {key: tuple(row[name] for name in judged) for key, row in registry["agencies"].items()}


def _differences(before: Registry, after: Registry, judged: Judged, until_us: int) -> list[Stretch]:
    one, other = _spans(before, judged), _spans(after, judged)
    return [
        (device, from_us, min(to_us_, until_us))
        for device in sorted(one.keys() | other.keys())
        if one.get(device) != other.get(device)
        for from_us, to_us_ in _differing(one.get(device, []), other.get(device, []))
        if from_us < until_us
    ]


def _spans(registry: Registry, judged: Judged) -> dict[DeviceId, list[Span]]:
    """What holds of each device, and when, in order."""
    spans: dict[DeviceId, list[Span]] = {}
    rows: Iterable[Any] = registry["devices"].values()
    for row in rows:
        machine, agency = registry["machines"][row["agency"], row["machine"]], registry["agencies"][(row["agency"],)]
        to_us_ = FOREVER_US if row["valid_to"] is None else to_us(row["valid_to"])
        span = (to_us(row["valid_from"]), to_us_, judged(row, machine, agency))
        spans.setdefault(DeviceId(row["agency"], row["device"]), []).append(span)
    return {device: sorted(own, key=lambda span: span[0]) for device, own in spans.items()}


def _differing(one: list[Span], other: list[Span]) -> Iterable[tuple[int, int]]:
    """When not the same holds. What holds of a device is never two things at once."""
    cuts = sorted({instant for from_us, to_us_, _ in (*one, *other) for instant in (from_us, to_us_)})
    return union(part for part in pairwise(cuts) if _holding(one, part[0]) != _holding(other, part[0]))


def _holding(spans: list[Span], at_us: int) -> tuple[Value, ...] | None:
    """What holds then, if anything."""
    at = bisect_right(spans, at_us, key=lambda span: span[0]) - 1
    return spans[at][2] if at >= 0 and at_us < spans[at][1] else None
