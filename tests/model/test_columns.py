"""Batches as columns: what goes in comes out, with the declared types."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32, ABSENT_64, Columns, grouped, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.matches import MatchBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import ObservedBatch

KINDS: list[type[Columns]] = [FixBatch, MatchBatch, ObservedBatch, PassBatch]


@st.composite
def rows_of(draw: Callable[..., int], kind: type[Columns]) -> list[tuple[int, ...]]:
    limits = [(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) for dtype in kind.dtypes().values()]
    count = draw(st.integers(0, 4))
    return [tuple(draw(st.integers(low, high)) for low, high in limits) for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_rows_come_back_as_they_went_in(kind: type[Columns], data: st.DataObject) -> None:
    rows = data.draw(rows_of(kind))
    batch = kind.from_rows(rows)
    assert batch.rows() == rows
    assert len(batch) == len(rows)
    assert {name: getattr(batch, name).dtype for name in kind.dtypes()} == dict(kind.dtypes())


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_concat_is_the_rows_of_all_parts_in_order(kind: type[Columns], data: st.DataObject) -> None:
    parts = data.draw(st.lists(rows_of(kind), max_size=3))
    joined = kind.concat(kind.from_rows(part) for part in parts)
    assert joined.rows() == [row for part in parts for row in part]
    assert {name: getattr(joined, name).dtype for name in kind.dtypes()} == dict(kind.dtypes())


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_packed_is_unpacked_as_it_was(kind: type[Columns], data: st.DataObject) -> None:
    batch = kind.from_rows(data.draw(rows_of(kind)))
    assert kind.unpacked(batch.packed()).rows() == batch.rows()


@given(rows=rows_of(PassBatch), data=st.data())
def test_take_chooses_by_number_and_by_mask(rows: list[tuple[int, ...]], data: st.DataObject) -> None:
    batch = PassBatch.from_rows(rows)
    numbers = data.draw(st.lists(st.integers(0, len(rows) - 1)) if rows else st.just([]))
    mask = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    assert batch.take(np.array(numbers, np.int64)).rows() == [rows[number] for number in numbers]
    assert batch.take(np.array(mask, np.bool_)).rows() == [row for row, kept in zip(rows, mask, strict=True) if kept]


@given(rows=st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 2))))
def test_rows_of_equal_keys_are_a_group_in_the_order_of_the_keys(rows: list[tuple[int, int]]) -> None:
    keys = np.array(rows, np.int64).reshape(-1, 2).T
    found, group = grouped(*keys)
    assert [rows[at] for at in found.tolist()] == sorted(set(rows))
    assert [sorted(set(rows))[at] for at in group.tolist()] == rows


def test_a_value_too_large_for_its_column_is_refused() -> None:
    row = [0] * len(PassBatch.dtypes())
    row[0] = 2**31
    with pytest.raises(OverflowError):
        PassBatch.from_rows([row])


def test_a_row_with_a_missing_value_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        PassBatch.from_rows([(1, 2, 3)])


@pytest.mark.parametrize(
    ("absent", "dtype"), [(ABSENT_8, np.int8), (ABSENT_16, np.int16), (ABSENT_32, np.int32), (ABSENT_64, np.int64)]
)
def test_only_the_smallest_value_is_absent(absent: int, dtype: type[np.signedinteger]) -> None:
    values = np.array([absent, absent + 1, -1, 0, np.iinfo(dtype).max], dtype)
    assert present(values).tolist() == [False, True, True, True, True]


def test_a_batch_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PassBatch.empty().device = np.zeros(1, np.int32)  # type: ignore[misc]
