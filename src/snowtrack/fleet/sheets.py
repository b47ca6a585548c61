"""Files of the registry as bytes: read into sheets of rows, with every problem by line and column; and written.

Read are UTF-8 with or without a mark at its beginning, and CP932, as Excel writes CSV in Japan; headers in English or
Japanese, in any order. Written is UTF-8 with the mark and Japanese headers, so that Excel opens it as it is.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
    """A file. `headers` are the columns that it has, by their names in rows, as the file writes them. Of a broken one
    not all rows are there, or none is whole."""

    file: str
    table: Table
    headers: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False


class _BrokenFileError(Exception):
    """From a line on nothing of the file can be used."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands above a column: the one that it is, if any. What stands below a strange one is of no account."""

    text: str
    column: Column | None
    strange: bool = False


def table_of(file: str) -> Table | None:
    """The table that a file is of, by its name."""
    name = PurePath(file)
    return BY_NAME.get(name.stem.lower()) if name.suffix.lower() == ".csv" else None


def read_sheet(file: str, table: Table, content: bytes) -> Sheet:
    """All that can be read, and what cannot."""
    sheet = Sheet(file=file, table=table)
    try:
        lines = _lines(_decoded(content))
        header = _header(sheet, next(lines, (1, []))[1])
        for line, cells in lines:
            if len(sheet.entries) == ROWS_MAX:
                raise _BrokenFileError(line, f"there are more than {ROWS_MAX:,} rows; cut the file in parts")
            sheet.entries.append(_entry(sheet, line, header, cells))
    except _BrokenFileError as error:
        sheet.problems.append(Problem(file, error.line, "", str(error)))
        return replace(sheet, broken=True)
    return replace(sheet, broken=any(column.required and column.key not in sheet.headers for column in table.columns))


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
        raise _BrokenFileError(1, f"the file is too large; at most {BYTES_MAX >> 20} MB")
    text = decoded(content)
    if text is None:
        raise _BrokenFileError(1, "the file is neither UTF-8 nor CP932; save it as CSV (UTF-8)")
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
        raise _BrokenFileError(reader.line_num, f"this is no CSV: {error}") from None


def _header(sheet: Sheet, cells: Sequence[str]) -> list[_Header]:
    """What each place of a row is. The sheet is told which columns there are, and what is wrong with them."""
    table = sheet.table
    names = {plain(name).casefold(): column for column in table.columns for name in (column.name, column.japanese)}
    expected = ", ".join(f"{column.name} {column.japanese}" for column in table.columns)
    found = []
    for cell in cells:
        column = names.get(plain(cell).casefold())
        earlier = sheet.headers.get(column.key) if column else None
        if earlier is not None:
            sheet.problems.append(Problem(sheet.file, 1, earlier, "this column is there twice; take one away"))
            column = None
        elif column is not None:
            sheet.headers[column.key] = cell
        elif cell:
            sheet.problems.append(Problem(sheet.file, 1, shown(cell), f"there is no such column; expected {expected}"))
        found.append(_Header(cell, column, strange=bool(cell) and column is None))
    for column in table.columns:
        if column.required and column.key not in sheet.headers:
            what = f"this column is missing; add it, with {column.name} or {column.japanese}"
            sheet.problems.append(Problem(sheet.file, 1, column.name, what))
    return found


def _entry(sheet: Sheet, line: int, header: Sequence[_Header], cells: Sequence[str]) -> Entry:
    """A row, and its problems."""
    row: Row = {}
    found: list[tuple[str, str]] = []
    for place, head in enumerate(header):
        cell, column = cells[place] if place < len(cells) else "", head.column
        if column is None:
            if cell and not head.strange:
                found.append(("", f"{shown(cell)} stands under no header; add one"))
        elif cell:
            try:
                row[column.key] = column.cell.read(cell)
            except ValueError:
                what = f"{'this' if column.private else shown(cell)} is no {head.text}"
                found.append((head.text, f"{what}; expected {column.cell.expected}"))
        elif column.required:
            found.append((head.text, f"is empty; expected {column.cell.expected}"))
        else:
            row[column.key] = None
    if any(cells[len(header) :]):
        what = f"the row has {len(cells)} cells, the header {len(header)}; are there commas in a text without quotes?"
        found.append(("", what))
    sheet.problems.extend(Problem(sheet.file, line, where, what) for where, what in found)
    return Entry(line=line, row=row, faulty=bool(found))
