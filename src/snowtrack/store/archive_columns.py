"""How fixes stand in the table of an archive, and which digests it leaves out.

Where values follow on each other, the table has differences: each to the one before that is there, of the same part of
the same device, the first to 0. They wrap around, so that any values come back as they were. Null is what is absent.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from snowtrack.model.columns import Bools, Int64s, Integers, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId

COLUMNS = {name: dtype for name, dtype in FixBatch.dtypes().items() if name != "device"}
STEP = "_step"
# How often differences are taken: of what goes on evenly, and of where a machine is, the differences do so too.
_STEPS: Mapping[str, int] = {
    **dict.fromkeys(("seq", "uptime_ms", "time_us", "day_us", "received_us", "speed_mmps", "course_cdeg"), 1),
    **dict.fromkeys(("lat_e7", "lon_e7", "alt_mm"), 2),
}
_TITLES = {name: name + STEP * _STEPS.get(name, 0) for name in COLUMNS}
# What a digest reads as that was left out.
LEFT_OUT = 0


def schema() -> dict[str, Any]:
    """The columns of the table and their types."""
    sizes: dict[int, Any] = {1: pl.Int8, 2: pl.Int16, 4: pl.Int32, 8: pl.Int64}
    columns = {_TITLES[name]: sizes[dtype.itemsize] for name, dtype in COLUMNS.items()}
    return {"agency": pl.String, "device": pl.String, **columns}


def packed(device: DeviceId, fixes: FixBatch, bare: Bools) -> pl.DataFrame:
    """A part as it stands in the table; the bare fixes without their digests."""
    columns: dict[str, Any] = {"agency": [device.agency] * len(fixes), "device": [device.device] * len(fixes)}
    for name in COLUMNS:
        values = getattr(fixes, name)
        # A digest is not absent when its bits are those of what is absent elsewhere.
        there = ~bare if name == "digest" else present(values)
        steps = values.copy()
        steps[there] = _differences(values[there], _STEPS.get(name, 0))
        columns[_TITLES[name]] = pl.Series(steps).set(pl.Series(~there), None)
    return pl.DataFrame(columns, schema=schema())


def unpacked(table: pl.DataFrame, number: int) -> FixBatch:
    """A part as it was; a table whose columns are others is none of ours."""
    if dict(table.schema) != schema():
        raise ValueError("its columns are not those of fixes")
    columns = {}
    for name, dtype in COLUMNS.items():
        column = table[_TITLES[name]]
        there = column.is_not_null().to_numpy()
        values = np.full(len(table), LEFT_OUT if name == "digest" else np.iinfo(dtype).min, dtype)
        values[there] = _sums(column.drop_nulls().to_numpy().astype(dtype, copy=False), _STEPS.get(name, 0))
        columns[name] = values
    return FixBatch(device=np.full(len(table), number, np.int32), **columns)


def needless(boot: Int64s, seq: Int64s, time_us: Int64s) -> Bools:
    """Of all fixes of a device in an archive, those whose digest nothing asks for: their number tells them apart.

    A digest decides the order of fixes of one instant and one number, and which of two parts of an epoch is which. So
    it is left out of a fix that has a number and shares neither the number of its boot nor its time with any other.
    """
    return present(seq) & _alone(boot, seq) & _alone(time_us)


def without_digests(fixes: FixBatch, bare: Bools) -> FixBatch:
    """What comes out of an archive in which these fixes are bare."""
    columns = {name: getattr(fixes, name) for name in FixBatch.dtypes()}
    return FixBatch(**columns | {"digest": np.where(bare, LEFT_OUT, fixes.digest)})


def _alone(*keys: Int64s) -> Bools:
    """Where no other row has the same keys."""
    order = np.lexsort(keys)
    as_next = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    alone = np.ones(len(order), np.bool_)
    alone[order[1:][as_next]] = alone[order[:-1][as_next]] = False
    return alone


def _differences(values: Integers, times: int) -> Integers:
    for _ in range(times):
        values = np.diff(values, prepend=values.dtype.type(0))
    return values


def _sums(steps: Integers, times: int) -> Integers:
    for _ in range(times):
        steps = np.cumsum(steps, dtype=steps.dtype)
    return steps
