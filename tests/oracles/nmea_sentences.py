"""Sentences to facts for the NMEA oracle: regular expressions and exact fractions, a cell per value.

A cell that is empty states nothing (or what it says `otherwise`), one that is not what it should be is bad and counts
as empty.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from math import floor

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, Source
from tests.oracles.nmea_lines import Piece

Fact = tuple[str, int]
SECOND_US = 1_000_000
INT32_MAX = 2**31 - 1
FIELDS_MAX = 64
# From worst to best, with the quality that GGA would state.
MODES = {"N": 0, "S": 8, "M": 7, "E": 6, "A": 1, "D": 2, "P": 3, "F": 5, "R": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Neighbouring fields from `at` that state something together. `parse` takes their texts; `None` is bad."""

    at: int
    parse: Callable[..., Sequence[Fact] | None]
    width: int = 1
    otherwise: Sequence[Fact] = ()
    is_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sentence. The kinds of lower `rank` are believed first."""

    rank: int
    source: Source
    cells: Sequence[Cell]
    opens: bool = False
    repeats: bool = False
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a sentence says. `alone`: its time was bad."""

    piece: Piece
    kind: Kind
    facts: Sequence[Fact]
    bad: bool
    alone: bool

    @property
    def tells_when(self) -> bool:
        return self.kind.opens or any(name == "day_us" for name, _ in self.facts)


def half_away(value: Fraction) -> int:
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def decimal(name: str, at: int, scale: Fraction, low: int = 0, high: int = INT32_MAX, unit: str = "") -> Cell:
    def parse(text: str, letter: str) -> Sequence[Fact] | None:
        if not text:
            return ()
        digits = len(re.sub("[^0-9]", "", text))
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]{0,9})?", text) or digits > 14 or (unit and letter not in ("", unit)):
            return None
        value = half_away(Fraction(text) * scale)
        return [(name, value)] if low <= value <= high else None

    return Cell(at=at, parse=parse, width=2)


def count(name: str, at: int, high: int, low: int = 0) -> Cell:
    def parse(text: str) -> Sequence[Fact] | None:
        good = re.fullmatch("[0-9]{1,16}", text) and low <= int(text) <= high
        return [(name, int(text))] if good else None

    return Cell(at=at, parse=parse)


def hexadecimal(name: str, at: int) -> Cell:
    def parse(text: str) -> Sequence[Fact] | None:
        return [(name, int(text, 16))] if re.fullmatch("0{0,4}[0-9A-Fa-f]{1,4}", text) else None

    return Cell(at=at, parse=parse)


def word(name: str, at: int, meanings: Mapping[str, int]) -> Cell:
    return Cell(at=at, parse=lambda text: [(name, meanings[text])] if text in meanings else None)


def void(at: int, valid: str, invalid: str, *, unless_stated: bool) -> Cell:
    """A letter that says whether there is a fix. `unless_stated`: without a right one there is none."""

    def parse(text: str) -> Sequence[Fact] | None:
        if len(text) != 1 or text not in valid + invalid:
            return None
        return [("void", 1)] if text in invalid else ()

    return Cell(at=at, parse=parse, otherwise=[("void", 1)] if unless_stated else ())


def mode(at: int) -> Cell:
    """The mode of RMC and GLL: what was not measured says so in its quality."""

    def parse(text: str) -> Sequence[Fact] | None:
        if len(text) != 1 or text not in MODES:
            return None
        return [("void", 1)] if text == "N" else [("quality", MODES[text])] if text in "EMS" else ()

    return Cell(at=at, parse=parse)


def modes(at: int) -> Cell:
    """The modes of GNS, a letter per satellite system: the best one counts."""

    def parse(text: str) -> Sequence[Fact] | None:
        if not set(text) <= MODES.keys():
            return None
        best = max(text, key=list(MODES).index)
        return [("quality", MODES[best]), *([("void", 1)] if best == "N" else [])]

    return Cell(at=at, parse=parse, otherwise=[("void", 1)])


def clock(at: int) -> Cell:
    def parse(text: str) -> Sequence[Fact] | None:
        found = re.fullmatch(r"([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9]|60)(?:\.([0-9]{0,9}))?", text)
        if not found:
            return None
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + Fraction(f"{found[3]}.{found[4] or ''}0")
        return [("day_us", floor(seconds * SECOND_US))]

    return Cell(at=at, parse=parse, is_clock=True)


def _midnight(year: int, month: int, day: int) -> Sequence[Fact] | None:
    try:
        return [("date_us", int(datetime(year, month, day, tzinfo=UTC).timestamp()) * SECOND_US)]
    except ValueError:
        return None


def date(at: int) -> Cell:
    def parse(text: str) -> Sequence[Fact] | None:
        if not re.fullmatch("[0-9]{6}", text):
            return None
        day, month, year = (int(text[place : place + 2]) for place in (0, 2, 4))
        return _midnight(year + (1900 if year >= 80 else 2000), month, day)

    return Cell(at=at, parse=parse)


def date_parts(at: int) -> Cell:
    def parse(day: str, month: str, year: str) -> Sequence[Fact] | None:
        found = re.fullmatch("([0-9]{1,2}),([0-9]{1,2}),([0-9]{1,4})", f"{day},{month},{year}")
        return _midnight(int(year), int(month), int(day)) if found and int(year) >= 1970 else None

    return Cell(at=at, parse=parse, width=3)


def _angle(text: str, letter: str, degrees_digits: int, letters: str) -> int | None:
    found = re.fullmatch(rf"([0-9]{{{degrees_digits}}})([0-5][0-9](?:\.[0-9]{{0,9}})?)", text)
    if not found or len(letter) != 1 or letter not in letters:
        return None
    angle = half_away((int(found[1]) + Fraction(found[2]) / 60) * 10**7)
    if angle > (90 if degrees_digits == 2 else 180) * 10**7:
        return None
    return angle if letter == letters[0] else -angle


