"""The cell index loses no segment that is near, and its look-up reads what the index holds."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.arrays import Network
from snowtrack.network.cells import RADIUS_M, RESOLUTION, SAMPLE_MM, find_candidates
from tests.oracles.nearest import project_one
from tests.oracles.towns import WGS84, sample_town, shape

# About 300 m: no segment that begins further away comes within the radius.
CLOSE_E7 = 30_000


def near_any(network: Network, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points up to 60 m away from shape points of random segments."""
    random = np.random.default_rng(seed)
    at = random.integers(0, len(network.shape_lat_e7), count)
    lon, lat, _ = WGS84.fwd(
        network.shape_lon_e7[at] / 1e7,
        network.shape_lat_e7[at] / 1e7,
        random.uniform(0, 360, count),
        random.uniform(0, 60, count),
    )
    return np.rint(np.array(lat) * 1e7).astype(np.int32), np.rint(np.array(lon) * 1e7).astype(np.int32)


def listed(network: Network, lat: np.ndarray, lon: np.ndarray) -> list[set[int]]:
    pairs = find_candidates(network, lat, lon)
    found: list[set[int]] = [set() for _ in lat]
    for point, row in zip(pairs.point.tolist(), pairs.row.tolist(), strict=True):
        found[point].add(row)
    return found


@given(st.integers(0, 2**32))
def test_every_segment_within_the_radius_is_a_candidate(seed: int) -> None:
    network = sample_town()
    lat, lon = near_any(network, 5, seed)
    for place_lat, place_lon, found in zip(lat.tolist(), lon.tolist(), listed(network, lat, lon), strict=True):
        first = network.shape_offsets[:-1]
        close = abs(network.shape_lat_e7[first] - place_lat) < CLOSE_E7
        close &= abs(network.shape_lon_e7[first] - place_lon) < CLOSE_E7
        for row in np.flatnonzero(close).tolist():
            if project_one(network, row, (place_lat, place_lon)).distance_m <= RADIUS_M:
                assert row in found


def test_candidates_come_by_point_and_then_by_segment() -> None:
    network = sample_town()
    pairs = find_candidates(network, *near_any(network, 200, 7))
    keys = list(zip(pairs.point.tolist(), pairs.row.tolist(), strict=True))
    assert len(keys) > 1_000
    assert keys == sorted(set(keys))


def test_a_batch_of_one_gives_what_a_batch_of_many_gives() -> None:
    network = sample_town()
    lat, lon = near_any(network, 50, 3)
    together = listed(network, lat, lon)
    assert [listed(network, lat[at : at + 1], lon[at : at + 1])[0] for at in range(50)] == together


@pytest.mark.parametrize(("lat", "lon"), [(0, 0), (900_000_000, 0), (-900_000_000, 1_800_000_000), (350_000_000, 0)])
def test_far_from_any_road_there_is_no_candidate(lat: int, lon: int) -> None:
    assert listed(sample_town(), np.array([lat], np.int32), np.array([lon], np.int32)) == [set()]


def test_no_points_have_no_candidates() -> None:
    nothing = np.empty(0, np.int32)
    assert len(find_candidates(sample_town(), nothing, nothing).point) == 0


def test_cells_ascend_and_list_each_segment_once() -> None:
    network = sample_town()
    assert np.all(np.diff(network.cell.astype(np.int64)) > 0)
    for start, to in zip(network.cell_offsets[:-1].tolist(), network.cell_offsets[1:].tolist(), strict=True):
        assert np.all(np.diff(network.cell_rows[start:to]) > 0)
        assert to > start


@pytest.mark.parametrize(("lat", "lon"), [(24.3, 123.8), (26.2, 127.7), (36.56, 136.65), (45.5, 141.9), (43.1, 145.8)])
def test_in_all_of_japan_a_ring_of_cells_reaches_further_than_the_radius(lat: float, lon: float) -> None:
    """From inside a cell to beyond its ring it is one edge at least; the samples of a line are half a step away."""
    for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, RESOLUTION), 2):
        corners = h3.cell_to_boundary(cell)
        edges = [
            WGS84.inv(one[1], one[0], other[1], other[0])[2]
            for one, other in zip(corners, corners[1:] + corners[:1], strict=True)
        ]
        assert min(edges) > RADIUS_M + SAMPLE_MM / 2_000


def test_every_segment_is_found_from_its_own_points() -> None:
    network = sample_town()
    rows = np.arange(0, len(network), 7)
    for row in rows.tolist():
        lat, lon = (np.array(axis, np.int32) for axis in zip(*shape(network, row), strict=True))
        assert all(row in found for found in listed(network, lat, lon))
