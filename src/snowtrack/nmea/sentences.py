"""One checked line to the values that it states.

`SENTENCES` is the table of what we read. An empty field is absent; a field that is there and is not what its
sentence says it should be spoils the whole sentence, because a receiver that writes rubbish in one field is not to
be believed in the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, RejectReason
from snowtrack.nmea.numbers import angle_e7, day_time_us, day_us, scaled, whole

BOOT_MAX = 2**32 - 1
SEQ_MAX = 2**53 - 1
INT32_MAX = 2**31 - 1

Reader = Callable[..., int | None]


@dataclass(frozen=True, slots=True)
class Field:
    """`width` neighbouring fields from `at`, read together into one value."""

    value: str
    at: int
    read: Reader
    width: int = 1


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one line states: its kind and the values that were there. A void fix states no position."""

    kind: str
    values: Mapping[str, int]


def _latitude(angle: str, hemisphere: str) -> int | None:
    return angle_e7(angle, hemisphere, "N", "S")


def _longitude(angle: str, hemisphere: str) -> int | None:
    return angle_e7(angle, hemisphere, "E", "W")


def _bounded(numerator: int, denominator: int, low: int, high: int) -> Reader:
    def read(text: str) -> int | None:
        value = scaled(text, numerator, denominator)
        return value if value is not None and low <= value <= high else None

    return read


def _count(largest: int) -> Reader:
    return lambda text: whole(text, largest)


def _blade(text: str) -> int | None:
    return {"U": BLADE_UP, "D": BLADE_DOWN}.get(text)


def _course(text: str) -> int | None:
    value = scaled(text, 100)
    return value % 36_000 if value is not None and 0 <= value <= 36_000 else None


SENTENCES: Mapping[str, tuple[Field, ...]] = {
    "PSNOW": (
        Field("boot", 1, _count(BOOT_MAX)),
        Field("seq", 2, _count(SEQ_MAX)),
        Field("uptime_ms", 3, _count(SEQ_MAX)),
        Field("blade", 4, _blade),
    ),
    "RMC": (
        Field("day_us", 1, day_time_us),
        Field("lat_e7", 3, _latitude, 2),
        Field("lon_e7", 5, _longitude, 2),
        Field("speed_mmps", 7, _bounded(1_852_000, 3_600, 0, INT32_MAX)),
        Field("course_cdeg", 8, _course),
        Field("date_us", 9, day_us),
    ),
    "GGA": (
        Field("day_us", 1, day_time_us),
        Field("lat_e7", 2, _latitude, 2),
        Field("lon_e7", 4, _longitude, 2),
        Field("quality", 6, _count(8)),
        Field("satellites", 7, _count(999)),
        Field("hdop_centi", 8, _bounded(100, 1, 0, INT32_MAX)),
        Field("alt_mm", 9, _bounded(1_000, 1, -1_000_000, 100_000_000)),
    ),
}
POSITION = ("lat_e7", "lon_e7")


def read_sentence(fields: tuple[str, ...]) -> Sentence | RejectReason:
    """Read the fields of a checked line."""
    kind = _kind(fields[0])
    if kind not in SENTENCES:
        return RejectReason.UNKNOWN_SENTENCE
    values: dict[str, int] = {}
    for field in SENTENCES[kind]:
        texts = fields[field.at : field.at + field.width]
        if not any(texts):
            continue
        value = field.read(*texts) if len(texts) == field.width else None
        if value is None:
            return RejectReason.BAD_FIELD
        values[field.value] = value
    return _judge(kind, fields, values)


def _kind(address: str) -> str:
    """Our own sentence, or a standard one of any talker: two letters, of which a P would make it a private one."""
    if address == "PSNOW":
        return address
    return address[2:] if len(address) == 5 and not address.startswith("P") else ""


def _judge(kind: str, fields: tuple[str, ...], values: dict[str, int]) -> Sentence | RejectReason:
    if kind == "PSNOW" and not (values.get("boot") and values.get("seq")):
        return RejectReason.BAD_FIELD
    if (values.keys() & set(POSITION)) not in (set(), set(POSITION)):
        return RejectReason.BAD_FIELD
    void = (kind == "RMC" and fields[2:3] != ("A",)) or (kind == "GGA" and not values.get("quality"))
    if void:
        values = {name: value for name, value in values.items() if name not in POSITION}
    return Sentence(kind, values)
