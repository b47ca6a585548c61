"""Roads are shared out evenly, and each share hangs together."""

from itertools import pairwise

import numpy as np
import pytest

from ploughsim.roads.read import RoadNetwork
from ploughsim.world.districts import _along_curve, share_out


def test_the_curve_goes_from_each_square_to_one_beside_it() -> None:
    x, y = (axis.reshape(-1) for axis in np.meshgrid(np.arange(32), np.arange(32)))
    order = np.argsort(_along_curve(x, y))
    assert len(np.unique(_along_curve(x, y))) == 32 * 32
    assert (np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))).max() == 1


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_each_segment_is_in_one_share_and_shares_are_about_as_long(town: RoadNetwork, count: int) -> None:
    rows = np.arange(len(town))
    order, cuts = share_out(town, rows, count)
    assert sorted(order.tolist()) == rows.tolist()
    assert len(cuts) == count + 1
    lengths = np.add.reduceat(town.length_mm[order].astype(np.int64), cuts[:-1])
    assert np.abs(lengths - lengths.mean()).max() <= 150_000


def test_a_share_is_a_small_part_of_the_plane(town: RoadNetwork) -> None:
    order, cuts = share_out(town, np.arange(len(town)), 10)
    first = town.shape_offsets[:-1][order]
    north, east = town.shape_lat_e7[first] / 1e7 * 111_320, town.shape_lon_e7[first] / 1e7 * 89_000
    whole = np.hypot(np.std(north), np.std(east))
    own = [np.hypot(np.std(north[a:b]), np.std(east[a:b])) for a, b in pairwise(cuts.tolist())]
    assert np.mean(own) < 0.5 * whole


@pytest.mark.parametrize("count", [400, 990, 5_000])
def test_no_share_is_empty_however_many_there_are(town: RoadNetwork, count: int) -> None:
    rows = np.arange(0, len(town), 2)
    order, cuts = share_out(town, rows, count)
    assert len(cuts) - 1 == min(count, len(rows))
    assert (np.diff(cuts) > 0).all()
    assert sorted(order.tolist()) == rows.tolist()
