"""The file of dialects: what the trackers of an agency speak beyond the device protocol, as that page describes it."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
    model_validator,
)

from snowtrack.model.errors import ConfigError
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, Source
from snowtrack.model.ids import ID_PATTERN
from snowtrack.nmea.decode import Dialect
from snowtrack.nmea.fields import FIELDS_MAX, Read
from snowtrack.nmea.sentences import ADDRESS_CHARACTERS_MAX, PSNOW, PSWRK, SCALE_MAX, Kind
from snowtrack.nmea.sentences import Field as SentenceField

# What the file calls them, and which value of our own sentence each is; units are those of our own sentence.
NAMES = {
    "boot": "boot",
    "seq": "seq",
    "uptime": "uptime_ms",
    "blade": "blade",
    "angle": "blade_cdeg",
    "spreader": "spreading",
    "density": "spread_mgpm2",
    "width": "spread_width_mm",
    "pto": "pto",
    "inputs": "inputs",
    "battery": "battery_mv",
    "buffer": "buffered",
}
MEANINGS = {
    "blade": {"down": BLADE_DOWN, "up": BLADE_UP},
    "spreader": {"on": 1, "off": 0},
    "pto": {"on": 1, "off": 0},
}
Place = Annotated[int, Field(ge=1, lt=FIELDS_MAX)]
Text = Annotated[str, StringConstraints(pattern=r"^[!-#%-)+\--~]{1,8}$")]


def _as_written(number: object) -> object:
    """0.001 is a thousandth, not the nearest binary fraction; and true is no number."""
    return str(number) if isinstance(number, float | bool) else number


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Where(_Strict):
    """Where a value stands in a maker's sentence, and how it is said there."""

    at: Place
    scale: Annotated[Fraction, BeforeValidator(_as_written), Field(gt=0, strict=False)] = Fraction(1)
    values: dict[Text, str] = {}


class _Sentence(_Strict):
    """A maker's sentence."""

    address: Annotated[str, StringConstraints(pattern=rf"^P[A-Z0-9]{{2,{ADDRESS_CHARACTERS_MAX - 1}}}$")]
    fields: dict[str, Place | _Where]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.address in (PSNOW.address, PSWRK.address):
            raise ValueError(f"{self.address} is our own sentence")
        for name, where in self.fields.items():
            _as_field(name, where)
        if ("boot" in self.fields) != ("seq" in self.fields):
            raise ValueError("boot and seq mean something together only")
        return self


class _Agency(_Strict):
    """What one agency's trackers speak."""

    unchecked: bool = False
    sentence: list[_Sentence] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = [address for address, count in Counter(each.address for each in self.sentence).items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]} is there twice")
        return self


class _File(RootModel[dict[Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN.pattern}$")], _Agency]]):
    """Agency to what it speaks."""


@dataclass(frozen=True, slots=True)
class Dialects:
    """The dialects, and the number of each agency's; 0 is the standard."""

    dialects: tuple[Dialect, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)

    def number(self, agency: str) -> int:
        return self.numbers.get(agency, 0)


def load_dialects(path: Path | None) -> Dialects:
    """Read the file; without one everybody speaks the standard."""
    if path is None:
        return Dialects()
    try:
        agencies = _File.model_validate(tomllib.loads(path.read_text("utf-8"))).root
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    except ValidationError as error:
        fault = max(error.errors(include_url=False), key=lambda fault: len(fault["loc"]))
        place = ".".join(str(part) for part in fault["loc"] if part not in ("int", "_Where", "constrained-int"))
        raise ConfigError(f"{path}: {place}: {fault['msg'].removeprefix('Value error, ')}") from None
    return Dialects(
        dialects=tuple(
            Dialect(unchecked=agency.unchecked, kinds=tuple(_as_kind(each) for each in agency.sentence))
            for agency in agencies.values()
        ),
        numbers={name: number for number, name in enumerate(agencies, start=1)},
    )


def _as_kind(sentence: _Sentence) -> Kind:
    fields = tuple(_as_field(name, where) for name, where in sentence.fields.items())
    return Kind(address=sentence.address, source=Source.ADAPTED, fields=fields, opens="seq" in sentence.fields)


def _as_field(name: str, where: int | _Where) -> SentenceField:
    """The field of our own sentence, read from another place in another way."""
    if name not in NAMES:
        raise ValueError(f"there is no field {name}; expected one of {', '.join(NAMES)}")
    where = _Where(at=where) if isinstance(where, int) else where
    own = replace(next(each for each in PSNOW.fields if each.value == NAMES[name]), at=where.at)
    if where.values:
        meanings = MEANINGS.get(name, {})
        unknown = set(where.values.values()) - meanings.keys()
        if unknown:
            expected = f"expected {' or '.join(meanings)}" if meanings else "this field takes no words"
            raise ValueError(f"{name}: there is no {min(unknown)}; {expected}")
        own = replace(own, choices={text: meanings[word] for text, word in where.values.items()})
    if where.scale != 1:
        scale = Fraction(*own.scale) * where.scale
        if own.read not in (Read.DECIMAL, Read.COUNT) or max(scale.as_integer_ratio()) > SCALE_MAX:
            raise ValueError(f"{name}: this scale cannot be used here")
        own = replace(own, read=Read.DECIMAL, scale=scale.as_integer_ratio())
    return own
