"""The cell index loses no segment that is near, and its look-up reads what the index holds."""

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network import cells
from snowtrack.network.arrays import Network
from snowtrack.network.cells import CELL_RADIUS_M, RADIUS_M, build_index, cells_of, find_candidates
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


@given(st.floats(-89, 89), st.floats(-180, 180), st.sampled_from(sorted(CELL_RADIUS_M)))
def test_no_cell_reaches_further_from_its_centre_than_is_assumed(lat: float, lon: float, resolution: int) -> None:
    assert radius_m(h3.latlng_to_cell(lat, lon, resolution)) < CELL_RADIUS_M[resolution]


@pytest.mark.parametrize("resolution", sorted(CELL_RADIUS_M))
def test_nor_do_the_cells_in_the_middle_of_each_face_where_they_are_largest(resolution: int) -> None:
    coarse = h3.uncompact_cells(h3.get_res0_cells(), 2)
    largest = max(radius_m(h3.cell_to_center_child(cell, resolution)) for cell in coarse)
    assert 0.95 * CELL_RADIUS_M[resolution] < largest < CELL_RADIUS_M[resolution]


def radius_m(cell: int) -> float:
    lat, lon = h3.cell_to_latlng(cell)
    return max(float(WGS84.inv(lon, lat, x, y)[2]) for y, x in h3.cell_to_boundary(cell))


@given(
    st.tuples(st.floats(-75, 75), st.floats(-179, 179)),
    st.lists(st.tuples(st.floats(0, 360), st.floats(0, 150)), min_size=1, max_size=4),
    st.tuples(st.integers(0, 3), st.floats(0, 1), st.floats(0, 360), st.floats(0, RADIUS_M)),
    st.sampled_from(sorted(CELL_RADIUS_M)),
)
def test_wherever_a_line_runs_each_place_near_it_has_a_cell_that_lists_it(
    origin: tuple[float, float],
    steps: list[tuple[float, float]],
    place: tuple[int, float, float, float],
    resolution: int,
) -> None:
    lat, lon = line_of(origin, steps)
    index = build_index(np.array([0, len(lat)], np.int64), lat, lon, resolution)
    number, share, course, away_m = place
    at = number % len(steps)
    near_lat, near_lon = ((1 - share) * axis[at] / 1e7 + share * axis[at + 1] / 1e7 for axis in (lat, lon))
    there_lon, there_lat, _ = WGS84.fwd(near_lon, near_lat, course, away_m)
    assert h3.latlng_to_cell(there_lat, there_lon, resolution) in index.cell.tolist()


@given(
    st.tuples(st.floats(-75, 75), st.floats(-179, 179)),
    st.tuples(st.floats(0, 360), st.floats(1, 150)),
    st.sampled_from(sorted(CELL_RADIUS_M)),
)
def test_every_cell_of_which_a_corner_is_within_the_radius_lists_the_line(
    origin: tuple[float, float], step: tuple[float, float], resolution: int
) -> None:
    lat, lon = line_of(origin, [step])
    index = build_index(np.array([0, 2], np.int64), lat, lon, resolution)
    lats, lons = (np.linspace(axis[0] / 1e7, axis[1] / 1e7, 301) for axis in (lat, lon))
    along = {h3.latlng_to_cell(y, x, resolution) for y, x in zip(lats.tolist(), lons.tolist(), strict=True)}
    listed_cells = set(index.cell.tolist())
    for cell in {near for one in along for near in h3.grid_disk(one, 3)} - listed_cells:
        for y, x in h3.cell_to_boundary(cell):
            assert WGS84.inv(np.full(301, x), np.full(301, y), lons, lats)[2].min() > RADIUS_M


@given(
    st.tuples(st.floats(-75, 75), st.floats(-179, 179)),
    st.lists(st.tuples(st.floats(0, 360), st.floats(0, 150)), min_size=1, max_size=3),
    st.sampled_from(sorted(CELL_RADIUS_M)),
)
def test_no_cell_is_listed_that_is_far_from_the_line(
    origin: tuple[float, float], steps: list[tuple[float, float]], resolution: int
) -> None:
    lat, lon = line_of(origin, steps)
    index = build_index(np.array([0, len(lat)], np.int64), lat, lon, resolution)
    wanted = np.linspace(0, len(lat) - 1, 400)
    lats, lons = (np.interp(wanted, np.arange(len(lat)), axis / 1e7) for axis in (lat, lon))
    for cell in index.cell.tolist():
        y, x = h3.cell_to_latlng(cell)
        away_m = WGS84.inv(np.full(400, x), np.full(400, y), lons, lats)[2].min()
        assert away_m < CELL_RADIUS_M[resolution] + RADIUS_M + 3


def line_of(origin: tuple[float, float], steps: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """A line of steps, each a course and so many metres."""
    lat, lon = origin
    places = [(lat, lon)]
    for course, metres in steps:
        lon, lat, _ = WGS84.fwd(lon, lat, course, metres)
        places.append((lat, lon))
    both = np.rint(np.array(places) * 1e7).astype(np.int32)
    return both[:, 0].copy(), both[:, 1].copy()


def test_rows_in_several_lots_make_one_index(monkeypatch: pytest.MonkeyPatch) -> None:
    network = sample_town()
    monkeypatch.setattr(cells, "ROWS_AT_ONCE", 700)
    index = build_index(network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7)
    assert index.cell.tolist() == network.cell.tolist()
    assert index.cell_offsets.tolist() == network.cell_offsets.tolist()
    assert index.cell_rows.tolist() == network.cell_rows.tolist()


@pytest.mark.parametrize("resolution", sorted(CELL_RADIUS_M))
def test_cells_are_those_of_h3_itself(resolution: int) -> None:
    lat, lon = near_any(sample_town(), 300, 5)
    expected = [
        h3.latlng_to_cell(y / 1e7, x / 1e7, resolution) for y, x in zip(lat.tolist(), lon.tolist(), strict=True)
    ]
    assert cells_of(lat, lon, resolution).tolist() == expected


def test_every_segment_is_found_from_its_own_points() -> None:
    network = sample_town()
    rows = np.arange(0, len(network), 7)
    for row in rows.tolist():
        lat, lon = (np.array(axis, np.int32) for axis in zip(*shape(network, row), strict=True))
        assert all(row in found for found in listed(network, lat, lon))
