"""Paths and places to arcs."""

import numpy as np
import pytest

from benchmarks.match.arcs import NO_ARC, Arcs
from benchmarks.match.tracks import Path

# Way 7 in pieces of 10, 10 and 5 m (arcs 0 to 5), way 9 in one of 30 m (arcs 6 and 7).
ARCS = Arcs(
    source_id=np.array([7, 7, 7, 9]),
    from_mm=np.array([0, 10_000, 20_000, 0]),
    to_mm=np.array([10_000, 20_000, 25_000, 30_000]),
)


def at(way: int, direction: int, along_m: float) -> int:
    return int(ARCS.at(np.array([way]), np.array([direction], np.int8), np.array([along_m]))[0])


def along(*rows: tuple[int, int, float, float]) -> list[int]:
    found: list[int] = ARCS.along(Path.of(list(rows))).tolist()
    return found


def test_a_place_belongs_to_the_piece_that_holds_it() -> None:
    assert [at(7, 1, m) for m in (0, 9.9, 10, 24.9)] == [0, 0, 2, 4]
    assert [at(7, -1, m) for m in (0, 12, 24.9)] == [1, 3, 5]
    assert at(9, -1, 15) == 7


def test_a_place_beyond_an_end_belongs_to_that_end() -> None:
    assert at(7, 1, -3) == 0
    assert at(7, 1, 900) == 4


def test_an_unknown_way_has_no_arc() -> None:
    assert [at(way, 1, 0) for way in (-1, 8, 10)] == [NO_ARC] * 3


def test_a_path_touches_whole_pieces() -> None:
    assert along((7, 1, 5, 21)) == [0, 2, 4]
    assert along((7, 1, 10, 20)) == [2]


def test_a_few_millimetres_beyond_a_cut_touch_nothing() -> None:
    assert along((7, 1, 9.995, 20.005)) == [2]
    assert along((7, 1, 9.9, 20.1)) == [0, 2, 4]


def test_a_path_against_the_way_goes_through_its_pieces_backwards() -> None:
    assert along((7, -1, 25, 0)) == [5, 3, 1]
    assert along((7, -1, 0, 25)) == [5, 3, 1]


def test_stretches_of_one_piece_are_one_arc() -> None:
    assert along((9, 1, 0, 12), (9, 1, 12, 30), (7, 1, 0, 10)) == [6, 0]


def test_turning_back_is_another_arc_and_coming_back_one_more() -> None:
    assert along((9, 1, 0, 12), (9, -1, 12, 0), (9, 1, 0, 30)) == [6, 7, 6]


def test_an_empty_path_has_no_arcs_and_unknown_ways_are_left_out() -> None:
    assert along() == []
    assert along((8, 1, 0, 5), (9, 1, 0, 5)) == [6]


def test_pieces_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Arcs(source_id=np.array([7, 7]), from_mm=np.array([10, 0]), to_mm=np.array([20, 10]))
