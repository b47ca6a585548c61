"""Networks that the simulator makes are what docs/network-format.md promises, and what snowtrack would have made."""

from pathlib import Path

import numpy as np
import pytest

from ploughsim.roads.made import NetworkSettings, make_network
from snowtrack.network.arrays import Kind, Network, RoadClass, Structure
from snowtrack.network.cells import build_index
from snowtrack.network.places import places_near
from snowtrack.roads.build import identified, shape_ids
from snowtrack.roads.files import check_network, open_network
from snowtrack.roads.invariants import faults

KINDS = ("town", "parallel", "pass")
SIZES = (1_000, 5_000)


@pytest.fixture(scope="module", params=[(kind, size) for kind in KINDS for size in SIZES], ids=str)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, Path]:
    kind, size = request.param
    folder = tmp_path_factory.mktemp("made") / kind
    make_network(NetworkSettings(kind=kind, segments=size, seed=7), folder)
    return kind, size, folder


@pytest.fixture(scope="module")
def network(made: tuple[str, int, Path]) -> Network:
    return open_network(made[2])


def test_they_keep_every_promise_of_the_format(made: tuple[str, int, Path], network: Network) -> None:
    assert [*faults(network)] == []
    assert check_network(made[2]) == []


def test_they_are_about_as_large_as_asked_for(made: tuple[str, int, Path], network: Network) -> None:
    assert abs(len(network) / made[1] - 1) < 0.06


def test_ids_follow_from_shapes_and_the_network_from_its_bytes(network: Network) -> None:
    assert (network.segment_id == shape_ids(network)).all()
    assert identified(network).network_id == network.network_id


def test_no_segment_is_longer_than_the_format_allows(network: Network) -> None:
    assert network.length_mm.max() <= 150_000


def test_points_find_the_places_that_they_find_by_an_index_of_snowtracks_own(network: Network) -> None:
    own = build_index(network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7)
    fields = {name: getattr(network, name) for name in Network.__slots__}
    columns = {"cell": own.cell, "cell_offsets": own.cell_offsets, "cell_rows": own.cell_rows}
    indexed = Network(**(fields | columns))
    chance = np.random.default_rng(3)
    points = chance.integers(0, len(network.shape_lat_e7), 4_000)
    # Up to 80 m away: some just within the candidate radius and some just outside.
    lat_e7, lon_e7 = (
        (axis[points] + chance.integers(-7_000, 7_000, len(points))).astype(np.int32)
        for axis in (network.shape_lat_e7, network.shape_lon_e7)
    )
    found, expected = (places_near(one, lat_e7, lon_e7) for one in (network, indexed))
    assert len(found.row) > 2_000
    for name in ("offsets", "row", "along_mm", "distance_mm"):
        assert (getattr(found, name) == getattr(expected, name)).all()


def test_the_roads_are_those_of_their_kind(made: tuple[str, int, Path], network: Network) -> None:
    kind, classes = made[0], set(network.road_class.tolist())
    if kind == "parallel":
        assert {RoadClass.NATIONAL, RoadClass.LOCAL, RoadClass.RAMP} <= classes
        return
    assert {RoadClass.NATIONAL, RoadClass.MAIN, RoadClass.LOCAL, RoadClass.RAMP, RoadClass.FRONTAGE} <= classes
    assert (network.kind == Kind.FOOTWAY).any()
    assert {-1, 0, 1} <= set(network.oneway.tolist())
    assert (network.structure == Structure.BRIDGE).any()
    assert ((network.structure == Structure.TUNNEL).sum() > 0.02 * len(network)) == (kind == "pass")
    ends = np.bincount(np.concatenate([network.from_node, network.to_node]))
    assert (ends == 1).sum() > 10


def test_names_have_readings_and_roads_districts(network: Network) -> None:
    named = network.name_text >= 0
    assert named.mean() > 0.9
    assert (network.reading_text[named] >= 0).all()
    texts = {network.text(number) for number in np.unique(network.district_text).tolist()} - {None}
    assert all(text is not None and "工区" in text for text in texts)
    assert texts


def test_the_same_settings_make_the_same_network(made: tuple[str, int, Path], tmp_path: Path) -> None:
    kind, size, folder = made
    ids = []
    for seed in (7, 8):
        make_network(NetworkSettings(kind=kind, segments=size, seed=seed), tmp_path / str(seed))
        ids.append(open_network(tmp_path / str(seed)).network_id)
    assert ids[0] == open_network(folder).network_id
    assert ids[1] != ids[0]


def test_roads_that_run_side_by_side_do_so_for_kilometres(made: tuple[str, int, Path], network: Network) -> None:
    """Of the national road of "parallel" nearly every place has another road within 45 m."""
    if made[0] != "parallel":
        return
    rows = np.flatnonzero(network.road_class == RoadClass.NATIONAL)
    points = network.shape_offsets[rows]
    near = places_near(network, network.shape_lat_e7[points], network.shape_lon_e7[points])
    beside = [
        (network.road_class[near.row[start:end]] == RoadClass.LOCAL).any()
        for start, end in zip(near.offsets[:-1], near.offsets[1:], strict=True)
    ]
    assert np.mean(beside) > 0.9
