"""Readings in files: CSV as offices write it, in UTF-8 or CP932 under English or Japanese headers, and JSON.

A file is read wholly before anything is done with it; each problem is said with its row. A row without a depth is a
reading that was not made, and no problem.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from snowtrack.model.calendar import TOKYO, YEARS, tokyo_minute
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.ids import ID_PATTERN
from snowtrack.model.snow import DepthBatch, DepthFault, SensorId
from snowtrack.model.texts import decoded, plain
from snowtrack.snow.readings import Row, read_reading, read_time

PROBLEMS_MAX = 100
AHEAD_US = 60_000_000
"""A clock may be so much ahead of ours."""
HEADERS: Mapping[str, tuple[str, ...]] = {
    "agency": ("道路管理者", "管理者"),
    "sensor": ("センサー", "センサ", "観測所", "観測点"),
    "time": ("日時", "観測日時", "時刻"),
    "depth_cm": ("積雪深(cm)", "積雪深cm", "積雪深"),
    "depth_mm": ("積雪深(mm)", "積雪深mm"),
    "temperature_c": ("気温(°C)", "気温(℃)", "気温"),
    "battery_mv": ("電池(mV)", "電池mV", "電池電圧(mV)"),
}
WRITTEN = ("道路管理者", "センサー", "日時", "積雪深(cm)", "気温(℃)", "電池(mV)")
NAMED = ("agency", "sensor")
NOT_MEASURED = {"欠測", "///", "-", "--", "NA", "null"}
_RAGGED = object()
_JAPANESE_TIME = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_FAULTS = {
    DepthFault.NOT_A_READING: "this is no reading; expected an object with time and depth_mm",
    DepthFault.BAD_TIME: "time: this is no time; expected one such as 2026-01-14 06:00 (in Japan) or "
    f"2026-01-14T06:00:00+09:00, {YEARS}",
    DepthFault.BAD_DEPTH: "depth: expected a number, once, as depth_mm or depth_cm",
    DepthFault.BAD_FIELD: "temperature_c or battery_mv: expected a number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a file says: readings by sensor in the order of the file, and what is wrong with it, by row.

    Problems beyond `PROBLEMS_MAX` are left out. `rows` counts what was looked at, also readings that were not made.
    """

    readings: Mapping[SensorId, DepthBatch]
    problems: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What holds for rows that do not say it themselves, and what bounds a file."""

    agency: str | None
    sensor: str | None
    now_us: int
    rows_max: int


def read_listing(content: bytes, given: Given) -> Listing:
    """A file, known by its first sign: JSON begins with a bracket or a brace."""
    beginning = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    items = _json_items(content) if beginning in (b"[", b"{") else _csv_items(content, given)
    found: dict[SensorId, list[Row]] = {}
    problems: list[str] = []
    rows = 0
    try:
        for place, item in items:
            if rows == given.rows_max:
                problems.append(f"more than {given.rows_max:,} rows; send it in parts")
                break
            rows += 1
            problems += (f"{place}: {what}" for what in _take(item, given, found))
            if len(problems) >= PROBLEMS_MAX:
                break
    except _BadFileError as error:
        problems.append(str(error))
    readings = {sensor: DepthBatch.from_rows(rows) for sensor, rows in found.items()}
    return Listing(readings=readings, problems=tuple(problems[:PROBLEMS_MAX]), rows=rows)


class _BadFileError(Exception):
    """The file as a whole is not what it should be."""


Item = tuple[str, object]
"""Where it stands, and what is there."""


def _json_items(content: bytes) -> Iterator[Item]:
    try:
        read = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise _BadFileError(f"this is not JSON: {error}") from None
    for number, item in enumerate(read if isinstance(read, list) else [read], 1):
        yield f"item {number}", item


def _csv_items(content: bytes, given: Given) -> Iterator[Item]:
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        names = _names(next(reader, []))
        _expect_ids(names, given)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"row {reader.line_num}", _values(names, cells) if len(cells) == len(names) else _RAGGED
    except csv.Error as error:
        raise _BadFileError(f"row {reader.line_num}: this is not CSV: {error}") from None


def _text(content: bytes) -> str:
    text = decoded(content)
    if text is None:
        raise _BadFileError("this is neither UTF-8 nor CP932")
    return text


def _names(header: Sequence[str]) -> list[str]:
    """Our names of the columns."""
    known = {plain(alias): name for name, aliases in HEADERS.items() for alias in (name, *aliases)}
    names = [known.get(plain(cell)) for cell in header]
    strange = [cell for cell, name in zip(header, names, strict=True) if name is None]
    if strange:
        raise _BadFileError(f"row 1: unknown column {strange[0]!r}; known are {', '.join(HEADERS)} and {_aliases()}")
    found = [name for name in names if name is not None]
    if len(set(found)) < len(found):
        raise _BadFileError("row 1: two columns say the same")
    if "time" not in found or not {"depth_cm", "depth_mm"} & set(found):
        raise _BadFileError(f"row 1: expected the columns time and depth_cm (日時, 積雪深), found {', '.join(found)}")
    return found


def _expect_ids(names: Sequence[str], given: Given) -> None:
    """Said once, and not of each row."""
    ids = {"agency": given.agency, "sensor": given.sensor}
    unsaid = [name for name, value in ids.items() if value is None and name not in names]
    if unsaid:
        options, columns = (f" and {sign}".join(unsaid) for sign in ("--", ""))
        raise _BadFileError(f"nothing says the {columns}; give --{options}, or add a column for it to the file")


def _aliases() -> str:
    return ", ".join(aliases[0] for aliases in HEADERS.values())


def _values(names: Sequence[str], cells: Sequence[str]) -> Mapping[str, object]:
    """A row as its JSON would be: without what was not measured, and without the ids that it leaves to the options."""
    said = {name: plain(cell) for name, cell in zip(names, cells, strict=True)}
    return {
        name: cell if name in NAMED else _japanese_time(cell) if name == "time" else _number(cell)
        for name, cell in said.items()
        if cell and (name in NAMED or cell not in NOT_MEASURED)
    }


def _japanese_time(text: str) -> object:
    """A time without an offset is Japan's; days may have slashes."""
    found = _JAPANESE_TIME.fullmatch(text)
    if found is None:
        return text
    year, month, day, hour, minute, second = (int(part) for part in found.groups(default="0"))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=TOKYO).isoformat()
    except ValueError:
        return text


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _take(item: object, given: Given, found: dict[SensorId, list[Row]]) -> Iterable[str]:
    """Put a reading to its sensor's; what is wrong with it."""
    if item is _RAGGED:
        return ["not as many cells as the header has"]
    if isinstance(item, Mapping) and not {"depth_cm", "depth_mm"} & set(item):
        dated = read_time(item.get("time")) is not None
        return [*([] if dated else [_FAULTS[DepthFault.BAD_TIME]]), *_bad_ids(item)]
    row, faults = read_reading(item)
    problems = [_FAULTS[fault] for fault in faults]
    if row is None or not isinstance(item, Mapping):
        return problems
    ids = {"agency": given.agency, "sensor": given.sensor, **item}
    problems += _bad_ids(ids)
    agency, sensor = ids["agency"], ids["sensor"]
    if row[0] > given.now_us + AHEAD_US:
        problems.append(f"time: {tokyo_minute(row[0])} has not come yet")
    if not problems:
        found.setdefault(SensorId(str(agency), str(sensor)), []).append(row)
    return problems


