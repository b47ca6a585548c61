"""Files of the registry as bytes: read into sheets of rows, with every problem by line and column; and written.

Read are UTF-8 with or without a mark at its beginning, and CP932, as Excel writes CSV in Japan; headers in English or
Japanese, in any order. Written is UTF-8 with the mark and Japanese headers, so that Excel opens it as it is.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from snowtrack.fleet.cells import shown
from snowtrack.fleet.problems import Problem
from snowtrack.fleet.tables import BY_NAME, Column, Table
from snowtrack.model.texts import decoded, plain
from snowtrack.store.fleet import Row

BYTES_MAX = 64 * 2**20
ROWS_MAX = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a file. An empty cell is None in `row`; what could not be read, or has no column, is not in it."""

    line: int
    row: Row
    faulty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file. `columns` are those that it has, as rows name them; a broken one has no entries."""

    file: str
    table: Table
    columns: frozenset[str] = frozenset()
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False


class _BrokenFileError(Exception):
    """Nothing of the file can be used, for each of these reasons: line, column, what is wrong there."""

    def __init__(self, *reasons: tuple[int, str, str]) -> None:
        self.reasons = reasons


def table_of(file: str) -> Table | None:
    """The table that a file is of, by its name."""
    name = PurePath(file)
    return BY_NAME.get(name.stem.lower()) if name.suffix.lower() == ".csv" else None


def read_sheet(file: str, table: Table, content: bytes) -> Sheet:
    """All that can be read, and what cannot."""
    try:
        lines = _lines(_decoded(content))
        columns = _columns(table, next(lines, (1, []))[1])
        sheet = Sheet(file=file, table=table, columns=frozenset(column.key for column in columns if column))
        for line, cells in lines:
            if len(sheet.entries) == ROWS_MAX:
                raise _BrokenFileError((line, "", f"there are more than {ROWS_MAX:,} rows; cut the file in parts"))
            sheet.entries.append(_entry(sheet, line, columns, cells))
    except _BrokenFileError as error:
        return Sheet(file=file, table=table, problems=[Problem(file, *one) for one in error.reasons], broken=True)
    return sheet


def write_sheet(table: Table, rows: Iterable[Row], *, private: bool) -> bytes:
    """A table as a file; what is private only when asked for."""
    columns = [column for column in table.columns if private or not column.private]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.japanese for column in columns])
    for row in rows:
        values = [(column, row[column.key]) for column in columns]
        writer.writerow(["" if value is None else column.cell.write(value) for column, value in values])
    return text.getvalue().encode("utf-8-sig")


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise _BrokenFileError((1, "", f"the file is too large; at most {BYTES_MAX >> 20} MB"))
    text = decoded(content)
    if text is None:
        raise _BrokenFileError((1, "", "the file is neither UTF-8 nor CP932; save it as CSV (UTF-8)"))
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        begins = 1
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _BrokenFileError((reader.line_num, "", f"this is no CSV: {error}")) from None


def _columns(table: Table, header: Sequence[str]) -> list[Column | None]:
    """What each place of a row is; nothing behind the last header."""
    names = {plain(name).casefold(): column for column in table.columns for name in (column.name, column.japanese)}
    expected = ", ".join(f"{column.name} {column.japanese}" for column in table.columns)
    columns = [names.get(plain(cell).casefold()) for cell in header]
    faults = []
    for place, (cell, column) in enumerate(zip(header, columns, strict=True)):
        if cell and column is None:
            faults.append((1, shown(cell), f"there is no such column; expected {expected}"))
        elif column and column in columns[:place]:
            faults.append((1, column.name, "this column is there twice; take one away"))
    for column in table.columns:
        if column.required and column not in columns:
            faults.append((1, column.name, f"this column is missing; add it, with {column.name} or {column.japanese}"))
    if faults:
        raise _BrokenFileError(*faults)
    return columns


def _entry(sheet: Sheet, line: int, columns: Sequence[Column | None], cells: Sequence[str]) -> Entry:
    """A row, and its problems."""
    row: Row = {}
    problems = len(sheet.problems)
    for place, column in enumerate(columns):
        cell = cells[place] if place < len(cells) else ""
        if column is None:
            if cell:
                sheet.problems.append(Problem(sheet.file, line, "", f"{shown(cell)} stands under no header; add one"))
        elif cell:
            try:
                row[column.key] = column.cell.read(cell)
            except ValueError:
                what = f"{'this' if column.private else shown(cell)} is no {column.name}"
                sheet.problems.append(
                    Problem(sheet.file, line, column.name, f"{what}; expected {column.cell.expected}")
                )
        elif column.required:
            what = f"is empty; expected {column.cell.expected}"
            sheet.problems.append(Problem(sheet.file, line, column.name, what))
        else:
            row[column.key] = None
    if any(cells[len(columns) :]):
        what = f"the row has {len(cells)} cells, the header {len(columns)}; are there commas in a text without quotes?"
        sheet.problems.append(Problem(sheet.file, line, "", what))
    return Entry(line=line, row=row, faulty=len(sheet.problems) > problems)
