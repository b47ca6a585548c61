"""Small road networks drawn in metres, and the sample town."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import atan2, degrees, hypot
from unittest.mock import patch

import numpy as np
from pyproj import Geod

from snowtrack.network.arrays import Kind, Manager, Network, RoadClass
from snowtrack.roads import build
from snowtrack.roads.build import build_network, identified
from snowtrack.roads.lines import Point, RoadLine
from snowtrack.roads.sample import sample_network

WGS84 = Geod(ellps="WGS84")
ORIGIN = (36.56, 136.65)
Metres = tuple[float, float]
"""East and north of the origin."""


@cache
def sample_town() -> Network:
    return sample_network()


def point(east: float, north: float) -> Point:
    """A place in 1e-7 degrees."""
    lon, lat, _ = WGS84.fwd(ORIGIN[1], ORIGIN[0], degrees(atan2(east, north)), hypot(east, north))
    return round(lat * 1e7), round(lon * 1e7)


def road(  # a road is what its attributes say
    *places: Metres,
    kind: Kind = Kind.CARRIAGEWAY,
    oneway: int = 0,
    road_class: RoadClass = RoadClass.LOCAL,
    name: str | None = None,
    route: str | None = None,
    source_id: int = 1,
) -> RoadLine:
    return RoadLine(
        source_id=source_id,
        points=[point(*place) for place in places],
        road_class=road_class,
        manager=Manager.MUNICIPALITY,
        kind=kind,
        oneway=oneway,
        name=name,
        route=route,
    )


def built(*lines: RoadLine) -> Network:
    return build_network(lines, name="test", attribution="test")


def town(*lines: RoadLine) -> Network:
    """With rows and ids that a test can name: as they were drawn, and 1, 2, 3 …"""
    with patch.object(build, "ORDER_RESOLUTION", 0):
        network = built(*lines)
    ids = np.arange(1, len(network) + 1, dtype=np.int64)
    return identified(replace(network, segment_id=ids, rows_by_id=(ids - 1).astype(np.int32)))


def metres_between(one: Point, other: Point) -> float:
    return float(WGS84.inv(one[1] / 1e7, one[0] / 1e7, other[1] / 1e7, other[0] / 1e7)[2])


def shape(network: Network, row: int) -> Sequence[Point]:
    part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
    return list(zip(network.shape_lat_e7[part].tolist(), network.shape_lon_e7[part].tolist(), strict=True))
