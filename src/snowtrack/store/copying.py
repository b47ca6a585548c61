"""Columns into a table by binary COPY: all rows become bytes at once, since a driver that makes them one by one takes
longer than the database takes to store them.

A row is laid out as if each value were there; the bytes of those that are not are taken out at the end.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg import AsyncConnection, sql

from snowtrack.model.columns import Bools, Columns, Int64s, present
from snowtrack.store.instants import POSTGRES_EPOCH_US

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = -1


class Instants(NamedTuple):
    """Microseconds since 1970 UTC, for a column of type timestamptz."""

    values: Int64s


class Keys(NamedTuple):
    """Numbers that are all there, also the smallest, which elsewhere stands for what is not."""

    values: Int64s


Column = npt.NDArray[Any] | Instants | Keys


def table_columns(batch: Columns) -> dict[str, Column]:
    """A batch as the table of the same columns has it: a column of instants ends in `_us` here, and in `_at` there."""
    columns: dict[str, Column] = {}
    for name in batch.dtypes():
        values = getattr(batch, name)
        columns[f"{name.removesuffix('_us')}_at" if name.endswith("_us") else name] = (
            Instants(values) if name.endswith("_us") else values
        )
    return columns


async def copy_in(connection: AsyncConnection, table: str, columns: Mapping[str, Column]) -> None:
    """Add rows. A value that is absent becomes null."""
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(packed_rows(list(columns.values())))


def packed_rows(columns: list[Column]) -> bytes:
    """Rows as PostgreSQL's binary COPY has them: each value behind its length."""
    wires = [_wire(column) for column in columns]
    layout = [part for at, wire in enumerate(wires) for part in ((f"n{at}", ">i4"), (f"v{at}", wire.dtype))]
    rows = np.empty(len(wires[0]), np.dtype([("fields", ">i2"), *layout]))
    rows["fields"] = len(wires)
    kept = np.ones((len(rows), rows.itemsize), np.bool_)
    offset = 2
    for at, (column, wire) in enumerate(zip(columns, wires, strict=True)):
        absent = _absent(column)
        rows[f"n{at}"], rows[f"v{at}"] = np.where(absent, NULL, wire.itemsize), wire
        kept[absent, offset + 4 : offset + 4 + wire.itemsize] = False
        offset += 4 + wire.itemsize
    return HEADER + without_gaps(rows, kept) + TRAILER


def without_gaps(rows: npt.NDArray[Any], kept: Bools) -> bytes:
    """The bytes of rows, but those of values that are not there."""
    return rows.view(np.uint8).reshape(kept.shape)[kept].tobytes()


def _wire(column: Column) -> npt.NDArray[Any]:
    """In the order of the network; numbers of one byte take two."""
    if isinstance(column, Instants):
        return (column.values - POSTGRES_EPOCH_US).astype(">i8")
    if isinstance(column, Keys):
        return column.values.astype(">i8")
    if column.dtype == np.bool_:
        return column.astype(np.uint8)
    return column.astype(f">i{max(column.itemsize, 2)}")


def _absent(column: Column) -> Bools:
    if isinstance(column, Instants):
        return ~present(column.values)
    if isinstance(column, Keys):
        return np.zeros(len(column.values), np.bool_)
    return np.zeros(len(column), np.bool_) if column.dtype == np.bool_ else ~present(column)
