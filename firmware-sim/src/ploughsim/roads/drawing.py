"""Roads as they are drawn: places in metres, and lines between them, in columns."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Metres = NDArray[np.floating[Any]]

NATION, PREFECTURE, MUNICIPALITY = 1, 2, 3
NO_TEXT = -1
TEXTS = ("name", "reading", "route", "district")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is said of a road."""

    road_class: int
    manager: int = MUNICIPALITY
    kind: int = 0
    oneway: int = 0
    structure: int = 0
    level: int = 0
    lanes: int = 2
    width_mm: int = 6_000
    priority: int = 0
    name: str = ""
    reading: str = ""
    route: str = ""
    district: str = ""


NUMBERS = tuple(one.name for one in fields(Look) if one.name not in TEXTS)


class Lines(NamedTuple):
    """Line i leads from place `start[i]` over the points `offsets[i] … offsets[i + 1] - 1` to place `end[i]`; `looks`
    has a column for each attribute, texts as rows of `texts`."""

    start: Places
    end: Places
    offsets: NDArray[np.int64]
    east_m: Metres
    north_m: Metres
    looks: dict[str, NDArray[np.int64]]
    texts: list[str]
    place_east_m: Metres
    place_north_m: Metres

    def __len__(self) -> int:
        return len(self.start)


@dataclass(slots=True)
class Drawing:
    """A sheet to draw on; lines keep the order in which they were drawn."""

    _places: list[tuple[Metres, Metres]] = field(default_factory=list)
    _first: list[int] = field(default_factory=list)
    _lines: list[tuple[Places, Places]] = field(default_factory=list)
    _inner: list[tuple[NDArray[np.int64], Metres, Metres]] = field(default_factory=list)
    _looks: list[dict[str, NDArray[np.int64]]] = field(default_factory=list)
    _texts: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def places(self, east_m: Metres, north_m: Metres) -> Places:
        """New places where lines may meet; they have the shape of the arrays."""
        count = east_m.size
        self._first.append(self._count)
        self._places.append((east_m.reshape(-1), north_m.reshape(-1)))
        self._count += count
        return np.arange(self._count - count, self._count).reshape(east_m.shape)

    def spot(self, place: int) -> tuple[float, float]:
        """East and north of a place."""
        sheet = bisect_right(self._first, place) - 1
        east_m, north_m = self._places[sheet]
        at = place - self._first[sheet]
        return float(east_m[at]), float(north_m[at])

    def straight(self, start: Places, end: Places, look: Look, **columns: NDArray[Any]) -> None:
        """Lines without points between; `columns` replace single attributes of the look, line by line."""
        none = np.empty(0)
        self._add(start, end, (np.zeros(len(start), np.int64), none, none), look, columns)

    def bent(self, start: int, end: int, points: tuple[Metres, Metres], look: Look) -> None:
        """One line over points in between."""
        inner = (np.array([len(points[0])], np.int64), *points)
        self._add(np.array([start]), np.array([end]), inner, look, {})

    def text(self, text: str) -> int:
        """The row of a text."""
        return self._texts.setdefault(text, len(self._texts)) if text else NO_TEXT

    def lines(self) -> Lines:
        counts = np.concatenate([inner[0] for inner in self._inner])
        return Lines(
            start=np.concatenate([start for start, _ in self._lines]),
            end=np.concatenate([end for _, end in self._lines]),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            east_m=np.concatenate([inner[1] for inner in self._inner]),
            north_m=np.concatenate([inner[2] for inner in self._inner]),
            looks={name: np.concatenate([looks[name] for looks in self._looks]) for name in (*NUMBERS, *TEXTS)},
            texts=list(self._texts),
            place_east_m=np.concatenate([east for east, _ in self._places]),
            place_north_m=np.concatenate([north for _, north in self._places]),
        )

    def _add(
        self,
        start: Places,
        end: Places,
        inner: tuple[NDArray[np.int64], Metres, Metres],
        look: Look,
        columns: dict[str, NDArray[Any]],
    ) -> None:
        values = {name: getattr(look, name) for name in NUMBERS}
        values |= {name: self.text(getattr(look, name)) for name in TEXTS}
        looks = {name: np.full(len(start), value, np.int64) for name, value in values.items()}
        looks |= {name: column.astype(np.int64) for name, column in columns.items()}
        self._lines.append((start, end))
        self._inner.append(inner)
        self._looks.append(looks)


_KANJI = "〇一二三四五六七八九"
_KANA = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")


def kanji(number: int) -> str:
    """1 to 999 as street signs write them."""
    return "".join(_digits(number, "百", "十", _KANJI))


def kana(number: int) -> str:
    """The same as it is read."""
    return "".join(_digits(number, "ひゃく", "じゅう", _KANA))


def _digits(number: int, hundred: str, ten: str, ones: Iterable[str]) -> list[str]:
    words = list(ones)
    hundreds, rest = divmod(number, 100)
    tens, last = divmod(rest, 10)
    parts = []
    for count, word in ((hundreds, hundred), (tens, ten)):
        if count:
            parts += ([words[count]] if count > 1 else []) + [word]
    return [*parts, words[last]] if last else parts
