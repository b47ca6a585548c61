"""Road networks are read as the format says, and refused with a word on what is wrong."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ploughsim.errors import NetworkError
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.roads.read import read_network


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roads") / "town"
    make_network(NetworkSettings(kind="town", segments=1_000), folder)
    return folder


@pytest.fixture
def copy(town: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town, tmp_path / "copy"))


def test_a_network_that_was_written_is_read(town: Path) -> None:
    network = read_network(town)
    assert network.name == "town-1000-1"
    assert len(network.network_id) == 16
    assert (network.shape_at_mm[network.shape_offsets[1:] - 1] == network.length_mm).all()


def test_a_missing_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"network\.json: No such file.*--network must name"):
        read_network(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", '"format" must be'),
        ('{"format":"other"}', '"format" must be'),
        ('{"format":"snowtrack-network","version":1}', "reads version 2"),
        ('{"format":"snowtrack-network","version":2}', "name, network_id, segments, nodes missing"),
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


@pytest.mark.parametrize("name", ["kind", "node_lat_e7", "node_offsets", "node_ends", "shape_at_mm", "shape_offsets"])
def test_an_array_of_another_length_is_refused(copy: Path, name: str) -> None:
    path = copy / f"{name}.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(NetworkError, match=r"\.npy: has \d+ values, expected"):
        read_network(copy)


def test_an_array_cut_short_is_refused(copy: Path) -> None:
    path = copy / "segment_id.npy"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(NetworkError, match=r"segment_id\.npy"):
        read_network(copy)


def test_a_missing_array_is_refused(copy: Path) -> None:
    (copy / "oneway.npy").unlink()
    with pytest.raises(NetworkError, match=r"oneway\.npy.*import the network again"):
        read_network(copy)
