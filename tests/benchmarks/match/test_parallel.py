"""Parallel roads: drawn as said, and credited by what is on them."""

from collections.abc import Sequence

import numpy as np
import pytest
from pyproj import Geod

from benchmarks.match.drives import Drive
from benchmarks.match.parallel import DISTANCES_M, SIGMAS_M, Credited, Matcher, credit, drives_along, grid, pair
from benchmarks.match.streets import Street, as_lines
from benchmarks.match.tracks import Answers, Matched, Path, Track
from snowtrack.roads.build import build_network

WGS84 = Geod(ellps="WGS84")


def told(driven: Drive, source_id: int | None = None) -> Matched:
    """The truth, or the same places on one road."""
    ways = driven.source_id if source_id is None else np.full(len(driven.track), source_id)
    path = driven.path
    if source_id is not None:
        path = Path.of([(source_id, 1, 0.0, 3_000.0)])
    answers = Answers(
        source_id=ways,
        direction=driven.direction,
        along_m=driven.along_m,
        confidence=np.full(len(driven.track), 0.75),
    )
    return Matched(answers=answers, path=path)


@pytest.mark.parametrize("winding_m", [0.0, 60.0])
@pytest.mark.parametrize("distance_m", DISTANCES_M)
def test_the_roads_lie_as_far_apart_as_is_said_all_along(distance_m: float, winding_m: float) -> None:
    first, second = pair(distance_m, winding_m)[:2]
    apart_m = WGS84.inv(first.lon_deg, first.lat_deg, second.lon_deg, second.lat_deg)[2]
    assert apart_m == pytest.approx(np.full(len(first.nodes), distance_m), abs=0.02)


def test_the_network_has_both_roads_and_the_streets_between_them() -> None:
    streets = pair(25, 60)
    network = build_network(as_lines(streets), name="pair", attribution="made up")
    assert set(network.source_id.tolist()) == {street.source_id for street in streets} == set(range(1, 19))
    assert network.length_mm[network.source_id > 2].tolist() == pytest.approx([25_000] * 16, abs=20)


def test_half_of_the_drives_stay_and_half_change_over_once() -> None:
    streets = pair(25, 0)
    ways = [driven.path.source_id.tolist() for driven in drives_along(streets, 3.0, 20)]
    assert all(len(own) == 1 and own[0] in (1, 2) for own in ways[::2])
    assert all(len(own) == 3 and {own[0], own[2]} == {1, 2} and own[1] > 2 for own in ways[1::2])
    assert {own[0] for own in ways[::2]} == {1, 2}


def test_the_truth_is_credited_to_no_wrong_road() -> None:
    streets = pair(10, 60)
    for driven in drives_along(streets, 3.0, 4):
        credited = credit(streets, driven, told(driven))
        assert credited.wrong_mm == 0
        assert credited.matched_mm == credited.truth_mm
        assert credited.right.all()


def test_the_other_road_all_along_is_wrong_all_along() -> None:
    streets = pair(10, 0)
    staying = next(drives_along(streets, 3.0, 1))
    other = 3 - int(staying.path.source_id[0])
    credited = credit(streets, staying, told(staying, other))
    assert credited.wrong_share == pytest.approx(1.0, abs=0.01)
    assert not credited.right.any()


def test_a_few_metres_too_far_are_credited_as_a_few_metres() -> None:
    streets = pair(25, 0)
    changing = list(drives_along(streets, 3.0, 2))[1]
    path = changing.path
    too_far = Path(
        source_id=path.source_id,
        direction=path.direction,
        from_m=path.from_m,
        to_m=path.to_m + np.where(np.arange(3) == 0, 5.0 * path.direction, 0),
    )
    answers = told(changing).answers
    credited = credit(streets, changing, Matched(answers=answers, path=too_far))
    assert 4_000 <= credited.wrong_mm <= 8_000


def test_the_right_road_in_the_wrong_direction_is_still_the_right_road() -> None:
    streets = pair(25, 0)
    staying = next(drives_along(streets, 3.0, 1))
    path = staying.path
    turned = Path(source_id=path.source_id, direction=-path.direction, from_m=path.to_m, to_m=path.from_m)
    assert credit(streets, staying, Matched(answers=told(staying).answers, path=turned)).wrong_mm == 0


def test_the_grid_holds_a_cell_for_each_noise_and_distance() -> None:
    def matcher_of(streets: Sequence[Street]) -> Matcher:
        assert streets[0].source_id == 1

        def first_road(track: Track) -> Matched:
            count = len(track)
            answers = Answers(
                source_id=np.ones(count, np.int64),
                direction=np.ones(count, np.int8),
                along_m=np.zeros(count),
                confidence=np.full(count, 0.5),
            )
            return Matched(answers=answers, path=Path.of([(1, 1, 0.0, 3_000.0)]))

        return first_road

    cells = list(grid(matcher_of, drives=2))
    assert {(sigma, distance) for sigma, distance, _ in cells} == {(s, d) for s in SIGMAS_M for d in DISTANCES_M}
    assert len(cells) == 16
    assert all(0 < cell.wrong_share < 1 for _, _, cell in cells)


def test_sums_are_of_lengths_and_of_all_answers() -> None:
    one = Credited(truth_mm=1_000, matched_mm=900, wrong_mm=10, confidence=np.ones(3), right=np.ones(3, np.bool_))
    two = Credited(truth_mm=3_000, matched_mm=3_100, wrong_mm=390, confidence=np.ones(2), right=np.zeros(2, np.bool_))
    both = Credited.sum([one, two])
    assert (both.truth_mm, both.matched_mm, both.wrong_share) == (4_000, 4_000, 0.1)
    assert both.right.tolist() == [True] * 3 + [False] * 2
    assert both.calibration().errors == 2
