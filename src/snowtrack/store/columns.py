"""Rows of the database as columns: a statement that gives each column as bytes, one value after the other.

PostgreSQL writes a million values of a column in the time in which a driver makes a thousandth of them objects. A
statement packs with `string_agg(int4send(…), '')`, which passes null by: it has to say a value for what is not there.
"""

from collections.abc import Mapping
from typing import Any, LiteralString, TypeVar

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.columns import ABSENT_64, Columns, Int64s
from snowtrack.store.instants import POSTGRES_EPOCH_US

Batch = TypeVar("Batch", bound=Columns)


async def read_columns(
    connection: AsyncConnection, statement: LiteralString, asked: Mapping[str, Any], batch: type[Batch]
) -> Batch:
    """All rows of a statement that packs the columns of this batch, in its order."""
    cursor = connection.cursor(binary=True)
    row = await (await cursor.execute(statement, asked)).fetchone()
    packed = dict(zip(batch.dtypes(), row or (), strict=True))
    return batch(**{name: _unpacked(name, packed[name] or b"", dtype) for name, dtype in batch.dtypes().items()})


def _unpacked(name: str, packed: bytes, dtype: np.dtype[Any]) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """A column of times has a name that ends in `_us`. Numbers of one byte come in two."""
    sent = np.frombuffer(packed, f">i{max(dtype.itemsize, 2)}").astype(dtype)
    return _since_1970(sent) if name.endswith("_us") else sent


def _since_1970(times: Int64s) -> Int64s:
    """-infinity stands for a time that is not there, and is sent as the smallest number."""
    return np.where(times == ABSENT_64, ABSENT_64, times + POSTGRES_EPOCH_US)
