"""The roads as machines drive on them: bends, sides, what stands above them, and yards beside them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import uniform
from ploughsim.roads.lanes import Graph
from ploughsim.roads.read import FOOTWAY, GROUND, TUNNEL, RoadNetwork
from ploughsim.world.positions import Shown
from ploughsim.world.routes import Lanes
from ploughsim.world.stretches import Ways
from ploughsim.world.truth import Sky

METRES_PER_DEGREE = 111_320.0
YARD_MM = 40_000
_SIDE_MM, _SIDES_MM = 1_600, (1_000, 1_800)
_BENDS = ((1.05, 3.0), (0.44, 6.0))
_FREE_MPS = 99.0
_SHED_SHARE, _STREET_SHARE = 0.5, 0.6
_SHED, _STREET = 0x5EED, 0x57EE
# A street is where so many segments have their middles in one square of some 300 m.
_SQUARE_E7, _DENSE = 30_000, 12


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that compiled code reads of a network; rows from `yards_from` on are the ways into yards."""

    ways: Ways
    shown: Shown
    yards_from: int


def lay_ground(network: RoadNetwork, yard_nodes: NDArray[np.int64]) -> Ground:
    """Roads with a yard beside each of these nodes; equal nodes have yards of their own."""
    count = len(network)
    yard_lat, yard_lon = _yards(network, yard_nodes)
    lat_e7 = np.concatenate([network.shape_lat_e7, yard_lat.reshape(-1)])
    lon_e7 = np.concatenate([network.shape_lon_e7, yard_lon.reshape(-1)])
    at_mm = np.concatenate([network.shape_at_mm, np.tile(np.array([0, YARD_MM], np.int32), len(yard_nodes))])
    more = network.shape_offsets[-1] + 2 * np.arange(1, len(yard_nodes) + 1)
    offsets = np.concatenate([network.shape_offsets, more])
    headings = _headings(lat_e7, lon_e7)
    none = np.zeros(len(yard_nodes), np.int32)
    courses = _lane_courses(headings, offsets)
    ways = Ways(
        length_mm=np.concatenate([network.length_mm, none + YARD_MM]),
        offsets=offsets,
        at_mm=at_mm,
        bend_mps=_bends(headings, offsets),
        side_mm=np.concatenate([_sides(network), none]),
        heading=courses[0],
        arriving=courses[1],
        is_crossing=np.concatenate([_crossings(network), np.zeros(2 * len(yard_nodes), np.bool_)]),
        yards_from=count,
    )
    sky = np.concatenate([sky_of(network), none.astype(np.int8)])
    return Ground(ways, Shown(offsets, lat_e7, lon_e7, at_mm, sky, count), count)


def lanes_of(network: RoadNetwork, graph: Graph) -> Lanes:
    """The graph with courses, as searches read it."""
    headings = _headings(network.shape_lat_e7, network.shape_lon_e7)
    return Lanes(*graph, *_lane_courses(headings, network.shape_offsets))


