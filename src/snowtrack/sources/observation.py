"""One observation of a machine as another system says it in JSON, and the sentences in which a tracker would say it.

What is read here has the units of a `FixBatch`, and the sentences have all the digits that one holds: decoded again
they are what was read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from typing import NamedTuple

import orjson

from snowtrack.model.calendar import SECOND_US, instant_us
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.nmea.sentences import BOOT_MAX, INT32_MAX, SEQ_MAX

YEARS = (1980, 2079)
"""RMC has only the last two digits of a year."""
AUTONOMOUS = 1

Values = dict[str, int]
"""An observation, by the columns of a `FixBatch`."""


class Wrong(NamedTuple):
    """The first thing that is wrong: where, and what is expected there."""

    where: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}"

    def within(self, place: str) -> "Wrong":
        return Wrong(f"{place}: {self.where}" if self.where else place, self.expected)


class Number(NamedTuple):
    """A number: its column, what one of it is there, and its bounds there. A `whole` one is taken as it is."""

    column: str
    one: tuple[int, int]
    low: int
    high: int
    whole: bool = False

    @property
    def expected(self) -> str:
        numerator, denominator = self.one
        low, high = (bound * denominator / numerator for bound in (self.low, self.high))
        return f"a {'whole ' if self.whole else ''}number from {low:.16g} to {high:.16g}"


def _count(column: str, low: int, high: int) -> Number:
    return Number(column, (1, 1), low, high, whole=True)


NUMBERS: Mapping[str, Number] = {
    "lat": Number("lat_e7", (10_000_000, 1), -900_000_000, 900_000_000),
    "lon": Number("lon_e7", (10_000_000, 1), -1_800_000_000, 1_800_000_000),
    "alt_m": Number("alt_mm", (1_000, 1), -1_000_000, 100_000_000),
    "speed_mps": Number("speed_mmps", (1_000, 1), 0, INT32_MAX),
    "speed_kmh": Number("speed_mmps", (2_500, 9), 0, INT32_MAX),
    "course_deg": Number("course_cdeg", (100, 1), 0, 36_000),
    "quality": _count("quality", 1, 9),
    "satellites": _count("satellites", 0, 999),
    "hdop": Number("hdop_centi", (100, 1), 0, INT32_MAX),
    "boot": _count("boot", 1, BOOT_MAX),
    "seq": _count("seq", 1, SEQ_MAX),
    "uptime_ms": _count("uptime_ms", 0, SEQ_MAX),
    "angle_deg": Number("blade_cdeg", (100, 1), -9_000, 9_000),
    "density_gpm2": Number("spread_mgpm2", (1_000, 1), 0, 1_000_000),
    "width_m": Number("spread_width_mm", (1_000, 1), 0, 100_000),
    "inputs": _count("inputs", 0, 0xFFFF),
    "battery_v": Number("battery_mv", (1_000, 1), 0, 100_000),
    "buffered": _count("buffered", 0, INT32_MAX),
}
SWITCHES: Mapping[str, Sequence[tuple[object, int]]] = {
    "blade": (("down", BLADE_DOWN), ("up", BLADE_UP), (True, BLADE_DOWN), (False, BLADE_UP)),
    "spreading": ((True, 1), (False, 0)),
    "pto": ((True, 1), (False, 0)),
}
KNOWN = ("time", *NUMBERS, *SWITCHES)
OF_NUMBERED = ("uptime_ms", "buffered")


def read_values(said: Mapping[str, object]) -> Values | Wrong:
    """What the members of a JSON object say; one that is null is not there."""
    said = {name: value for name, value in said.items() if value is not None}
    for name in ("time", "lat", "lon"):
        if name not in said:
            return Wrong(name, "a time with an offset" if name == "time" else NUMBERS[name].expected)
    values: Values = {}
    for name, value in said.items():
        if name not in KNOWN:
            return Wrong(name, f"nothing of this name; known are {', '.join(KNOWN)}")
        column, number = _read(name, value)
        if isinstance(number, str):
            return Wrong(name, number)
        if column in values:
            return Wrong(name, "speed_mps or speed_kmh, not both")
        values[column] = number
    return _unfounded(said) or values


def write_epoch(values: Values) -> bytes:
    """The sentences of an observation: RMC, GGA, and ours with what the machine does, before them where it has a number
    and behind them where it has none."""
    at = datetime.fromtimestamp(values["time_us"] // SECOND_US, UTC)
    clock = f"{at:%H%M%S}.{values['time_us'] % SECOND_US:06d}"
    place = f"{_angle(values['lat_e7'], 2, 'NS')},{_angle(values['lon_e7'], 3, 'EW')}"
    course, hdop, altitude = (_text(values, *one) for one in (("course_cdeg", 2), ("hdop_centi", 2), ("alt_mm", 3)))
    work = _work(values)
    quality, satellites = values.get("quality", AUTONOMOUS), values.get("satellites", "")
    return b"".join(
        (
            _sentence(f"PSNOW,{_numbered(values)}") if "seq" in values else b"",
            _sentence(f"GPRMC,{clock},A,{place},{_knots(values)},{course},{at:%d%m%y},,"),
            _sentence(f"GPGGA,{clock},{place},{quality},{satellites},{hdop},{altitude},M,,M,,"),
            _sentence(",".join(("PSWRK", *work)).rstrip(",")) if "seq" not in values and any(work) else b"",
        )
    )


def _read(name: str, value: object) -> tuple[str, int | str]:
    """The column of a member and its value there, or what is expected of it."""
    if name == "time":
        return "time_us", _read_time(value)
    if name in SWITCHES:
        meant = (number for word, number in SWITCHES[name] if type(word) is type(value) and word == value)
        return name, next(meant, " or ".join(orjson.dumps(word).decode() for word, _ in SWITCHES[name]))
    number = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int if number.whole else int | float):
        return number.column, number.expected
    scaled = value if number.whole else value * number.one[0] / number.one[1]
    return number.column, round(scaled) if number.low <= scaled <= number.high else number.expected


def _read_time(value: object) -> int | str:
    try:
        said = datetime.fromisoformat(value) if isinstance(value, str) else None
        if said is not None and said.utcoffset() is not None and YEARS[0] <= said.astimezone(UTC).year <= YEARS[1]:
            return instant_us(said, UTC)
    except (ValueError, OverflowError):
        pass
    return f"a time with an offset, such as 2027-01-14T06:00:00+09:00, from {YEARS[0]} to {YEARS[1]}"


def _unfounded(said: Mapping[str, object]) -> Wrong | None:
    """What means nothing alone."""
    if "boot" in said and "seq" not in said:
        return Wrong("seq", "the number that belongs to this boot")
    if "seq" in said and "boot" not in said:
        return Wrong("boot", "the boot that this seq belongs to")
    alone = next((name for name in OF_NUMBERED if name in said and "seq" not in said), None)
    return None if alone is None else Wrong(alone, "boot and seq beside it")


def _numbered(values: Values) -> str:
    """Empty fields at the end are left out."""
    before = ",".join(_text(values, name, 0) for name in ("boot", "seq", "uptime_ms"))
    return ",".join((before, *_work(values), _text(values, "buffered", 0))).rstrip(",")


def _work(values: Values) -> tuple[str, ...]:
    """What the machine does."""
    return (
        {BLADE_DOWN: "D", BLADE_UP: "U"}.get(values.get("blade", -1), ""),
        _text(values, "blade_cdeg", 2),
        _text(values, "spreading", 0),
        _text(values, "spread_mgpm2", 3),
        _text(values, "spread_width_mm", 3),
        _text(values, "pto", 0),
        f"{values['inputs']:04X}" if "inputs" in values else "",
        _text(values, "battery_mv", 3),
    )


def _angle(angle_e7: int, width: int, letters: str) -> str:
    """Degrees and minutes; six decimals are exact, since 1e-7 degrees are 6e-6 minutes."""
    degrees, rest = divmod(abs(angle_e7), 10_000_000)
    minutes, millionths = divmod(rest * 6, 1_000_000)
    return f"{degrees:0{width}d}{minutes:02d}.{millionths:06d},{letters[angle_e7 < 0]}"


def _knots(values: Values) -> str:
    """With three decimals: a thousandth is half a millimetre a second, so the nearest one is read as what it was."""
    return _decimal((values["speed_mmps"] * 18_000 + 4_630) // 9_260, 3) if "speed_mmps" in values else ""


def _text(values: Values, column: str, digits: int) -> str:
    return _decimal(values[column], digits) if column in values else ""


def _decimal(number: int, digits: int) -> str:
    """A count of units of the last decimal as a decimal number."""
    whole, rest = divmod(abs(number), 10**digits)
    return f"{'-' if number < 0 else ''}{whole}{f'.{rest:0{digits}d}' if digits else ''}"


def _sentence(text: str) -> bytes:
    content = text.encode("ascii")
    return b"$%b*%02X\r\n" % (content, reduce(xor, content))
