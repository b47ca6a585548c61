"""Each segment has the nearest sensor that can tell, as the haversine finds it, and its snow and distance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_32, ABSENT_64, Int64s
from snowtrack.model.snow import Sensor
from snowtrack.network.arrays import Network
from snowtrack.snow.distance import distances_m, unit_vectors
from snowtrack.snow.nearest import NONE, NearestSensors, SegmentSnow
from tests.oracles.snow import great_circle_m
from tests.snow.depths import Depth, at, curves_of, sensor

PLACES = st.tuples(st.floats(35, 38), st.floats(135, 138))
SNOW: list[Depth] = [300 + 10 * step for step in range(50)]


def middle(network: Network, row: int) -> tuple[float, float]:
    first, last = network.shape_offsets[row], network.shape_offsets[row + 1] - 1
    lats, lons = network.shape_lat_e7, network.shape_lon_e7
    return (int(lats[first]) + int(lats[last])) / 2e7, (int(lons[first]) + int(lons[last])) / 2e7


def around(network: Network, *offsets: tuple[float, float]) -> list[Sensor]:
    """Sensors beside the middle of the network, in degrees."""
    west, south, east, north = network.bbox_e7
    lat, lon = (south + north) / 2e7, (west + east) / 2e7
    return [sensor(f"s{at}", lat + up, lon + right) for at, (up, right) in enumerate(offsets)]


@given(st.lists(PLACES, min_size=1, max_size=6), st.lists(PLACES, min_size=1, max_size=6))
def test_distances_are_those_of_the_haversine(
    ones: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    found = distances_m(_vectors(ones), _vectors(others))
    expected = np.array([[great_circle_m(one, other) for other in others] for one in ones])
    assert np.allclose(found, expected, rtol=1e-6, atol=0.5)


def _vectors(places: list[tuple[float, float]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    lat, lon = (np.rint(np.array(values) * 1e7).astype(np.int64) for values in zip(*places, strict=True))
    return unit_vectors(lat, lon)


@given(
    st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_nearest_usable_sensor_is_the_scalar_one(
    network: Network, offsets: list[tuple[float, float]], usable: list[bool]
) -> None:
    sensors = around(network, *offsets)
    can_tell = np.array(usable[: len(sensors)])
    nearest = NearestSensors.of(network, sensors, can_tell)
    for row in range(0, len(network), 97):
        here = middle(network, row)
        all_m = [great_circle_m(here, (one.lat_e7 / 1e7, one.lon_e7 / 1e7)) for one in sensors]
        best_m = min((each for each, can in zip(all_m, can_tell.tolist(), strict=True) if can), default=None)
        chosen = int(nearest.sensor[row])
        if best_m is None:
            assert chosen == NONE
        else:
            assert can_tell[chosen]
            assert abs(all_m[chosen] - best_m) < 0.5
            assert abs(int(nearest.distance_m[row]) - best_m) <= 1


def test_when_another_sensor_can_tell_it_is_as_if_searched_anew(network: Network) -> None:
    sensors = around(network, (0, 0), (0.01, 0), (0, 0.01), (-0.01, -0.01))
    before = NearestSensors.of(network, sensors, np.array([True, False, True, True]))
    usable = np.array([False, True, True, True])
    after, anew = before.with_usable(usable), NearestSensors.of(network, sensors, usable)
    assert np.array_equal(after.sensor, anew.sensor)
    assert np.array_equal(after.distance_m, anew.distance_m)
    assert not np.array_equal(after.sensor, before.sensor)
    assert after.with_usable(usable) is after


def snow_on(network: Network, reach_m: int = 100_000) -> SegmentSnow:
    """Two sensors: one gets ten millimetres every ten minutes, the other nothing, and is silent for hours at first."""
    sensors = around(network, (0, -0.01), (0, 0.01))
    nearest = NearestSensors.of(network, sensors, np.array([True, True]))
    return SegmentSnow(nearest=nearest, curves=curves_of(SNOW, [None] * 20 + [100] * 30), reach_m=reach_m)


def all_rows(network: Network) -> Int64s:
    return np.arange(len(network))


def test_what_fell_on_a_segment_is_what_fell_at_its_sensor_since_its_own_instant(network: Network) -> None:
    snow, rows = snow_on(network), all_rows(network)
    since = np.array([at(10), at(30), ABSENT_64])[rows % 3]
    fallen = snow.fallen_mm(rows, since, at(40))
    expected = np.array([[300, 100, ABSENT_32], [ABSENT_32, 0, ABSENT_32]])
    assert np.array_equal(fallen, expected[snow.nearest.sensor, rows % 3])
    assert {0, 1} == set(snow.nearest.sensor.tolist())
    assert fallen.dtype == np.int32


def test_rows_are_answered_in_the_order_asked(network: Network) -> None:
    snow = snow_on(network)
    rows = np.array([5, 3, 5, 900])
    since = np.full(4, at(30))
    whole = snow.fallen_mm(all_rows(network), np.full(len(network), at(30)), at(40))
    assert np.array_equal(snow.fallen_mm(rows, since, at(40)), whole[rows])
    assert np.array_equal(snow.distance_m(rows), snow.distance_m(all_rows(network))[rows])
    assert len(snow.fallen_mm(rows[:0], since[:0], at(40))) == 0


@pytest.mark.parametrize("reach_m", [0, 700])
def test_beyond_its_reach_a_sensor_tells_nothing(network: Network, reach_m: int) -> None:
    snow, rows = snow_on(network, reach_m), all_rows(network)
    near = snow.nearest.distance_m <= reach_m
    assert np.array_equal(snow.fallen_mm(rows, np.full(len(rows), at(30)), at(40)) != ABSENT_32, near)
    assert np.array_equal(snow.distance_m(rows), np.where(near, snow.nearest.distance_m, ABSENT_32))
    assert near.any() == bool(reach_m)
    assert not near.all()


def test_without_sensors_nothing_is_known(network: Network) -> None:
    nearest = NearestSensors.of(network, [], np.zeros(0, np.bool_))
    snow = SegmentSnow(nearest=nearest, curves=curves_of(SNOW), reach_m=100_000)
    rows = all_rows(network)
    assert set(snow.fallen_mm(rows, np.full(len(rows), at(30)), at(40)).tolist()) == {ABSENT_32}
    assert set(snow.distance_m(rows).tolist()) == {ABSENT_32}
