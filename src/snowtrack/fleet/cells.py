"""What can stand in a cell of a registry's file: how it is read, how it is written, what is expected there.

A cell comes without spaces around it and is never empty: what an empty one means is its column's business. What cannot
be read is a `ValueError`; who reads the file says where, and what is expected.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address
from typing import Any
from urllib.parse import urlsplit

import httpx

from snowtrack.model.calendar import TOKYO, read_day
from snowtrack.model.ids import ID_PATTERN
from snowtrack.model.texts import plain
from snowtrack.store.fleet import Value

TEXT_MAX, CODE_MAX, URL_MAX, LIST_MAX = 200, 64, 500, 100
# What a spreadsheet would take for a formula; on export a ' stands before it, as people write it there.
_FORMULA = ("=", "+", "-", "@", "'")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")
_INSTANT = re.compile(r"([^ T]+)(?:[ T]+([\d:.]+) ?(Z|[+-][\d:]+)?)?")
_NUMBER = re.compile(r"[+-]?\d{1,19}(\.\d{1,12})?")
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.ASCII)
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Cell:
    """Text to value and back."""

    expected: str
    read: Callable[[str], Value]
    write: Callable[[Any], str] = str


def shown(text: str) -> str:
    """A cell in a message: short, in quotes, and nothing that a terminal obeys."""
    visible = "".join(" " if unicodedata.category(sign) in _INVISIBLE else sign for sign in text[:41])
    return f'"{visible[:40]}…"' if len(visible) > 40 else f'"{visible}"'


def _held(fits: object) -> None:
    if not fits:
        raise ValueError


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _read_text(text: str) -> str:
    read = _unguarded(text)
    _held(len(read) <= TEXT_MAX and not any(unicodedata.category(sign) in _INVISIBLE for sign in read))
    return read


def _read_id(text: str) -> str:
    read = plain(_unguarded(text))
    _held(ID_PATTERN.fullmatch(read))
    return read


def _read_code(text: str) -> str:
    read = plain(_read_text(text))
    _held(0 < len(read) <= CODE_MAX and "/" not in read)
    return read


ID = Cell("an id as in topics: 1 to 64 of A-Z a-z 0-9 _ -", _read_id, _guarded)
CODE = Cell(f"1 to {CODE_MAX} signs without /", _read_code, _guarded)
TEXT = Cell(f"a text of at most {TEXT_MAX} signs that can be seen", _read_text, _guarded)


def words(accepted: Mapping[Any, tuple[str, ...]]) -> Cell:
    """One of some words; of each the first is English, the second Japanese, which is written."""
    values = {plain(word).casefold(): value for value, spoken in accepted.items() for word in spoken}

    def read(text: str) -> Value:
        found = plain(text).casefold()
        _held(found in values)
        value: Value = values[found]
        return value

    expected = "one of " + ", ".join(f"{english} {japanese}" for english, japanese, *_ in accepted.values())
    return Cell(expected, read, lambda value: accepted[value][1])


YES = ("yes", "○", "はい", "true", "1", "〇", "◯", "有")
NO = ("no", "×", "いいえ", "false", "0", "✕", "無")
YES_NO = words({True: YES, False: NO})


def number(lowest: int, highest: int, what: str, *, scale: int = 1) -> Cell:
    """A number of the unit that people use, kept as a whole number of a `scale`-th of it."""

    def read(text: str) -> int:
        digits = plain(text)
        _held(_NUMBER.fullmatch(digits))
        value = Decimal(digits)
        _held(lowest <= value <= highest and (scale > 1 or value == int(value)))
        return round(value * scale)

    return Cell(f"{what}, {lowest} to {highest}", read, lambda value: f"{(Decimal(value) / scale).normalize():f}")


def _read_day(text: str) -> date:
    day = read_day(text)
    _held(day.year >= _FIRST_YEAR)
    return day


def _read_clock(text: str) -> time:
    match = _CLOCK.fullmatch(plain(text))
    if match is None:
        raise ValueError
    hour, minute, second, fraction = match.groups(default="0")
    return time(int(hour), int(minute), int(second), int(fraction.ljust(6, "0")))


def _read_instant(text: str) -> datetime:
    """A day, then the time if there is one, then the offset if it is not that of Japan."""
    match = _INSTANT.fullmatch(plain(text))
    if match is None:
        raise ValueError
    day, clock, offset = match.groups()
    zone = datetime.strptime(offset, "%z").tzinfo if offset else TOKYO
    instant = datetime.combine(_read_day(day), _read_clock(clock) if clock else time(), zone)
    try:
        _held(instant.astimezone(TOKYO).year >= _FIRST_YEAR)
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError from None


def _clock_text(clock: time) -> str:
    return clock.isoformat("auto" if clock.second or clock.microsecond else "minutes")


def _instant_text(instant: datetime) -> str:
    local = instant.astimezone(TOKYO)
    return f"{local.date().isoformat()} {_clock_text(local.time())}"


DAY = Cell("a day such as 2026-11-01", _read_day, date.isoformat)
CLOCK = Cell("a time of day such as 22:00", _read_clock, _clock_text)
INSTANT = Cell("a time in Japan such as 2026-11-01 18:00, or with an offset", _read_instant, _instant_text)


def several(one: Cell) -> Cell:
    """A list; each value once."""

    def read(text: str) -> tuple[str, ...]:
        parts = [part.strip() for part in re.split(r"[;；、]", text)]
        _held(len(parts) <= LIST_MAX)
        return tuple(dict.fromkeys(str(one.read(part)) for part in parts if part))

    expected = f"{one.expected}; at most {LIST_MAX}, with ; between them"
    return Cell(expected, read, lambda values: ";".join(map(one.write, values)))


def _read_mail(text: str) -> str:
    read = plain(_unguarded(text))
    _held(len(read) <= TEXT_MAX and _MAIL.fullmatch(read))
    try:
        Address(addr_spec=read)  # as a mail will be written to it
    except (MessageError, IndexError):
        raise ValueError from None
    return read


def _read_url(text: str) -> str:
    _held(len(text) <= URL_MAX and re.fullmatch(r"[!-~]+", text))
    parts = urlsplit(text)
    host, local = parts.hostname or "", parts.hostname in ("127.0.0.1", "localhost", "::1")
    _held(parts.scheme == "https" or (parts.scheme == "http" and local))
    _held(parts.port != 0 and (_HOST.fullmatch(host) or ":" in host))
    try:
        httpx.URL(text).host.encode("idna")  # as it will be called
    except httpx.InvalidURL:
        raise ValueError from None
    return text


MAILS = several(Cell("mail addresses", _read_mail, _guarded))
URL = Cell("https://…, or http:// on this machine", _read_url)
