"""Public facts in the forms that others read: each is made of the same records."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

CSV = "text/csv; charset=utf-8"
GEOJSON = "application/geo+json"
# By which Excel knows UTF-8.
MARK = "\ufeff"
WKT = "wkt"
FORMULAS = ("=", "+", "-", "@", "\t")


class Record(Protocol):
    """One fact, and what is said of it."""

    def as_json(self) -> Mapping[str, Any]:
        """By the names that every form has."""
        ...


class LineRecord(Record, Protocol):
    """The same, of something that lies along a line of longitudes and latitudes."""

    @property
    def id(self) -> int: ...

    @property
    def line(self) -> tuple[tuple[float, float], ...]: ...


def feature(record: LineRecord) -> dict[str, Any]:
    """Of GeoJSON."""
    return {
        "type": "Feature",
        "id": record.id,
        "geometry": {"type": "LineString", "coordinates": record.line},
        "properties": record.as_json(),
    }


def csv_lines(records: Iterable[Record], *, header: bool) -> str:
    """Lines that Excel and programs read, times in UTC as elsewhere; a group in a record is told by its parts."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for record in records:
        cells = dict(_cells(record))
        if header:
            writer.writerow(cells)
            header = False
        writer.writerow(map(_cell, cells.values()))
    return out.getvalue()


def _cell(value: Any) -> Any:  # noqa: ANN401 - what a cell holds
    """Excel reckons with texts that begin so; a name is none of that."""
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return "" if value is None else value


def csv_lines_of(records: Iterable[LineRecord], *, header: bool) -> str:
    """The same, with the line as well-known text, by which maps open it."""
    return csv_lines(map(_Lined, records), header=header)


class _Lined:
    def __init__(self, record: LineRecord) -> None:
        self.record = record

    def as_json(self) -> dict[str, Any]:
        line = ", ".join(f"{lon:.7f} {lat:.7f}" for lon, lat in self.record.line)
        return {**self.record.as_json(), WKT: f"LINESTRING ({line})"}


def _cells(record: Record) -> Iterable[tuple[str, Any]]:
    for key, value in record.as_json().items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{part}", each) for part, each in value.items())
        else:
            yield key, value
