"""Segments that are told of together: those of an agency, a district, an area, a route, a class of road, a cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np

from snowtrack.clearance.routes import NOBODYS, Routes, road_classes
from snowtrack.clearance.segments import Segments
from snowtrack.model.columns import Bools, Int16s, Int64s, Rows
from snowtrack.model.fleet import Agency
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.network.arrays import Network
from snowtrack.network.cells import cells_of

CELL_RESOLUTIONS = range(5, 11)


class By(StrEnum):
    """What segments have in common."""

    AGENCY = "agency"
    DISTRICT = "district"
    AREA = "area"
    """工区: what was given to a contractor, by the routes in it."""
    ROUTE = "route"
    CLASS = "class"
    CELL = "cell"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Of each its id and what people call it, by id. `row[i]` belongs to group `member[i]`, once each; a segment may be
    in several, or in none."""

    names: Mapping[str, str]
    member: Int64s
    row: Rows

    @classmethod
    def of(cls, keys: Int64s, named: Callable[[int], tuple[str, str] | None]) -> Self:
        """By the key of each row; what has no name is in no group."""
        found, place = np.unique(keys, return_inverse=True)
        names = [named(key) for key in found.tolist()]
        row = np.flatnonzero(np.array([name is not None for name in names], np.bool_)[place])
        return cls.joined([name or ("", "") for name in names], place[row], row)

    @classmethod
    def joined(cls, names: Sequence[tuple[str, str]], place: Int64s, row: Rows) -> Self:
        """Where names that are the same are one group; `place[i]` is where the name stands that row `row[i]` has."""
        used = dict(sorted(names[one] for one in np.unique(place).tolist()))
        numbers = {id_: number for number, id_ in enumerate(used)}
        member = np.array([numbers.get(id_, -1) for id_, _ in names], np.int64)[place]
        pairs = np.unique(np.stack((member, row.astype(np.int64))), axis=1)
        return cls(names=used, member=pairs[0], row=pairs[1])

    def within(self, rows: Bools) -> "Groups":
        """Of these rows alone; groups without any are left out."""
        own = rows[self.row]
        named = [(id_, name) for id_, name in self.names.items()]
        return Groups.joined(named, self.member[own], self.row[own])

    def rows_of(self, id_: str, segments: int) -> Bools:
        """Of so many segments those of one group."""
        own = np.zeros(segments, np.bool_)
        own[self.row[self.member == list(self.names).index(id_)]] = True
        return own


def by_agency(agencies: Sequence[Agency], managers: Int16s) -> Groups:
    """Those that nobody manages are one, too."""
    named = [*((one.id, one.name) for one in agencies), (NOBODYS, "")]
    return Groups.of(managers.astype(np.int64), named.__getitem__)


def by_district(network: Network) -> Groups:
    def named(text: int) -> tuple[str, str] | None:
        district = network.text(text)
        return None if district is None else (district, district)

    return Groups.of(network.district_text.astype(np.int64), named)


def by_class(network: Network) -> Groups:
    return Groups.of(
        road_classes(network).astype(np.int64), lambda number: (ROAD_CLASSES[number], ROAD_CLASSES[number])
    )


def by_cell(network: Network, resolution: int) -> Groups:
    """H3 cells, by where segments begin."""
    cells = cells_of(network.node_lat_e7[network.from_node], network.node_lon_e7[network.from_node], resolution)
    return Groups.of(cells.astype(np.int64), lambda cell: (f"{cell:x}", f"{cell:x}"))


def resolution_of(cell: str) -> int:
    """Of an H3 cell, whose four bits for it stand above those of its place (h3geo.org, "H3 Index Bit Layout")."""
    try:
        return int(cell, 16) >> 52 & 0xF
    except ValueError:
        return -1


def by_route(routes: Routes, segments: Segments) -> Groups:
    return _by_lines(routes, segments, [("/".join(one.key), one.name) for one in routes.routes])


def by_area(routes: Routes, segments: Segments) -> Groups:
    """By district of the routes; those without one are left out."""
    areas = [(f"{one.agency}/{one.district}", one.district) if one.district else None for one in routes.routes]
    return _by_lines(routes, segments, areas)


def _by_lines(routes: Routes, segments: Segments, names: Sequence[tuple[str, str] | None]) -> Groups:
    """By the segments of each route that the network has."""
    at = segments.places(routes.segment_id)
    place = np.repeat(np.arange(len(routes)), np.diff(routes.offsets))
    chosen = (at >= 0) & np.array([name is not None for name in names], np.bool_)[place]
    return Groups.joined([name or ("", "") for name in names], place[chosen], segments.row[at[chosen]])
