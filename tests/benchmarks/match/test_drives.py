"""Drives: the truth belongs to the track."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from benchmarks.match.drives import Drive, Receiver, Style, drive
from benchmarks.match.itinerary import STEADY, Habits, Stretch, Town
from snowtrack.model.columns import Floats

WGS84 = Geod(ellps="WGS84")
BUSY = Habits(turn_round=2, back_up=4, yard=2, long_stop=2, short_stop=5)
EXACT = Receiver(sigma_m=0, lasting_s=10, columns=True)
MIDDLE = Style(slowest_kmh=5, fastest_kmh=60)
seeds = st.integers(0, 10_000)


def driven(town: Town, receiver: Receiver, *, seed: int, habits: Habits = BUSY, style: Style = MIDDLE) -> Drive:
    return drive(town, town.itinerary(length_m=1_000, habits=habits, seed=seed), receiver, style, seed)


def places(town: Town, trip: Drive) -> tuple[Floats, Floats]:
    """Where the truth says that the vehicle was."""
    streets = {street.source_id: street for street in town.streets}
    lat, lon = [], []
    for source_id, along_m in zip(trip.source_id.tolist(), trip.along_m.tolist(), strict=True):
        street = streets[source_id]
        at_m = street.at_m()
        lat.append(np.interp(along_m, at_m, street.lat_deg))
        lon.append(np.interp(along_m, at_m, street.lon_deg))
    return np.array(lat), np.array(lon)


def apart_m(track_lat: Floats, track_lon: Floats, lat: Floats, lon: Floats) -> Floats:
    return np.asarray(WGS84.inv(track_lon, track_lat, lon, lat)[2])


@given(seed=seeds)
def test_without_noise_each_fix_on_a_road_is_where_the_truth_says(town: Town, seed: int) -> None:
    trip = driven(town, EXACT, seed=seed)
    lat, lon = places(town, trip)
    distance_m = apart_m(trip.track.lat_deg, trip.track.lon_deg, lat, lon)
    assert distance_m[trip.on_road].max() < 0.01


@given(seed=seeds)
def test_along_the_same_street_metres_grow_in_the_direction_said(town: Town, seed: int) -> None:
    trip = driven(town, EXACT, seed=seed)
    same = (np.diff(trip.source_id) == 0) & (np.diff(trip.direction) == 0) & trip.on_road[1:] & trip.on_road[:-1]
    assert np.all((np.diff(trip.along_m) * trip.direction[1:])[same] >= -1e-6)


@given(seed=seeds)
def test_no_vehicle_moves_faster_than_it_is_allowed_to(town: Town, seed: int) -> None:
    track = driven(town, EXACT, seed=seed).track
    moved_m = apart_m(track.lat_deg[1:], track.lon_deg[1:], track.lat_deg[:-1], track.lon_deg[:-1])
    assert np.all(np.diff(track.time_s) == 1)
    assert moved_m.max() <= 60 / 3.6 + 0.1


def test_a_pause_is_as_long_as_it_is_said_and_the_vehicle_stands(town: Town) -> None:
    start, end = (36.57, 136.66), (36.571, 136.66)
    there = Stretch(way=0, direction=1, from_m=0, to_m=110.95, start=start, end=end, pause_s=100)
    back = there._replace(direction=-1, from_m=110.95, to_m=0, start=end, end=start, pause_s=0)
    track = drive(town, [there, back], EXACT, MIDDLE, 1).track
    standing = np.abs(track.lat_deg - 36.571) * 111_000 < 0.01
    assert standing.sum() == pytest.approx(100, abs=1)


def test_a_vehicle_brakes_before_it_stands_and_starts_gently(town: Town) -> None:
    start, end = (36.57, 136.66), (36.574, 136.66)
    there = Stretch(way=0, direction=1, from_m=0, to_m=443.8, start=start, end=end, pause_s=30)
    on = there._replace(from_m=443.8, to_m=887.6, start=end, end=(36.578, 136.66), pause_s=0)
    style = Style(slowest_kmh=60, fastest_kmh=60)
    track = drive(town, [there, on], EXACT, style, 1).track
    speed_mps = np.diff(track.lat_deg) * 110_960
    assert speed_mps.max() > 15
    assert np.abs(np.diff(speed_mps)).max() < 1.6


def test_backing_up_does_not_change_the_side_of_the_road(town: Town) -> None:
    start, end = (36.57, 136.66), (36.5705, 136.66)
    there = Stretch(way=0, direction=1, from_m=0, to_m=55.5, start=start, end=end, pause_s=5)
    back = there._replace(direction=-1, from_m=55.5, to_m=0, start=end, end=start, backing=True, pause_s=0)
    style = Style(slowest_kmh=20, fastest_kmh=20, lane_m=2.0)
    track = drive(town, [there, back], EXACT, style, 1).track
    # Northwards, so that left is west, there and back.
    assert (track.lon_deg - 136.66) * 89_450 == pytest.approx(np.full(len(track), -2.0), abs=0.02)


def test_lanes_lie_to_the_left_of_the_motion(town: Town) -> None:
    style = Style(slowest_kmh=30, fastest_kmh=40, lane_m=2.0)
    trip = driven(town, EXACT, seed=4, habits=STEADY, style=style)
    lat, lon = places(town, trip)
    track = trip.track
    assert track.course_deg is not None
    bearing, _, distance_m = WGS84.inv(lon, lat, track.lon_deg, track.lat_deg)
    assert np.median(distance_m) == pytest.approx(2.0, abs=0.05)
    to_the_left = (track.course_deg - np.asarray(bearing)) % 360
    assert np.median(to_the_left) == pytest.approx(90, abs=5)


def test_noise_is_as_large_as_it_is_said(town: Town) -> None:
    exact, noisy = (driven(town, Receiver(sigma_m=sigma, lasting_s=5), seed=1, habits=STEADY).track for sigma in (0, 4))
    distance_m = apart_m(exact.lat_deg, exact.lon_deg, noisy.lat_deg, noisy.lon_deg)
    assert np.sqrt(np.mean(distance_m**2) / 2) == pytest.approx(4, rel=0.25)


def test_truth_is_thinned_and_cut_by_gaps_as_the_track_is(town: Town) -> None:
    receiver = Receiver(sigma_m=0, lasting_s=10, every_s=5, gap_share=0.2)
    trip = drive(town, town.itinerary(length_m=5_000, habits=BUSY, seed=2), receiver, MIDDLE, 2)
    steps_s = np.diff(trip.track.time_s)
    assert np.median(steps_s) == 5
    assert steps_s.max() >= 20
    lat, lon = places(town, trip)
    assert apart_m(trip.track.lat_deg, trip.track.lon_deg, lat, lon)[trip.on_road].max() < 0.01


def test_the_path_ends_with_the_last_fix(town: Town) -> None:
    for seed in range(5):
        trip = driven(town, Receiver(sigma_m=0, lasting_s=10, every_s=30, gap_share=0.2), seed=seed, habits=STEADY)
        assert trip.path.to_m[-1] == pytest.approx(trip.along_m[-1])
        assert trip.path.source_id[-1] == trip.source_id[-1]
        assert trip.track.time_s[0] == 0


def test_columns_are_sent_where_the_receiver_has_them(town: Town) -> None:
    bare = driven(town, Receiver(sigma_m=3, lasting_s=10), seed=1).track
    assert bare.speed_mps is bare.course_deg is bare.hdop is None
    full = driven(town, Receiver(sigma_m=3, lasting_s=10, columns=True), seed=1).track
    assert full.speed_mps is not None
    assert full.course_deg is not None
    assert full.hdop is not None
    assert np.all(full.speed_mps >= 0)
    assert np.all((full.course_deg >= 0) & (full.course_deg < 360))


def test_the_same_seed_drives_the_same(town: Town) -> None:
    receiver = Receiver(sigma_m=3, lasting_s=10, gap_share=0.1, columns=True)
    first, again = (driven(town, receiver, seed=5) for _ in range(2))
    assert np.array_equal(first.track.lat_deg, again.track.lat_deg)
    assert np.array_equal(first.along_m, again.along_m)


def test_off_the_roads_the_truth_says_so(town: Town) -> None:
    trip = driven(town, EXACT, seed=6, habits=Habits(yard=8))
    assert not trip.on_road.all()
    lines = shapely.STRtree([shapely.linestrings(s.lon_deg, s.lat_deg) for s in town.streets])
    points = shapely.points(trip.track.lon_deg, trip.track.lat_deg)
    nearest = lines.query_nearest(points, all_matches=False, return_distance=True)[1]
    assert nearest[~trip.on_road].max() > 30 / 111_000
    assert nearest[trip.on_road].max() < 1e-7
