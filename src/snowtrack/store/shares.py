"""Who is in charge of which partitions of the devices, and up to where their streams are committed.

A worker that is silent for too long loses its partitions to others. What it commits after that is refused: each of its
transactions asks whether it still holds them, and nobody can take them before it is over.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable

from snowtrack.model.errors import StoreError
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query

Epochs = Mapping[int, int]
"""Of each partition that a worker holds, how often it had changed hands."""


class Cursor(NamedTuple):
    """Up to where a stream was read; it is known by when it was made."""

    created_us: int
    sequence: int
    stored_us: int


class Shares(NamedTuple):
    """Workers that want a share, and partitions that nobody holds."""

    workers: int
    free: int


async def new_worker(connection: AsyncConnection, partitions: int) -> int:
    """A number that no other worker ever had; there are so many partitions."""
    await connection.execute(query("have_partitions"), {"count": partitions})
    row = await (await connection.execute(query("new_worker"))).fetchone()
    return int(row[0]) if row else 0


async def join_workers(connection: AsyncConnection, worker: int, *, lasts_s: float) -> dict[int, int]:
    """Be counted among the workers for so long, and go on to hold what it holds."""
    asked = {"worker": worker, "lasts": timedelta(seconds=lasts_s)}
    await connection.execute(query("join_workers"), asked)
    return dict(await (await connection.execute(query("hold_partitions"), asked)).fetchall())


async def wait_for_own(connection: AsyncConnection, worker: int, *, within_s: float) -> None:
    """Until a session of this worker that is given up commits nothing any more; in a transaction."""
    try:
        await connection.execute(query("wait_for_locks"), {"at_most": f"{within_s:g}s"})
        await connection.execute(query("wait_for_own"), {"worker": worker})
    except LockNotAvailable as error:
        raise StoreError("database: a session of this worker still commits; waiting for its end") from error


async def leave_workers(connection: AsyncConnection, worker: int, partitions: Iterable[int]) -> None:
    """Want no share any more."""
    await leave_partitions(connection, worker, partitions)
    await connection.execute(query("leave_workers"), {"worker": worker})


async def read_shares(connection: AsyncConnection) -> Shares:
    row = await (await connection.execute(query("shares"))).fetchone()
    return Shares(*row) if row else Shares(0, 0)


async def take_partitions(connection: AsyncConnection, worker: int, *, most: int, lasts_s: float) -> dict[int, int]:
    """Hold some of those that nobody holds."""
    asked = {"worker": worker, "most": most, "lasts": timedelta(seconds=lasts_s)}
    return dict(await (await connection.execute(query("take_partitions"), asked)).fetchall())


async def leave_partitions(connection: AsyncConnection, worker: int, partitions: Iterable[int]) -> None:
    """Others may take them at once."""
    await connection.execute(query("leave_partitions"), {"worker": worker, "partitions": list(partitions)})


async def still_held(connection: AsyncConnection, held: Epochs) -> bool:
    """Whether all of them are; asked in a transaction, it stays so until its end."""
    asked = {"partitions": list(held), "epochs": list(held.values())}
    return await (await connection.execute(query("check_partitions"), asked)).fetchone() == (len(held),)


async def read_cursors(connection: AsyncConnection, partitions: Iterable[int]) -> dict[tuple[int, str], Cursor]:
    """By partition and kind."""
    rows = await (await connection.execute(query("cursors"), {"partitions": list(partitions)})).fetchall()
    return {
        (partition, kind): Cursor(to_us(created), sequence, to_us(stored))
        for partition, kind, created, sequence, stored in rows
    }


async def save_cursors(connection: AsyncConnection, cursors: Mapping[tuple[int, str], Cursor]) -> None:
    if cursors:
        asked = {
            "partitions": [partition for partition, _ in cursors],
            "kinds": [kind for _, kind in cursors],
            "created": [to_instant(place.created_us) for place in cursors.values()],
            "sequences": [place.sequence for place in cursors.values()],
            "stored": [to_instant(place.stored_us) for place in cursors.values()],
        }
        await connection.execute(query("save_cursors"), asked)
