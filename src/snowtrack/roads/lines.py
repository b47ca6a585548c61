"""Roads as their source gives them: lines with attributes, not yet cut; one by one, or all as columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Bools, Columns, Int8s, Int32s, Int64s, UInt8s, ranges
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure

Point = tuple[int, int]
"""Latitude and longitude in 1e-7 degrees."""
Told = Callable[[str, int], None]
"""Told what is being done, and how many there are of it so far."""
TEXTS = ("name", "reading", "route", "district", "source")


def untold(what: str, count: int) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadLine:
    """One road of a source."""

    source_id: int
    points: Sequence[Point]
    road_class: RoadClass
    manager: Manager
    kind: Kind = Kind.CARRIAGEWAY
    oneway: int = 0
    structure: Structure = Structure.GROUND
    level: int = 0
    lanes: int = 0
    width_mm: int = 0
    priority: int = 0
    name: str | None = None
    reading: str | None = None
    route: str | None = None
    district: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineAttributes(Columns):
    """What each segment has from its line, named as in the network; texts are numbers of texts, -1 for none."""

    source_id: Int64s
    road_class: UInt8s
    manager: UInt8s
    kind: UInt8s
    oneway: Int8s
    structure: UInt8s
    level: Int8s
    lanes: UInt8s
    width_mm: Int32s
    priority: UInt8s
    name_text: Int32s
    reading_text: Int32s
    route_text: Int32s
    district_text: Int32s
    source_text: Int32s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Line i has the vertices `offsets[i] … offsets[i+1]-1`. Lines meet where vertices have the same `place`.

    A line that `continues` is a further part of the feature that the line before it is of.
    """

    offsets: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    place: Int64s
    continues: Bools
    attributes: LineAttributes
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def concat(cls, parts: Sequence["Lines"]) -> "Lines":
        """All lines of several sources; places stay as they are."""
        texts, numbers = number_texts(text for part in parts for text in part.texts)
        attributes = []
        for part in parts:
            new = np.array([*(numbers[text] for text in part.texts), -1], np.int32)  # the last one stands for none
            columns = {name: getattr(part.attributes, name) for name in LineAttributes.dtypes()}
            columns |= {f"{text}_text": new[columns[f"{text}_text"]] for text in TEXTS}
            attributes.append(LineAttributes(**columns))
        counts = np.concatenate([[0], *(np.diff(part.offsets) for part in parts)])
        return cls(
            offsets=np.cumsum(counts).astype(np.int64),
            lat_e7=np.concatenate([np.empty(0, np.int32), *(part.lat_e7 for part in parts)]),
            lon_e7=np.concatenate([np.empty(0, np.int32), *(part.lon_e7 for part in parts)]),
            place=np.concatenate([np.empty(0, np.int64), *(part.place for part in parts)]),
            continues=np.concatenate([np.empty(0, np.bool_), *(part.continues for part in parts)]),
            attributes=LineAttributes.concat(attributes),
            texts=texts,
        )

    def take(self, lines: Int64s) -> "Lines":
        """Some of the lines, with all parts of each feature or none."""
        counts = np.diff(self.offsets)[lines]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        vertex = ranges(self.offsets[lines], counts)
        return Lines(
            offsets=offsets,
            lat_e7=self.lat_e7[vertex],
            lon_e7=self.lon_e7[vertex],
            place=self.place[vertex],
            continues=self.continues[lines],
            attributes=self.attributes.take(lines),
            texts=self.texts,
        )

    def within(self, box_e7: tuple[int, int, int, int]) -> "Lines":
        """The features of which a step may touch the box of west, south, east, north.

        They are taken whole, so that ids and metres stay the same.
        """
        west, south, east, north = box_e7
        line = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        steps = np.flatnonzero(line[1:] == line[:-1])
        touches = np.ones(len(steps), np.bool_)
        for column, least, most in ((self.lon_e7, west, east), (self.lat_e7, south, north)):
            touches &= np.maximum(column[steps], column[steps + 1]) >= least
            touches &= np.minimum(column[steps], column[steps + 1]) <= most
        feature = np.cumsum(~self.continues)
        return self.take(np.flatnonzero(np.isin(feature, feature[line[steps[touches]]])))


def as_columns(roads: Sequence[RoadLine]) -> Lines:
    """Roads that meet where they share a point, at one level."""
    texts, numbers = number_texts(getattr(road, text) for road in roads for text in TEXTS)
    points = np.array([point for road in roads for point in road.points], np.int32).reshape(-1, 2)
    rows = [[_value(road, column, numbers) for column in LineAttributes.dtypes()] for road in roads]
    attributes = LineAttributes.from_rows(rows)
    offsets = np.cumsum([0, *(len(road.points) for road in roads)]).astype(np.int64)
    return Lines(
        offsets=offsets,
        lat_e7=points[:, 0].copy(),
        lon_e7=points[:, 1].copy(),
        place=places_by_position(offsets, points[:, 0], points[:, 1], levels(attributes)),
        continues=np.zeros(len(roads), np.bool_),
        attributes=attributes,
        texts=texts,
    )


def _value(road: RoadLine, column: str, numbers: dict[str | None, int]) -> int:
    text = column.removesuffix("_text")
    return int(getattr(road, column)) if text == column else numbers[getattr(road, text)]


def number_texts(given: Iterable[str | None]) -> tuple[list[str], dict[str | None, int]]:
    """All texts once, and the number of each; no text is -1."""
    texts = list(dict.fromkeys(text for text in given if text))
    return texts, {None: -1, "": -1} | {text: number for number, text in enumerate(texts)}


def levels(roads: LineAttributes | Network) -> Int64s:
    """How high each line or segment runs: a bridge of which no more is known one level up, a tunnel one down."""
    level = roads.level.astype(np.int64)
    guessed = np.select([roads.structure == Structure.BRIDGE, roads.structure == Structure.TUNNEL], [1, -1])
    return np.where(level == 0, guessed, level)


def places_by_position(offsets: Int64s, lat_e7: Int32s, lon_e7: Int32s, level: Int64s) -> Int64s:
    """Places for sources that know positions only.

    Ends meet whatever ends at the same position, and what passes through on the ground or at a level of one of them.
    So a bridge is joined to the roads at its ends, and not to the road below.
    """
    position = lat_e7.astype(np.int64) << 32 | (lon_e7.astype(np.int64) & 0xFFFF_FFFF)
    _, at = np.unique(position, return_inverse=True)
    of_line = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    own = at * 256 + (level[of_line] + 128)
    is_end = np.zeros(len(at), np.bool_)
    filled = np.flatnonzero(np.diff(offsets))
    is_end[offsets[filled]] = is_end[offsets[filled + 1] - 1] = True
    ground = at * 256 + 128
    places: Int64s = np.where(is_end | np.isin(own, own[is_end]), ground, own)
    return places
