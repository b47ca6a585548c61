"""The journal: batches in order, each with what it brought, for as long as results and state may lag behind it."""

from functools import cache

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.journal import JournalBatch
from snowtrack.store.arrays import numbers
from snowtrack.store.queries import query


async def add_journal(connection: AsyncConnection, worker: int, brought: JournalBatch) -> None:
    """In the batch's own transaction."""
    if len(brought):
        asked = {"worker": worker, "batch": int(brought.batch[0]), "devices": numbers(brought.device)}
        await connection.execute(query("add_journal"), asked | {"entries": _packed(brought)})


async def read_journal(connection: AsyncConnection) -> JournalBatch:
    """All that results and state may not follow from yet."""
    rows = await (await connection.execute(query("journal"))).fetchall()
    return JournalBatch.concat(_unpacked(*row) for row in rows)


async def trim_journal(connection: AsyncConnection, worker: int, before: int) -> None:
    """Drop the worker's batches before this one, and those of workers that are no more, once all their devices are
    saved: whoever has them now may still have to go on over what they brought."""
    await connection.execute(query("trim_journal"), {"worker": worker, "before": before})


def _packed(brought: JournalBatch) -> bytes:
    records = np.empty(len(brought), _layout())
    for name in _layout().names or ():
        records[name] = getattr(brought, name)
    return records.tobytes()


def _unpacked(batch: int, devices: list[int], entries: bytes) -> JournalBatch:
    records = np.frombuffer(entries, _layout())
    columns = {name: records[name].astype(JournalBatch.dtypes()[name]) for name in records.dtype.names or ()}
    return JournalBatch(batch=np.full(len(records), batch), device=np.array(devices, np.int32), **columns)


@cache
def _layout() -> np.dtype[np.void]:
    dtypes = JournalBatch.dtypes().items()
    return np.dtype([(name, dtype.newbyteorder("<")) for name, dtype in dtypes if name not in ("batch", "device")])
