"""Columns as arrays of a statement: one number after the other they cost a driver more than the statement costs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from snowtrack.model.columns import Bools, Int32s, Int64s, present
from snowtrack.store.copying import NULL, without_gaps
from snowtrack.store.instants import POSTGRES_EPOCH_US


class Numbers(bytes):
    """A `bigint[]` as the database reads it."""

    __slots__ = ()


class Times(bytes):
    """A `timestamptz[]`."""

    __slots__ = ()


class _Ready(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> Buffer:  # noqa: ANN401 - as the driver has it
        return bytes(obj)


class _NumbersDumper(_Ready):
    oid = psycopg.adapters.types["int8"].array_oid


class _TimesDumper(_Ready):
    oid = psycopg.adapters.types["timestamptz"].array_oid


psycopg.adapters.register_dumper(Numbers, _NumbersDumper)
psycopg.adapters.register_dumper(Times, _TimesDumper)


def numbers(values: Sequence[int] | Int32s | Int64s) -> Numbers:
    """All of them are there."""
    own = np.asarray(values, np.int64)
    return Numbers(_packed(own, np.ones(len(own), np.bool_), "int8"))


def times(values_us: Sequence[int] | Int64s) -> Times:
    """Microseconds since 1970 UTC; what is absent becomes null."""
    own_us = np.asarray(values_us, np.int64)
    return Times(_packed(own_us - POSTGRES_EPOCH_US, present(own_us), "timestamptz"))


def _packed(values: Int64s, there: Bools, of: str) -> bytes:
    """Dimensions, whether any is null, the type; then how many from which number on, each value behind its length."""
    oid = psycopg.adapters.types[of].oid
    if not len(values):
        return np.array([0, 0, oid], ">i4").tobytes()
    rows = np.empty(len(values), np.dtype([("length", ">i4"), ("value", ">i8")]))
    rows["length"], rows["value"] = np.where(there, 8, NULL), values
    kept = np.ones((len(rows), rows.itemsize), np.bool_)
    kept[~there, 4:] = False
    header = np.array([1, not there.all(), oid, len(values), 1], ">i4")
    return header.tobytes() + without_gaps(rows, kept)
