"""Peers: what they say is turned into our words, and a drive without noise is found by each."""

from importlib.util import find_spec
from pathlib import Path as File

import numpy as np
import pytest

from benchmarks.match.arcs import Arcs
from benchmarks.match.devset import Case
from benchmarks.match.heading_peer import NearestByHeading
from benchmarks.match.peers import Peer, answers_of, installed, path_of, read_stream, stream, window
from benchmarks.match.score import score_fixes
from benchmarks.match.tracks import Track

# A square with sides of about 445 m, two-way but for its last side, and a road that leads off its second corner.
LAT = np.array([43.0, 43.0, 43.004, 43.004, 43.0])
LON = np.array([141.3, 141.3055, 141.3055, 141.3, 141.311])
WAY_FROM, WAY_TO = np.array([0, 1, 2, 3, 1]), np.array([1, 2, 3, 0, 4])
LENGTH_MM = np.array([448_300, 444_400, 448_300, 444_400, 448_300])


@pytest.fixture
def case() -> Case:
    """Around the square: east, north, west and south, once."""
    corners = [0, 1, 2, 3, 0]
    shares = np.linspace(0.02, 0.98, 40)[:, None]
    places = [np.column_stack([LAT, LON])[corners[side : side + 2]] for side in range(4)]
    track = np.concatenate([(1 - shares) * begin + shares * end for begin, end in places])
    return Case(
        name="square",
        node_lat_deg=LAT,
        node_lon_deg=LON,
        way_from=WAY_FROM,
        way_to=WAY_TO,
        oneway=np.array([False, False, False, True, False]),
        arcs=Arcs(source_id=np.arange(1, 6), from_mm=np.zeros(5, np.int64), to_mm=LENGTH_MM),
        track=Track(time_s=np.arange(160.0), lat_deg=track[:, 0], lon_deg=track[:, 1]),
        route=np.array([0, 2, 4, 6]),
    )


def everyone() -> list[object]:
    there, _ = installed()
    return [
        pytest.param(NearestByHeading, id="heading"),
        *(pytest.param(make, id=name) for name, make in there.items()),
    ]


@pytest.mark.parametrize("make", everyone())
def test_a_drive_without_noise_is_found(case: Case, tmp_path: File, make: type[NearestByHeading]) -> None:
    peer: Peer = make(case, tmp_path / "peer")
    matched = peer.read(case.track, peer.solve(peer.prepare(case.track)))
    judged = case.judge(case.track, matched)
    assert judged.rmf < 0.01
    assert judged.fix_acc > 0.98
    sides = np.repeat([1, 2, 3, 4], 40)
    same = matched.answers.source_id == sides
    assert same.mean() > 0.97
    along_m = np.tile(np.linspace(0.02, 0.98, 40), 4) * LENGTH_MM[sides - 1] / 1000
    assert matched.answers.along_m[same] == pytest.approx(along_m[same], abs=1.5)


@pytest.mark.parametrize("make", everyone())
def test_a_drive_the_other_way_round_is_found_against_the_ways(
    case: Case, tmp_path: File, make: type[NearestByHeading]
) -> None:
    peer: Peer = make(case, tmp_path / "peer")
    # Sides three to one; the fourth is one-way.
    rows = np.arange(119, -1, -1)
    turned = case.track.take(rows)
    back = Track(time_s=np.arange(120.0), lat_deg=turned.lat_deg, lon_deg=turned.lon_deg)
    matched = peer.read(back, peer.solve(peer.prepare(back)))
    assert matched.path.source_id.tolist() == [3, 2, 1]
    assert matched.path.direction.tolist() == [-1, -1, -1]
    assert np.mean(matched.answers.direction == -1) > 0.97


@pytest.mark.parametrize("make", everyone())
def test_far_from_all_roads_there_is_no_answer(case: Case, tmp_path: File, make: type[NearestByHeading]) -> None:
    peer: Peer = make(case, tmp_path / "peer")
    far = Track(time_s=np.arange(5.0), lat_deg=np.full(5, 43.1), lon_deg=np.linspace(141.3, 141.3004, 5))
    matched = peer.read(far, peer.solve(peer.prepare(far)))
    assert matched.answers.source_id.tolist() == [-1] * 5
    assert len(matched.path) == 0


@pytest.mark.parametrize("make", everyone())
def test_as_a_stream_each_fix_is_answered_from_its_own_window(
    case: Case, tmp_path: File, make: type[NearestByHeading]
) -> None:
    peer: Peer = make(case, tmp_path / "peer")
    requests = stream(peer, case.track, 10.0)
    assert len(requests) == len(case.track)
    answers = read_stream(peer, case.track, 10.0, [peer.solve(request) for request in requests])
    at = case.arcs.at(answers.source_id, answers.direction, answers.along_m)
    assert score_fixes(case.route, at, case.distance_m(case.track)).fix_acc > 0.97


def test_a_window_holds_the_last_60_known_and_always_the_one_asked_for() -> None:
    assert window(0, 1).tolist() == [0]
    assert window(5, 16).tolist() == list(range(16))
    assert window(100, 111).tolist() == list(range(51, 111))
    assert window(100, 300)[0] == 100


def test_a_stream_knows_all_fixes_up_to_the_lag_and_none_beyond(case: Case, tmp_path: File) -> None:
    peer = NearestByHeading(case, tmp_path)
    assert [len(request) for request in stream(peer, case.track, 0.0)][:3] == [1, 2, 3]
    assert [len(request) for request in stream(peer, case.track, 10.0)][:3] == [11, 12, 13]
    assert len(stream(peer, case.track, 10.0)[-1]) == 60


def test_arcs_become_places_along_the_ways(case: Case) -> None:
    answers = answers_of(case, np.array([0, 1, -1, 4]), np.array([0.25, 0.25, 0.0, 1.0]))
    assert answers.source_id.tolist() == [1, 1, -1, 3]
    assert answers.direction[[0, 1, 3]].tolist() == [1, -1, 1]
    assert answers.along_m == pytest.approx([112.075, 336.225, 0, 448.3])


def test_the_same_arc_again_at_once_is_driven_once(case: Case) -> None:
    path = path_of(case, np.array([0, 0, 3, 3, 2, 0]))
    assert case.arcs.along(path).tolist() == [0, 3, 2, 0]


def test_every_peer_is_either_there_or_named_as_missing() -> None:
    there, missing = installed()
    assert len(there) + len(missing) == 2
    assert any("fastmm" in name for name in (there if find_spec("fastmm") else missing))
