"""Roads are read as the format says, and a plough can drive on without end."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from ploughsim.errors import NetworkError
from ploughsim.thin.lanes import Lanes, spread_nodes
from ploughsim.thin.network import CARRIAGEWAY, RoadNetwork, read_network


@pytest.fixture
def copy(town: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town, tmp_path / "copy"))


def test_a_missing_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"network\.json: No such file"):
        read_network(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", '"format" must be'),
        ('{"format":"other"}', '"format" must be'),
        ('{"format":"snowtrack-network","version":1}', "reads version 2"),
        ('{"format":"snowtrack-network","version":2}', "network_id, segments, nodes missing"),
    ],
)
def test_a_head_that_is_not_ours_is_refused(copy: Path, content: str, said: str) -> None:
    (copy / "network.json").write_text(content)
    with pytest.raises(NetworkError, match=said):
        read_network(copy)


def test_an_array_of_another_type_is_refused(copy: Path) -> None:
    np.save(copy / "kind.npy", np.zeros(3))
    with pytest.raises(NetworkError, match=r"kind\.npy: holds float64"):
        read_network(copy)


def test_an_array_of_another_length_is_refused(copy: Path) -> None:
    np.save(copy / "kind.npy", np.zeros(3, dtype=np.uint8))
    with pytest.raises(NetworkError, match=r"kind\.npy: has 3 values"):
        read_network(copy)


def test_an_array_cut_short_is_refused(copy: Path) -> None:
    path = copy / "segment_id.npy"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(NetworkError, match=r"segment_id\.npy"):
        read_network(copy)


def test_every_lane_leads_to_a_node_that_can_be_left(lanes: Lanes) -> None:
    for node in lanes.nodes.tolist():
        assert all(lanes.leaving(lanes.end_node(lane)) for lane in lanes.leaving(node))


def test_one_way_streets_footways_and_islands_are_respected(lanes: Lanes, network: RoadNetwork) -> None:
    used = {lane for node in lanes.nodes.tolist() for lane in lanes.leaving(node)}
    island = len(network.segment_id) - 2
    for lane in range(lanes.count):
        row, against = divmod(lane, 2)
        forbidden = network.kind[row] != CARRIAGEWAY or network.oneway[row] == (1 if against else -1) or row == island
        assert (lane in used) == (not forbidden)


def test_a_lane_runs_from_its_start_to_its_end_without_empty_pieces(lanes: Lanes, network: RoadNetwork) -> None:
    for lane in range(lanes.count):
        line = lanes.line(lane)
        end = lanes.end_node(lane)
        assert line.at_m[0] == 0
        assert line.length_m == network.length_mm[lane // 2] / 1000
        assert all(low < high for low, high in itertools.pairwise(line.at_m))
        assert line.lat_deg[-1] == network.node_lat_e7[end] / 1e7
        assert line.locate(line.length_m)[:2] == pytest.approx((line.lat_deg[-1], line.lon_deg[-1]), abs=1e-12)


def test_depots_are_as_many_as_asked_for_and_none_twice(lanes: Lanes) -> None:
    assert all(len(set(spread_nodes(lanes, count))) == count for count in range(1, 7))
