"""Batches as columns: frozen dataclasses of equally long arrays.

The dtype of each column is declared once, by its annotation. A value that is not there is the smallest value of
the column's dtype (`absent`), so that presence needs no second array.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, get_args, get_origin, get_type_hints
from zlib import compress, decompress

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
UInt8s = npt.NDArray[np.uint8]
UInt64s = npt.NDArray[np.uint64]
Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Integers = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

ABSENT_8 = int(np.iinfo(np.int8).min)
ABSENT_16 = int(np.iinfo(np.int16).min)
ABSENT_32 = int(np.iinfo(np.int32).min)
ABSENT_64 = int(np.iinfo(np.int64).min)


def present(values: Integers) -> Bools:
    """Where a column has a value."""
    mask: Bools = values != np.iinfo(values.dtype).min
    return mask


def or_none(values: npt.NDArray[Any], there: Bools) -> list[Any]:
    """As a list, with nothing where there is none."""
    found: list[Any] = np.where(there, values.astype(object), np.array(None, object)).tolist()
    return found


def ranges(starts: Int64s, counts: Int64s) -> Int64s:
    """The numbers of ranges that begin at `starts`, one range after the other."""
    return np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))


def grouped(*keys: Int32s | Int64s) -> tuple[Rows, Rows]:
    """One row of each group of equal keys, in the order of the keys; and for each row the place of its group there."""
    changes = _changes(keys)
    # Equal ones lie together as a rule, so that there are fewer runs than rows.
    starts = np.flatnonzero(changes)
    order = starts[np.lexsort([key[starts] for key in reversed(keys)])]
    begins = _changes([key[order] for key in keys])
    places = np.zeros(len(changes), np.int64)
    places[order] = np.cumsum(begins) - 1
    return order[begins], np.repeat(places[starts], np.diff(starts, append=len(changes)))


def least(values: Int64s, group: Rows, groups: int) -> Int64s:
    """The smallest value of each group; of one without any, the largest that there is."""
    found = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(found, group, values)
    return found


def most(values: Int64s, group: Rows, groups: int) -> Int64s:
    """The largest value of each group; of one without any, the smallest that there is."""
    found = np.full(groups, np.iinfo(np.int64).min)
    np.maximum.at(found, group, values)
    return found


def _changes(keys: Sequence[Int32s | Int64s]) -> Bools:
    """Where the keys are not those of the row before."""
    changes = np.ones(len(keys[0]), np.bool_)
    changes[1:] = False
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    return changes


_declared: dict[type[Any], Mapping[str, np.dtype[Any]]] = {}


def declared_dtypes(owner: type[Any]) -> Mapping[str, np.dtype[Any]]:
    """The array fields of a dataclass and their dtypes, read from the annotations once."""
    if owner not in _declared:
        hints = get_type_hints(owner)
        dtypes = {field.name: _dtype_of(hints[field.name]) for field in fields(owner)}
        _declared[owner] = {name: dtype for name, dtype in dtypes.items() if dtype is not None}
    return _declared[owner]


def _dtype_of(hint: Any) -> np.dtype[Any] | None:  # noqa: ANN401 - an annotation
    """The dtype of an array's annotation; from numpy 2.5 on, `NDArray` stands in it by its own name."""
    if get_origin(hint) is np.ndarray:
        hint = get_args(hint)[1]
    elif get_origin(hint) is not npt.NDArray:
        return None
    dtype: np.dtype[Any] = np.dtype(get_args(hint)[0])
    return dtype


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Base of all batches."""

    @classmethod
    def dtypes(cls) -> Mapping[str, np.dtype[Any]]:
        """Column name to dtype, in order."""
        return declared_dtypes(cls)

    @classmethod
    def empty(cls) -> Self:
        return cls(**{name: np.empty(0, dtype) for name, dtype in cls.dtypes().items()})

    @classmethod
    def concat(cls, batches: Iterable[Self]) -> Self:
        parts = [batch for batch in batches if len(batch)]
        if not parts:
            return cls.empty()
        if len(parts) == 1:
            return parts[0]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.dtypes()})

    @classmethod
    def of(cls, count: int, **columns: npt.NDArray[Any]) -> Self:
        """A batch of these columns; in the others there is nothing."""
        absent = {name: np.full(count, np.iinfo(dtype).min, dtype) for name, dtype in cls.dtypes().items()}
        return cls(**absent | columns)

    @classmethod
    def from_columns(cls, columns: Iterable[npt.NDArray[Any]]) -> Self:
        """A batch of columns in order, whatever whole numbers they come in."""
        dtypes = cls.dtypes().items()
        return cls(**{name: column.astype(dtype) for (name, dtype), column in zip(dtypes, columns, strict=True)})

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[int]]) -> Self:
        """Build a batch from tuples in column order."""
        if not rows:
            return cls.empty()
        columns = zip(*rows, strict=True)
        return cls(
            **{
                name: np.array(values, dtype)
                for (name, dtype), values in zip(cls.dtypes().items(), columns, strict=True)
            }
        )

    def rows(self) -> list[tuple[int, ...]]:
        """The batch as tuples of plain integers in column order."""
        return list(zip(*(getattr(self, name).tolist() for name in self.dtypes()), strict=True))

    def packed(self) -> bytes:
        """To keep: one column after the other, compressed."""
        return compress(b"".join(getattr(self, name).tobytes() for name in self.dtypes()), 1)

    @classmethod
    def unpacked(cls, content: bytes) -> Self:
        """What `packed` made."""
        whole, dtypes, at = decompress(content), cls.dtypes(), 0
        count = len(whole) // sum(dtype.itemsize for dtype in dtypes.values())
        columns = {}
        for name, dtype in dtypes.items():
            columns[name] = np.frombuffer(whole, dtype, count, at)
            at += count * dtype.itemsize
        return cls(**columns)

    def take(self, rows: npt.NDArray[Any] | slice) -> Self:
        """The given rows (numbers, a mask or a slice) as a batch; all of them are this one."""
        if isinstance(rows, np.ndarray) and rows.dtype == np.bool_ and rows.all():
            return self
        return type(self)(**{name: getattr(self, name)[rows] for name in self.dtypes()})

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))
