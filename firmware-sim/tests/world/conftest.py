"""Small made-up roads."""

from pathlib import Path

import pytest

from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.roads.read import RoadNetwork, read_network


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return made("town", tmp_path_factory.mktemp("roads"))


@pytest.fixture(scope="session")
def mountain(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return made("pass", tmp_path_factory.mktemp("roads"))


def made(kind: str, folder: Path) -> RoadNetwork:
    make_network(NetworkSettings(kind=kind, segments=1_000), folder / kind)
    return read_network(folder / kind)
