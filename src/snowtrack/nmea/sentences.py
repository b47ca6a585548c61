"""What we read: one table of sentences, and its form as numbers for the compiled readers.

An empty field is absent. A field that is there and is not what its sentence says it should be is counted and taken for
empty; the rest of the sentence holds. Where two sentences of an epoch state the same value, the one higher up in the
table is believed, so that their order does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch, Source
from snowtrack.nmea.fields import Read, Table

Row = tuple[int, ...]

BOOT_MAX = 2**32 - 1
SEQ_MAX = 2**53 - 1
INT32_MAX = 2**31 - 1
# In millimetres a second. Fractions in lowest terms leave room for all digits in 64 bits.
KNOT = (4_630, 9)
KMH = (2_500, 9)
SCALE_MAX = 40_000
ADDRESS_CHARACTERS_MAX = 8
WIDTHS = {Read.POSITION: 4, Read.DATE_PARTS: 3}
ELSEWHERE = {"device", "digest", "time_us", "day_us", "received_us", "sources", "remarks"}
# What a sentence can state, by number: the time of day first, then what is used on the way, then columns of a fix.
VALUES = (
    "day_us",
    "date_us",
    "void",
    *(name for name in FixBatch.dtypes() if name not in ELSEWHERE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value and where it stands.

    A decimal is multiplied by `scale` and must lie within `low` and `high`; `unit` is the letter that the next field
    must have if it has any; `otherwise` is the value of an empty or a bad field; without a `needed` field there is no
    sentence. A position takes four fields and is two values.
    """

    value: str
    at: int
    read: Read
    scale: tuple[int, int] = (1, 1)
    low: int = 0
    high: int = INT32_MAX
    unit: str = ""
    choices: Mapping[str, int] = field(default_factory=dict)
    otherwise: int = ABSENT_64
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One sentence. Its address is the whole one of a private sentence, else the three letters behind the talker.

    `opens`: an epoch begins with it. `repeats`: an epoch may have several (one per satellite system).
    """

    address: str
    source: Source
    fields: tuple[Field, ...]
    opens: bool = False
    repeats: bool = False


def _position(at: int) -> Field:
    return Field(value="lat_e7", at=at, read=Read.POSITION)


def _clock(at: int) -> Field:
    return Field(value="day_us", at=at, read=Read.CLOCK)


def _void(at: int, valid: str, void: str, otherwise: int) -> Field:
    choices = dict.fromkeys(valid, ABSENT_64) | dict.fromkeys(void, 1)
    return Field(value="void", at=at, read=Read.CHOICE, choices=choices, otherwise=otherwise)


def _mode(at: int) -> tuple[Field, Field]:
    """Mode indicator (NMEA 2.3 and later): N is void; a position that was not measured says so in its quality."""
    stated = dict.fromkeys("ADFNPR", ABSENT_64) | {"E": 6, "M": 7, "S": 8}
    return Field(value="quality", at=at, read=Read.CHOICE, choices=stated), _void(at, "ADEFMPRS", "N", ABSENT_64)


def _speed(at: int, scale: tuple[int, int], unit: str = "") -> Field:
    return Field(value="speed_mmps", at=at, read=Read.DECIMAL, scale=scale, unit=unit)


def _course(at: int, unit: str = "") -> Field:
    return Field(value="course_cdeg", at=at, read=Read.COURSE, scale=(100, 1), high=36_000, unit=unit)


def _altitude(at: int, unit: str = "") -> Field:
    return Field(
        value="alt_mm", at=at, read=Read.DECIMAL, scale=(1_000, 1), low=-1_000_000, high=100_000_000, unit=unit
    )


def _on_off(value: str, at: int) -> Field:
    return Field(value=value, at=at, read=Read.CHOICE, choices={"0": 0, "1": 1})


def _hdop(at: int) -> Field:
    return Field(value="hdop_centi", at=at, read=Read.DECIMAL, scale=(100, 1))


def _satellites(at: int) -> Field:
    return Field(value="satellites", at=at, read=Read.COUNT, high=999)


PSNOW = Kind(
    address="PSNOW",
    source=Source.PSNOW,
    opens=True,
    fields=(
        Field(value="boot", at=1, read=Read.COUNT, low=1, high=BOOT_MAX, needed=True),
        Field(value="seq", at=2, read=Read.COUNT, low=1, high=SEQ_MAX, needed=True),
        Field(value="uptime_ms", at=3, read=Read.COUNT, high=SEQ_MAX),
        Field(value="blade", at=4, read=Read.CHOICE, choices={"U": BLADE_UP, "D": BLADE_DOWN}),
        Field(value="blade_cdeg", at=5, read=Read.DECIMAL, scale=(100, 1), low=-9_000, high=9_000),
        _on_off("spreading", 6),
        Field(value="spread_mgpm2", at=7, read=Read.DECIMAL, scale=(1_000, 1), high=1_000_000),
        Field(value="spread_width_mm", at=8, read=Read.DECIMAL, scale=(1_000, 1), high=100_000),
        _on_off("pto", 9),
        Field(value="inputs", at=10, read=Read.HEXADECIMAL, high=0xFFFF),
        Field(value="battery_mv", at=11, read=Read.DECIMAL, scale=(1_000, 1), high=100_000),
        Field(value="buffered", at=12, read=Read.COUNT),
    ),
)
# Of a machine whose epochs have no number: it belongs to the epoch in which it comes.
PSWRK = Kind(
    address="PSWRK",
    source=Source.ADAPTED,
    fields=tuple(replace(each, at=at) for at, each in enumerate(PSNOW.fields[3:11], start=1)),
)
SENTENCES: Sequence[Kind] = (
    PSNOW,
    Kind(
        address="GGA",
        source=Source.GGA,
        fields=(
            _clock(1),
            _position(2),
            Field(value="quality", at=6, read=Read.COUNT, high=9),
            _void(6, "123456789", "0", otherwise=1),
            _satellites(7),
            _hdop(8),
            _altitude(9, unit="M"),
        ),
    ),
    Kind(
        address="GNS",
        source=Source.GNS,
        fields=(
            _clock(1),
            _position(2),
            Field(value="quality", at=6, read=Read.MODES),
            Field(value="void", at=6, read=Read.NO_MODE, otherwise=1),
            _satellites(7),
            _hdop(8),
            _altitude(9),
        ),
    ),
    Kind(
        address="RMC",
        source=Source.RMC,
        fields=(
            _clock(1),
            _void(2, "A", "V", otherwise=1),
            _position(3),
            _speed(7, KNOT),
            _course(8),
            Field(value="date_us", at=9, read=Read.DATE),
            *_mode(12),
        ),
    ),
    Kind(
        address="GLL",
        source=Source.GLL,
        fields=(_position(1), _clock(5), _void(6, "A", "V", otherwise=ABSENT_64), *_mode(7)),
    ),
    Kind(
        address="VTG",
        source=Source.VTG,
        fields=(
            _course(1, unit="T"),
            _speed(5, KNOT, unit="N"),
            _speed(7, KMH, unit="K"),
        ),
    ),
    Kind(address="GSA", source=Source.GSA, repeats=True, fields=(_hdop(16),)),
    Kind(address="ZDA", source=Source.ZDA, fields=(_clock(1), Field(value="date_us", at=2, read=Read.DATE_PARTS))),
    PSWRK,
)


def packed(text: str) -> int:
    """Up to eight ASCII characters as one number."""
    return int.from_bytes(text.encode("ascii"), "big")


def table_of(tables: Sequence[Sequence[Kind]]) -> Table:
    """The numeric form of the standard table and of adapters' tables, which are numbered from 1 on."""
    kinds: list[Row] = []
    fields: list[Row] = []
    choices: list[Row] = []
    for adapter, kind in ((adapter, kind) for adapter, table in enumerate(tables) for kind in table):
        address = packed(kind.address)
        kinds.append((address, adapter, kind.source, kind.opens, kind.repeats, len(fields)))
        for each in kind.fields:
            fields.append(_field_row(each, len(choices)))
            choices.extend((packed(text), meaning) for text, meaning in each.choices.items())
    kinds.append((0, 0, 0, 0, 0, len(fields)))
    fields.append(_field_row(Field(value="void", at=0, read=Read.COUNT), len(choices)))
    return Table(*(np.array(rows, np.int64) for rows in (kinds, fields, choices)))


def _field_row(each: Field, choices_from: int) -> Row:
    where = (VALUES.index(each.value), each.at, WIDTHS.get(each.read, 1), each.read)
    return (*where, *each.scale, each.low, each.high, packed(each.unit), each.otherwise, each.needed, choices_from)
