"""What an indicator is, and a figure of one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Whose(StrEnum):
    """By which agency a figure is counted."""

    ROUTES = "routes"
    ROADS = "roads"
    MACHINES = "machines"
    SENSORS = "sensors"

    @property
    def words(self) -> str:
        return {
            Whose.ROUTES: "whose route it is",
            Whose.ROADS: "who manages the road",
            Whose.MACHINES: "whose machine it is",
            Whose.SENSORS: "whose sensor it is",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One indicator. Its value is numerator × `scale` / denominator, rounded to `digits`, where `means` does not say
    otherwise. `of` says what it is told apart by, if by anything."""

    key: str
    japanese: str
    unit: str
    means: str
    japanese_means: str
    numerator: str
    denominator: str
    sources: str
    serves: str
    whose: Whose
    of: str = ""
    scale: float = 1.0
    digits: int = 3

    def as_json(self) -> dict[str, Any]:
        return {
            "indicator": self.key,
            "japanese": self.japanese,
            "unit": self.unit,
            "means": self.means,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "of": self.of or None,
            "counted_by": self.whose.words,
            "sources": self.sources.split(", "),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One value. Without an agency it is of all together; `NOBODYS` stands for roads that nobody manages. There is no
    value where the denominator is nothing."""

    definition: Definition
    agency: str | None
    of: str | None
    value: float | None
    numerator: int
    denominator: int

    def as_json(self) -> dict[str, Any]:
        return {
            "indicator": self.definition.key,
            "agency": self.agency,
            "of": self.of,
            "value": self.value,
            "unit": self.definition.unit,
            "numerator": self.numerator,
            "denominator": self.denominator,
        }


def figure(
    definition: Definition, agency: str | None, numerator: int, denominator: int = 1, of: str | None = None
) -> Figure:
    """The value of two counts."""
    value = None
    if denominator:
        value = round(numerator * definition.scale / denominator, definition.digits or None)
    return Figure(
        definition=definition, agency=agency, of=of, value=value, numerator=numerator, denominator=denominator
    )