def position(at: int) -> Cell:
    def parse(latitude: str, north: str, longitude: str, east: str) -> Sequence[Fact] | None:
        lat_e7, lon_e7 = _angle(latitude, north, 2, "NS"), _angle(longitude, east, 3, "EW")
        return None if lat_e7 is None or lon_e7 is None else [("lat_e7", lat_e7), ("lon_e7", lon_e7)]

    return Cell(at=at, parse=parse, width=4)


def course(at: int, unit: str = "") -> Cell:
    plain = decimal("course_cdeg", at, Fraction(100), high=36_000, unit=unit)

    def parse(text: str, letter: str) -> Sequence[Fact] | None:
        found = plain.parse(text, letter)
        return found and [(name, value % 36_000) for name, value in found]

    return Cell(at=at, parse=parse, width=2)


KNOT, KMH = Fraction(1_852_000, 3_600), Fraction(1_000_000, 3_600)


def speed(at: int, scale: Fraction, unit: str = "") -> Cell:
    return decimal("speed_mmps", at, scale, unit=unit)


def hdop(at: int) -> Cell:
    return decimal("hdop_centi", at, Fraction(100))


def altitude(at: int, unit: str = "") -> Cell:
    return decimal("alt_mm", at, Fraction(1_000), low=-1_000_000, high=100_000_000, unit=unit)


PSNOW = (
    count("boot", 1, 2**32 - 1, low=1),
    count("seq", 2, 2**53 - 1, low=1),
    count("uptime_ms", 3, 2**53 - 1),
    word("blade", 4, {"U": BLADE_UP, "D": BLADE_DOWN}),
    decimal("blade_cdeg", 5, Fraction(100), low=-9_000, high=9_000),
    word("spreading", 6, {"0": 0, "1": 1}),
    decimal("spread_mgpm2", 7, Fraction(1_000), high=1_000_000),
    decimal("spread_width_mm", 8, Fraction(1_000), high=100_000),
    word("pto", 9, {"0": 0, "1": 1}),
    hexadecimal("inputs", 10),
    decimal("battery_mv", 11, Fraction(1_000), high=100_000),
    count("buffered", 12, INT32_MAX),
)
PSWRK = tuple(replace(cell, at=cell.at - 3) for cell in PSNOW[3:11])
GGA = (
    clock(1),
    position(2),
    count("quality", 6, 9),
    void(6, "123456789", "0", unless_stated=True),
    count("satellites", 7, 999),
    hdop(8),
    altitude(9, unit="M"),
)
GNS = (clock(1), position(2), modes(6), count("satellites", 7, 999), hdop(8), altitude(9))
RMC = (
    clock(1),
    void(2, "A", "V", unless_stated=True),
    position(3),
    speed(7, KNOT),
    course(8),
    date(9),
    mode(12),
)
GLL = (position(1), clock(5), void(6, "A", "V", unless_stated=False), mode(7))
VTG = (course(1, unit="T"), speed(5, KNOT, unit="N"), speed(7, KMH, unit="K"))

STANDARD: Mapping[str, Kind] = {
    "PSNOW": Kind(rank=0, source=Source.PSNOW, cells=PSNOW, opens=True, needs=frozenset({"boot", "seq"})),
    "GGA": Kind(rank=1, source=Source.GGA, cells=GGA),
    "GNS": Kind(rank=2, source=Source.GNS, cells=GNS),
    "RMC": Kind(rank=3, source=Source.RMC, cells=RMC),
    "GLL": Kind(rank=4, source=Source.GLL, cells=GLL),
    "VTG": Kind(rank=5, source=Source.VTG, cells=VTG),
    "GSA": Kind(rank=6, source=Source.GSA, cells=(hdop(16),), repeats=True),
    "ZDA": Kind(rank=7, source=Source.ZDA, cells=(clock(1), date_parts(2))),
    "PSWRK": Kind(rank=8, source=Source.ADAPTED, cells=PSWRK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What an agency's trackers speak beyond the standard: makers' sentences by their addresses."""

    unchecked: bool = False
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def kind_of(piece: Piece, dialect: Dialect) -> Kind | None:
    """A private sentence is known by its whole address, another one by the three letters behind its talker."""
    address = piece.text.split(b",")[0].decode("ascii")
    if piece.raw[:1] != b"$" or not (piece.is_private or len(address) == 5):
        return None
    name = address if piece.is_private else address[2:]
    return STANDARD.get(name) or dialect.kinds.get(name)


def stated(piece: Piece, kind: Kind) -> Stated | None:
    """What a sentence says; `None` without the fields that it needs."""
    texts = piece.text.decode("ascii").split(",", FIELDS_MAX - 1)
    facts: list[Fact] = []
    faults: list[Cell] = []
    for cell in kind.cells:
        part = [texts[at] if at < len(texts) else "" for at in range(cell.at, cell.at + cell.width)]
        found = cell.parse(*part) if any(part) else cell.otherwise
        if found is None:
            faults.append(cell)
        facts += cell.otherwise if found is None else found
    if not kind.needs <= {name for name, _ in facts}:
        return None
    alone = any(cell.is_clock for cell in faults)
    return Stated(piece=piece, kind=kind, facts=tuple(facts), bad=bool(faults), alone=alone)


def first_of_each(facts: Sequence[Fact]) -> Iterator[Fact]:
    """What a sentence states twice (knots, then kilometres an hour) counts as it is stated first."""
    return iter(dict(reversed(facts)).items())