def _bad_ids(item: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the ids that are said."""
    for name, value in item.items():
        if name in NAMED and value is None:
            yield f"{name}: is not said; give --{name}, or say it in each row"
        elif name in NAMED and not (isinstance(value, str) and ID_PATTERN.fullmatch(value)):
            yield f"{name}: {value!r} is no id; expected 1 to 64 of A-Z a-z 0-9 _ -"


def write_rows(sensor: SensorId, readings: DepthBatch) -> str:
    """Lines of CSV, without the header, in Japanese time."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)  # ends lines with CRLF
    for time_us, depth_mm, temperature, battery in readings.rows():
        writer.writerow(
            (
                sensor.agency,
                sensor.device,
                _written_time(time_us),
                f"{depth_mm / 10:.1f}",
                "" if temperature == ABSENT_16 else f"{temperature / 10:.1f}",
                "" if battery == ABSENT_32 else battery,
            )
        )
    return out.getvalue()


def write_header() -> str:
    """The first line, with the mark that tells Excel that this is UTF-8."""
    return "\ufeff" + ",".join(WRITTEN) + "\r\n"


def _written_time(time_us: int) -> str:
    """To the second, where it was read at a whole one."""
    instant = datetime.fromtimestamp(0, TOKYO) + timedelta(microseconds=time_us)
    return f"{instant:%Y-%m-%d %H:%M:%S}" if not instant.microsecond else instant.isoformat()