def sky_of(network: RoadNetwork) -> NDArray[np.int8]:
    """The format knows tunnels. A snow shed stands before some of them; streets are where roads are dense."""
    sky = np.full(len(network), Sky.OPEN, np.int8)
    first, last = network.shape_offsets[:-1], network.shape_offsets[1:] - 1
    squares = [
        (axis[first] // 2 + axis[last] // 2) // _SQUARE_E7 for axis in (network.shape_lat_e7, network.shape_lon_e7)
    ]
    _, square, counts = np.unique(np.stack(squares), axis=1, return_inverse=True, return_counts=True)
    for row in np.flatnonzero(counts[square.reshape(-1)] >= _DENSE).tolist():
        if uniform(_STREET, int(network.segment_id[row])) < _STREET_SHARE:
            sky[row] = Sky.STREET
    tunnel = network.structure == TUNNEL
    mouths = np.zeros(len(network.node_lat_e7), np.bool_)
    mouths[network.from_node[tunnel]] = mouths[network.to_node[tunnel]] = True
    beside = (mouths[network.from_node] | mouths[network.to_node]) & (network.structure == GROUND)
    for row in np.flatnonzero(beside).tolist():
        if uniform(_SHED, int(network.segment_id[row])) < _SHED_SHARE:
            sky[row] = Sky.SHED
    sky[tunnel] = Sky.TUNNEL
    return sky


def _headings(lat_e7: NDArray[np.int32], lon_e7: NDArray[np.int32]) -> NDArray[np.float64]:
    """The course from each point to the next one, in radians; where both are one, that of the piece before."""
    north, east = np.diff(lat_e7.astype(np.float64)), np.diff(lon_e7.astype(np.float64))
    east *= np.cos(np.radians(lat_e7[:-1] / 1e7))
    heading = np.arctan2(east, north)
    moved = np.maximum.accumulate(np.where((north != 0) | (east != 0), np.arange(len(north)), 0))
    return np.append(heading[moved], 0.0)


def _lane_courses(
    headings: NDArray[np.float64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The courses of each lane at its start and at its end."""
    begin, end = headings[offsets[:-1]], headings[offsets[1:] - 2]
    leaving = np.stack([begin, end + math.pi], axis=1).reshape(-1)
    arriving = np.stack([end, begin + math.pi], axis=1).reshape(-1)
    return leaving.astype(np.float32), arriving.astype(np.float32)


def _bends(headings: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """How fast one may pass each point of a shape."""
    straight = np.concatenate([[1.0], np.cos(np.diff(headings))])
    limits = np.full(len(headings), _FREE_MPS, np.float32)
    for angle, speed in reversed(_BENDS):
        limits[straight < math.cos(angle)] = speed
    limits[offsets[:-1]] = limits[offsets[1:] - 1] = _FREE_MPS
    return limits


def _sides(network: RoadNetwork) -> NDArray[np.int32]:
    """Traffic keeps left, where there is room for two."""
    known = np.clip(network.width_mm // 4, *_SIDES_MM)
    sides = np.where(network.width_mm > 0, known, _SIDE_MM)
    return np.where((network.oneway != 0) | (network.kind == FOOTWAY), 0, sides).astype(np.int32)


def _crossings(network: RoadNetwork) -> NDArray[np.bool_]:
    """Whether each lane ends where three roads or more meet."""
    meeting = np.diff(network.node_offsets) >= 3
    return np.stack([meeting[network.to_node], meeting[network.from_node]], axis=1).reshape(-1)


def _yards(network: RoadNetwork, nodes: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """From each node to a yard: where there is most room between its roads."""
    lat, lon = (np.stack([axis[nodes]] * 2, axis=1) for axis in (network.node_lat_e7, network.node_lon_e7))
    for number, node in enumerate(nodes.tolist()):
        angle = _widest_gap(network, node)
        narrow = math.cos(math.radians(lat[number, 0] / 1e7))
        lat[number, 1] += round(YARD_MM / 1000 * math.cos(angle) / METRES_PER_DEGREE * 1e7)
        lon[number, 1] += round(YARD_MM / 1000 * math.sin(angle) / METRES_PER_DEGREE / narrow * 1e7)
    return lat, lon


def _widest_gap(network: RoadNetwork, node: int) -> float:
    """The course in the middle between those two roads at a node that are furthest apart."""
    angles = []
    for end in network.node_ends[network.node_offsets[node] : network.node_offsets[node + 1]].tolist():
        row, at_end = divmod(end, 2)
        point = int(network.shape_offsets[row + 1]) - 1 if at_end else int(network.shape_offsets[row])
        other = point - 1 if at_end else point + 1
        north = int(network.shape_lat_e7[other]) - int(network.shape_lat_e7[point])
        east = int(network.shape_lon_e7[other]) - int(network.shape_lon_e7[point])
        angles.append(math.atan2(east * math.cos(math.radians(network.shape_lat_e7[point] / 1e7)), north))
    angles.sort()
    gaps = [(after - before, before) for before, after in zip(angles, [*angles[1:], angles[0] + math.tau], strict=True)]
    width, begin = max(gaps)
    return begin + width / 2
