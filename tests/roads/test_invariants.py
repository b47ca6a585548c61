"""Each promise of the format can be broken, and is then told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.arrays import Network
from snowtrack.roads.files import array_names
from snowtrack.roads.invariants import faults
from tests.oracles.towns import built, road, sample_town

TOWN = built(
    road((0, 0), (100, 0), (200, 0), name="一条通り"),
    road((100, 0), (100, 80), source_id=2),
    road((500, 500), (700, 500), source_id=3),
)
Change = Callable[[np.ndarray], Any]


def changed(name: str, change: Change) -> Network:
    column = getattr(TOWN, name).copy()
    made = change(column)
    return replace(TOWN, **{name: column if made is None else made})


def put(at: int, value: int) -> Change:
    def change(column: np.ndarray) -> None:
        column[at] = value

    return change


def test_a_network_as_it_was_built_has_no_faults() -> None:
    assert list(faults(TOWN)) == []
    assert list(faults(sample_town())) == []


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        *[(name, lambda column: column[:-1], name) for name in ("length_mm", "from_node", "node_lon_e7", "node_ends")],
        ("shape_offsets", put(0, 1), "shape_offsets does not ascend"),
        ("node_offsets", put(1, 99), "node_offsets does not ascend"),
        ("cell_offsets", put(-1, 1), "cell_offsets does not ascend"),
        ("text_offsets", put(-1, 0), "text_offsets does not ascend"),
        ("from_node", put(0, 999), "from_node: 999"),
        ("to_node", put(0, -1), "to_node: -1"),
        ("node_ends", put(0, 999), "node_ends: 999"),
        ("cell_rows", put(0, 999), "cell_rows: 999"),
        ("rows_by_id", put(0, 999), "rows_by_id: 999"),
        ("name_text", put(0, 9), "name_text: 9"),
        ("road_class", put(0, 9), "road_class: 9"),
        ("kind", put(0, 2), "kind: 2"),
        ("oneway", put(0, 2), "oneway: 2"),
        ("length_mm", put(0, 0), "length_mm: 0"),
        ("shape_lat_e7", put(0, 900_000_001), "shape_lat_e7: 900000001"),
        ("segment_id", put(0, 0), "segment_id"),
        ("segment_id", lambda column: np.full_like(column, 5), "segment_id"),
        ("rows_by_id", lambda column: column[::-1].copy(), "segment_id"),
        ("shape_at_mm", put(0, 5), "shape_at_mm: does not go from 0"),
        ("shape_at_mm", put(-1, 5), "shape_at_mm: does not go from 0"),
        ("shape_lat_e7", put(0, 365_000_000), "does not begin or end at its node"),
        ("node_lon_e7", put(0, 1_365_000_000), "does not begin or end at its node"),
        ("to_node", put(0, 0), "does not begin or end at its node"),
        ("node_ends", lambda column: np.roll(column, 1), "node_ends"),
        ("node_ends", put(0, 3), "node_ends"),
        ("cell", lambda column: column[::-1].copy(), "cell: does not ascend"),
        ("cell_rows", np.zeros_like, "cell_rows"),
        ("cell", lambda column: column + np.uint64(1 << 20), "is not listed where it is"),
    ],
)
def test_a_broken_promise_is_told(name: str, change: Change, said: str) -> None:
    found = list(faults(changed(name, change)))
    assert any(said in sentence for sentence in found), found


@given(st.sampled_from(array_names()), st.data())
def test_whatever_is_damaged_it_is_told_and_nothing_breaks(name: str, data: st.DataObject) -> None:
    column = getattr(TOWN, name)
    limits = np.iinfo(column.dtype)
    damage = {
        data.draw(st.integers(0, len(column) - 1)): data.draw(st.integers(int(limits.min), int(limits.max)))
        for _ in range(data.draw(st.integers(1, 3)))
    }

    def change(values: np.ndarray) -> None:
        for at, value in damage.items():
            values[at] = value

    for sentence in faults(changed(name, change)):
        assert "\n" not in sentence
