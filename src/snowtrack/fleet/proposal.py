"""What the registry would be with the rows of some files in it: rows by key, those that a file brings, those that go.

Rows of a file take the place of those with their keys; rows that no file names stay, and so do the values of columns
that a file does not have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from snowtrack.fleet.problems import Problem
from snowtrack.fleet.sheets import Entry, Sheet
from snowtrack.fleet.tables import BY_NAME, TABLES, Table
from snowtrack.store.fleet import Row, Tables, Value

Key: TypeAlias = tuple[Value, ...]
Registry: TypeAlias = dict[str, dict[Key, Row]]
"""The rows of each table by key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`after` has no row that could not be read wholly; `named` has all keys that can be referred to, `torn` those of
    which a part could not be read, with None in its place. `headers` names columns as the file of a table does."""

    before: Registry
    after: Registry
    named: dict[str, set[Key]]
    torn: dict[str, set[Key]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[tuple[str, Key], Place] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def knows(self, table: Table, key: Key) -> bool:
        """Whether there is such a row, or one that could not be read may be it."""
        torn = self.torn.get(table.name, set())
        return key in self.named[table.name] or any(one in torn for one in product(*((part, None) for part in key)))

    def header(self, table: Table, name: str) -> str:
        """A column as the file names it; by both of its names, where it is not in the file."""
        column = next(column for column in table.columns if column.name == name)
        return self.headers.get(table.name, {}).get(column.key, f"{column.name} {column.japanese}")

    def problem(self, table: Table, place: Place, name: str, what: str) -> Problem:
        """What is wrong in a column of a row."""
        return Problem(place.file, place.line, self.header(table, name), what)

    def brought(self) -> Iterator[tuple[Table, Key, Row, Place]]:
        """The rows that files bring, in their order."""
        for (name, key), place in self.places.items():
            row = self.after[name].get(key)
            if row is not None:
                yield BY_NAME[name], key, row, place


def registry_of(tables: Tables) -> Registry:
    """The rows of each table, by key and in its order."""
    return {table.name: {table.key_of(row): row for row in tables[table.name]} for table in TABLES}


def propose(before: Registry, sheets: Iterable[Sheet]) -> Proposal:
    """Put the rows of files over the registry."""
    proposal = Proposal(
        before=before,
        after={name: dict(rows) for name, rows in before.items()},
        named={name: set(rows) for name, rows in before.items()},
    )
    for sheet in sheets:
        proposal.files.append(sheet.file)
        proposal.problems.extend(sheet.problems)
        proposal.headers[sheet.table.name] = sheet.headers
        if sheet.broken:
            proposal.broken.add(sheet.table.name)
        for entry in sheet.entries:
            _bring(proposal, sheet, entry)
        _leave_out(proposal, sheet)
    return proposal


def _bring(proposal: Proposal, sheet: Sheet, entry: Entry) -> None:
    table, rows = sheet.table, proposal.after[sheet.table.name]
    if any(column.key not in entry.row for column in table.key_columns):
        torn = tuple(entry.row.get(column.key) for column in table.key_columns)
        proposal.torn.setdefault(table.name, set()).add(torn)
        return
    key = table.key_of(entry.row)
    first = proposal.places.setdefault((table.name, key), Place(sheet.file, entry.line))
    if first.line != entry.line or first.file != sheet.file:
        names = ", ".join(sheet.headers[column.key] for column in table.key_columns)
        what = f"{table.key_text(key)} stands in {first} already; take one of the two rows away"
        proposal.problems.append(Problem(sheet.file, entry.line, names, what))
        return
    proposal.named[table.name].add(key)
    if entry.faulty or any(column.required and column.key not in sheet.headers for column in table.columns):
        rows.pop(key, None)
        return
    known = proposal.before[table.name].get(key, {})
    row: Row = {
        column.key: entry.row[column.key] if column.key in sheet.headers else known.get(column.key)
        for column in table.columns
    }
    for column in table.columns:
        if row[column.key] is None:
            row[column.key] = column.default_of(row)
    rows[key] = row


def _leave_out(proposal: Proposal, sheet: Sheet) -> None:
    """Rows of a list of which the file gives others only."""
    table = sheet.table
    if not table.listed:
        return
    given = {key[: table.listed] for name, key in proposal.places if name == table.name}
    for key in proposal.before[table.name]:
        if key[: table.listed] in given and (table.name, key) not in proposal.places:
            del proposal.after[table.name][key]
