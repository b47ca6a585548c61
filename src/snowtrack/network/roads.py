"""Roads as people speak of them: the segments of one name, or else number, in one district."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Self

import numpy as np

from snowtrack.model.columns import Bools, Int32s, Int64s, Rows
from snowtrack.model.texts import plain
from snowtrack.network.arrays import Network, RoadClass
from snowtrack.network.geometry import metres_per_e7
from snowtrack.network.names import fit, keys_of
from snowtrack.network.places import snap

CLASSES = (
    RoadClass.NATIONAL,
    RoadClass.PREFECTURAL,
    RoadClass.MAIN,
    RoadClass.LOCAL,
    RoadClass.RAMP,
    RoadClass.FRONTAGE,
    RoadClass.UNKNOWN,
)
"""The more important ones first."""


def plain_names(network: Network) -> dict[int, str]:
    """Names and routes by their numbers; full-width signs and spaces around one make no other one of it."""
    used = np.union1d(network.name_text, network.route_text)
    return {number: plain(network.text(number) or "") for number in used[used >= 0].tolist()}


def called(network: Network, road: str) -> Bools:
    """The segments that have this name or route."""
    texts = [number for number, name in plain_names(network).items() if name == plain(road)]
    return np.isin(network.name_text, texts) | np.isin(network.route_text, texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One of them. Its id is the lowest one of its segments; `priority` the most urgent one, 0 where none is known."""

    id: int
    name: str
    reading: str | None
    routes: tuple[str, ...]
    district: str | None
    priority: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """All roads of a network that have a name or a number, by id. Row `row[i]` is of road `member[i]`; `of_row` says
    the road of each row of the network, -1 where it has none. `edges` are the extents of rows: west, south, east,
    north. `urgent` are the places of the roads that are cleared first, first: by priority, else by class and length."""

    network: Network
    roads: tuple[Road, ...]
    member: Int64s
    row: Rows
    of_row: Int64s
    edges: tuple[Int32s, Int32s, Int32s, Int32s]
    urgent: tuple[int, ...]

    @classmethod
    def of(cls, network: Network) -> Self:
        text = np.where(network.name_text >= 0, network.name_text, network.route_text)
        rows = np.flatnonzero(text >= 0)
        keys = np.stack((text[rows], network.district_text[rows]))
        found, place = np.unique(keys, axis=1, return_inverse=True)
        order = np.argsort(place.ravel(), kind="stable")
        begins = np.searchsorted(place.ravel()[order], np.arange(found.shape[1] + 1))
        parts = [rows[order[start:to]] for start, to in pairwise(begins.tolist())]
        described = sorted(
            ((_described(network, int(name), own), own) for name, own in zip(found[0], parts, strict=True)),
            key=lambda one: one[0].id,
        )
        member = np.repeat(np.arange(len(described)), [len(own) for _, own in described])
        row = np.concatenate([np.empty(0, np.int64), *(own for _, own in described)])
        of_row = np.full(len(network), -1, np.int64)
        of_row[row] = member
        return cls(
            network=network,
            roads=tuple(road for road, _ in described),
            member=member,
            row=row,
            of_row=of_row,
            edges=_edges(network),
            urgent=_urgent(network, described),
        )

    def rows_of(self, place: int) -> Rows:
        first, to = np.searchsorted(self.member, (place, place + 1))
        return self.row[first:to]

    def bbox_e7(self, place: int) -> tuple[int, int, int, int]:
        """Its extent: west, south, east, north."""
        west, south, east, north = (edge[self.rows_of(place)] for edge in self.edges)
        return int(west.min()), int(south.min()), int(east.max()), int(north.max())

    def called(self, asked: str) -> list[int]:
        """Places of the roads that this finds: those that it fits best first, of equals those with shorter names."""
        keys = keys_of([asked])
        fits = ((fit(road.keys, keys), len(road.name), place) for place, road in enumerate(self.roads))
        return [place for *_, place in sorted(one for one in fits if one[0] is not None)]

    def near(self, lat_e7: int, lon_e7: int, within_m: int) -> list[tuple[int, int]]:
        """Roads within so many metres of a point, the nearest first: their places, and how far in millimetres."""
        rows = np.flatnonzero(self._around(lat_e7, lon_e7, within_m) & (self.of_row >= 0))
        count = len(rows)
        snapped = snap(self.network, rows, np.full(count, lat_e7, np.int32), np.full(count, lon_e7, np.int32))
        nearest: dict[int, int] = {}
        for distance_mm, road in sorted(zip(snapped.distance_mm.tolist(), self.of_row[rows].tolist(), strict=True)):
            if distance_mm <= within_m * 1_000:
                nearest.setdefault(road, distance_mm)
        return list(nearest.items())

    def _around(self, lat_e7: int, lon_e7: int, within_m: int) -> Bools:
        """Rows of which the extent comes so near."""
        west, south, east, north = self.edges
        north_m, east_m = metres_per_e7(np.array([lat_e7]))
        high, wide = int(within_m / north_m[0]) + 1, int(within_m / east_m[0]) + 1
        return (west <= lon_e7 + wide) & (east >= lon_e7 - wide) & (south <= lat_e7 + high) & (north >= lat_e7 - high)


def _described(network: Network, name: int, rows: Rows) -> Road:
    readings = sorted({reading for one in np.unique(network.reading_text[rows]) if (reading := network.text(int(one)))})
    routes = sorted({route for one in np.unique(network.route_text[rows]) if (route := network.text(int(one)))})
    called, urgent = network.text(name) or "", network.priority[rows]
    return Road(
        id=int(network.segment_id[rows].min()),
        name=called,
        reading=readings[0] if readings else None,
        routes=tuple(routes),
        district=network.text(int(network.district_text[rows[0]])),
        priority=int(urgent[urgent > 0].min(initial=255)) % 255,
        keys=keys_of([called, *readings, *routes]),
    )


def _urgent(network: Network, described: Sequence[tuple[Road, Rows]]) -> tuple[int, ...]:
    """Few sources tell priorities."""
    ranks = np.array([CLASSES.index(RoadClass(number)) for number in range(len(RoadClass))])[network.road_class]

    def urgency(place: int) -> tuple[float, int, int]:
        road, rows = described[place]
        return road.priority or inf, int(ranks[rows].min()), -int(network.length_mm[rows].sum())

    return tuple(sorted(range(len(described)), key=urgency))


def _edges(network: Network) -> tuple[Int32s, Int32s, Int32s, Int32s]:
    first, lat, lon = network.shape_offsets[:-1], network.shape_lat_e7, network.shape_lon_e7
    return (
        np.minimum.reduceat(lon, first),
        np.minimum.reduceat(lat, first),
        np.maximum.reduceat(lon, first),
        np.maximum.reduceat(lat, first),
    )
