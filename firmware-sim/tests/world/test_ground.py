"""What machines drive on besides the roads: yards, and what is above."""

import numpy as np
from pyproj import Geod

from ploughsim.roads.read import GROUND, TUNNEL, RoadNetwork
from ploughsim.world.ground import YARD_MM, lay_ground, sky_of
from ploughsim.world.truth import Sky


def test_sheds_stand_at_the_mouths_of_tunnels(mountain: RoadNetwork) -> None:
    sky = sky_of(mountain)
    assert ((sky == Sky.TUNNEL) == (mountain.structure == TUNNEL)).all()
    sheds = np.flatnonzero(sky == Sky.SHED)
    assert len(sheds) >= 1
    tunnels = np.flatnonzero(sky == Sky.TUNNEL)
    mouths = set(mountain.from_node[tunnels].tolist()) | set(mountain.to_node[tunnels].tolist())
    for row in sheds.tolist():
        assert mountain.structure[row] == GROUND
        assert {int(mountain.from_node[row]), int(mountain.to_node[row])} & mouths


def test_streets_are_in_towns(mountain: RoadNetwork) -> None:
    sky = sky_of(mountain)
    class_of_passes = mountain.road_class[sky == Sky.STREET]
    assert 0.05 < (sky == Sky.STREET).mean() < 0.6
    assert len(class_of_passes)


def test_yards_are_forty_metres_from_their_nodes_and_away_from_the_roads(town: RoadNetwork) -> None:
    nodes = np.arange(0, len(town.node_lat_e7), 25)
    ground = lay_ground(town, nodes)
    assert ground.yards_from == len(town)
    first = ground.shown.offsets[len(town) : -1]
    assert (ground.shown.lat_e7[first] == town.node_lat_e7[nodes]).all()
    assert (ground.ways.length_mm[len(town) :] == YARD_MM).all()
    lats, lons = ground.shown.lat_e7 / 1e7, ground.shown.lon_e7 / 1e7
    away = np.asarray(Geod(ellps="WGS84").inv(lons[first], lats[first], lons[first + 1], lats[first + 1])[2])
    assert np.abs(away - YARD_MM / 1000).max() < 0.3
    # A crossing of four has gaps of a quarter.
    for number, node in enumerate(nodes.tolist()):
        ends = town.node_ends[town.node_offsets[node] : town.node_offsets[node + 1]]
        courses = [float(ground.ways.heading[end]) for end in ends.tolist()]
        yard = float(ground.ways.heading[2 * (len(town) + number)])
        assert min(1 - np.cos(course - yard) for course in courses) > 1 - np.cos(np.pi / max(len(courses), 1) * 0.9)
