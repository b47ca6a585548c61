"""Passes, the segments they touch, and the stretches that have to be computed again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection

from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query

# A track is looked for this far around an instant. Machines do not work for a week without a pause of five minutes.
TRACK_REACH = timedelta(days=7)
_TYPES = ["int4", "int8", "int2", "int4", "int4", "timestamptz", "timestamptz", "int2", "int2"]
_COPY = (
    "copy pass (device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence)"
    " from stdin (format binary)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyWork:
    """All dirty stretches of one device, as one range."""

    stretch: DirtyStretch
    ids: list[int]


async def add_passes(connection: AsyncConnection, passes: PassBatch) -> None:
    """Store passes and tell the fold which segments to look at."""
    if not len(passes):
        return
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for *place, started_us, ended_us, work, evidence in passes.rows():
            await copy.write_row((*place, to_instant(started_us), to_instant(ended_us), work, evidence))
    await touch(connection, set(passes.segment_id.tolist()))


async def replace_passes(connection: AsyncConnection, stretch: DirtyStretch, passes: PassBatch) -> None:
    """Put these passes in place of all that the device has in the time range."""
    rows = await (await connection.execute(query("remove_passes"), _range(stretch))).fetchall()
    await touch(connection, {segment for (segment,) in rows})
    await add_passes(connection, passes)


async def touch(connection: AsyncConnection, segments: Iterable[int]) -> None:
    await connection.execute(query("touch"), {"segments": sorted(segments)})


async def mark_dirty(connection: AsyncConnection, stretches: Iterable[DirtyStretch]) -> None:
    """Mark stretches; those of one device come as one row a batch."""
    by_device: dict[int, list[DirtyStretch]] = {}
    for stretch in stretches:
        by_device.setdefault(stretch.device, []).append(stretch)
    for device, own in by_device.items():
        whole = DirtyStretch(device=device, from_us=min(s.from_us for s in own), to_us=max(s.to_us for s in own))
        await connection.execute(query("mark_dirty"), _range(whole))


async def mark_latest_dirty(connection: AsyncConnection, device: int) -> None:
    """Mark the newest instant of a device, if it has one, and with it the track that it ends."""
    await connection.execute(query("mark_latest_dirty"), {"device": device})


async def next_dirty(connection: AsyncConnection, *, quiet_s: float, patience_s: float) -> DirtyWork | None:
    """The device to compute again: its backlog has been quiet, or has not been for too long."""
    asked = {"quiet": timedelta(seconds=quiet_s), "patience": timedelta(seconds=patience_s)}
    row = await (await connection.execute(query("next_dirty"), asked)).fetchone()
    if row is None:
        return None
    device, start, to, ids = row
    return DirtyWork(stretch=DirtyStretch(device=device, from_us=to_us(start), to_us=to_us(to)), ids=ids)


async def clear_dirty(connection: AsyncConnection, work: DirtyWork) -> None:
    await connection.execute(query("clear_dirty"), {"ids": work.ids})


async def widen_to_tracks(connection: AsyncConnection, stretch: DirtyStretch, cut_us: int) -> DirtyStretch:
    """The stretch from the start of the track it begins in to the end of the track it ends in."""
    around = {"device": stretch.device, "cut": timedelta(microseconds=cut_us), "reach": TRACK_REACH}
    start = await _one(connection, "track_start", around | {"at": to_instant(stretch.from_us)})
    to = await _one(connection, "track_end", around | {"at": to_instant(stretch.to_us)})
    return DirtyStretch(
        device=stretch.device,
        from_us=stretch.from_us if start is None else to_us(start),
        to_us=stretch.to_us if to is None else to_us(to),
    )


async def read_device_passes(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> PassBatch:
    """A device's passes that overlap a time range."""
    asked = _range(DirtyStretch(device=device, from_us=from_us, to_us=to_us_))
    rows = await (await connection.execute(query("passes_of_device"), asked)).fetchall()
    return pass_batch(rows)


async def read_segment_passes(connection: AsyncConnection, segments: list[int], since_us: int) -> PassBatch:
    """All passes on some segments since an event began, ordered by segment."""
    asked = {"segments": segments, "since": to_instant(since_us)}
    rows = await (await connection.execute(query("passes_of_segments"), asked)).fetchall()
    return pass_batch(rows)


def pass_batch(rows: list[tuple[Any, ...]]) -> PassBatch:
    return PassBatch.from_rows(
        [(*place, to_us(started), to_us(ended), work, evidence) for *place, started, ended, work, evidence in rows]
    )


async def _one(connection: AsyncConnection, name: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - one cell
    row = await (await connection.execute(query(name), asked)).fetchone()
    return row[0] if row else None


def _range(stretch: DirtyStretch) -> dict[str, Any]:
    return {
        "device": stretch.device,
        "from_time": to_instant(stretch.from_us),
        "to_time": to_instant(stretch.to_us),
    }
