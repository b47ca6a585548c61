"""Nights: the truth is judged perfect, and what departs from it is not."""

from dataclasses import replace
from pathlib import Path as File

import numpy as np
import pytest

from benchmarks.match.drives import Drive
from benchmarks.match.itinerary import Town
from benchmarks.match.nights import Roads, judge, night, read_roads, right_fixes
from benchmarks.match.streets import write_streets
from benchmarks.match.tracks import NO_WAY, Answers, Matched, Path


@pytest.fixture(scope="module")
def roads(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Roads:
    file: File = tmp_path_factory.mktemp("night") / "roads.osm.pbf"
    write_streets(town.streets, file)
    return read_roads(file)


@pytest.fixture(scope="module")
def drives(roads: Roads) -> list[Drive]:
    return list(night(roads, drives=6, length_m=3_000, seed=2))


def told(driven: Drive) -> Matched:
    """The truth, said as a matcher would say it."""
    answers = Answers(
        source_id=np.where(driven.on_road, driven.source_id, NO_WAY),
        direction=driven.direction,
        along_m=driven.along_m,
        confidence=np.ones(len(driven.track)),
    )
    return Matched(answers=answers, path=driven.path)


def test_the_truth_itself_is_judged_perfect(roads: Roads, drives: list[Drive]) -> None:
    for driven in drives:
        judged = judge(roads, driven, told(driven))
        assert (judged.rmf, judged.precision, judged.recall, judged.fix_acc) == (0.0, 1.0, 1.0, 1.0)
        assert judged.fixes_near == driven.on_road.sum()
        assert right_fixes(roads, driven, told(driven)).all()


def test_a_path_cut_short_is_missed_by_its_length(roads: Roads, drives: list[Drive]) -> None:
    driven = drives[0]
    length_m = np.abs(driven.path.to_m - driven.path.from_m)
    half = len(driven.path) // 2
    path = driven.path
    cut = Path(
        source_id=path.source_id[:half],
        direction=path.direction[:half],
        from_m=path.from_m[:half],
        to_m=path.to_m[:half],
    )
    judged = judge(roads, driven, replace(told(driven), path=cut))
    assert judged.rmf == pytest.approx(length_m[half:].sum() / length_m.sum(), abs=0.02)


def test_another_way_than_those_driven_is_wrong_and_so_is_any_off_the_roads(roads: Roads, drives: list[Drive]) -> None:
    driven = drives[1]
    never = np.setdiff1d(roads.arcs.source_id, driven.path.source_id)[0]
    elsewhere = replace(told(driven).answers, source_id=np.full(len(driven.track), never))
    assert not right_fixes(roads, driven, replace(told(driven), answers=elsewhere)).any()
    unmatched = replace(told(driven).answers, source_id=np.full(len(driven.track), NO_WAY))
    assert np.array_equal(right_fixes(roads, driven, replace(told(driven), answers=unmatched)), ~driven.on_road)


def test_every_second_drive_has_the_trackers_columns_and_all_are_the_same_for_the_same_seed(
    roads: Roads, drives: list[Drive]
) -> None:
    assert [driven.track.hdop is None for driven in drives] == [False, True] * 3
    for first, again in zip(drives, night(roads, drives=6, length_m=3_000, seed=2), strict=True):
        assert np.array_equal(first.track.lat_deg, again.track.lat_deg)
    other = next(night(roads, drives=1, length_m=3_000, seed=3))
    assert not np.array_equal(other.track.lat_deg[:10], drives[0].track.lat_deg[:10])


def test_a_night_every_30_s_has_a_fix_every_30_s(roads: Roads) -> None:
    for driven in night(roads, drives=2, length_m=3_000, seed=1, every_s=30):
        assert np.diff(driven.track.time_s).min() >= 30
