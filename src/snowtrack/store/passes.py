"""Passes, the segments they touch, and the stretches that have to be computed again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.intervals import union
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.columns import read_columns
from snowtrack.store.copying import copy_in, table_columns
from snowtrack.store.instants import stretch_asked, to_instant, to_instant_or_none, to_us
from snowtrack.store.queries import query

# Stretches of a device that are no further apart than this are computed again together.
TOGETHER_US = DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyWork:
    """Dirty stretches of one device that lie together, as one range."""

    stretch: DirtyStretch
    ids: list[int]


async def add_passes(connection: AsyncConnection, passes: PassBatch) -> None:
    """Store passes and tell the fold which segments to look at."""
    if not len(passes):
        return
    await copy_in(connection, "pass", table_columns(passes))
    await touch(connection, set(passes.segment_id.tolist()))


async def replace_passes(connection: AsyncConnection, stretch: DirtyStretch, passes: PassBatch) -> None:
    """Put these passes in place of all that the device has in the time range."""
    rows = await (await connection.execute(query("remove_passes"), stretch_asked(stretch))).fetchall()
    await touch(connection, {segment for (segment,) in rows})
    await add_passes(connection, passes)


async def touch(connection: AsyncConnection, segments: Iterable[int]) -> None:
    await connection.execute(query("touch"), {"segments": sorted(segments)})


async def mark_dirty(connection: AsyncConnection, stretches: Iterable[DirtyStretch]) -> None:
    """Mark stretches; those of one device that lie together come as one row."""
    by_device: dict[int, list[DirtyStretch]] = {}
    for stretch in stretches:
        by_device.setdefault(stretch.device, []).append(stretch)
    for device, own in by_device.items():
        for from_us, to_us_ in union((s.from_us, s.to_us + TOGETHER_US) for s in own):
            whole = DirtyStretch(device=device, from_us=from_us, to_us=to_us_ - TOGETHER_US)
            await connection.execute(query("mark_dirty"), stretch_asked(whole))


async def mark_latest_dirty(connection: AsyncConnection, device: int) -> None:
    """Mark the newest instant of a device, if it has one, and with it the track that it ends."""
    await connection.execute(query("mark_latest_dirty"), {"device": device})


async def next_dirty(
    connection: AsyncConnection, partitions: Collection[int], but: Collection[int], *, quiet_s: float, patience_s: float
) -> DirtyWork | None:
    """The earliest stretches of a device of these partitions, but none of those, whose backlog is quiet, or has not
    been for too long."""
    asked = {"quiet": timedelta(seconds=quiet_s), "patience": timedelta(seconds=patience_s)}
    asked_of = {"partitions": list(partitions), "but": list(but)}
    rows = await (await connection.execute(query("next_dirty"), asked | asked_of)).fetchall()
    if not rows:
        return None
    device, start, to, first = rows[0]
    from_us, until_us, ids = to_us(start), to_us(to), [first]
    for _, next_start, next_to, next_id in rows[1:]:
        if to_us(next_start) > until_us + TOGETHER_US:
            break
        until_us = max(until_us, to_us(next_to))
        ids.append(next_id)
    return DirtyWork(stretch=DirtyStretch(device=device, from_us=from_us, to_us=until_us), ids=ids)


async def clear_dirty(connection: AsyncConnection, work: DirtyWork) -> None:
    await connection.execute(query("clear_dirty"), {"ids": work.ids})


async def read_device_passes(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> PassBatch:
    """A device's passes that overlap a time range."""
    asked = stretch_asked(DirtyStretch(device=device, from_us=from_us, to_us=to_us_))
    rows = await (await connection.execute(query("passes_of_device"), asked)).fetchall()
    return pass_batch(rows)


async def read_segment_passes(
    connection: AsyncConnection, segments: list[int], since_us: int, until_us: int | None = None
) -> PassBatch:
    """All passes on some segments since an event began, until the next one did if it did, ordered by segment."""
    asked = {"segments": segments, "since": to_instant(since_us), "until": to_instant_or_none(until_us)}
    return await read_columns(connection, query("passes_of_segments"), asked, PassBatch)


def pass_batch(rows: list[tuple[Any, ...]]) -> PassBatch:
    return PassBatch.from_rows([_pass_row(*row) for row in rows])


def _pass_row(*row: Any) -> tuple[int, ...]:  # noqa: ANN401 - what a row holds
    *place, started, ended, work, evidence, confidence, material = row
    spread = ABSENT_32 if material is None else material
    return (*place, to_us(started), to_us(ended), work, evidence, confidence, spread)
