"""That nobody else writes what a worker writes: the session that commits is the one that holds the lock.

A worker that was killed in the middle of a commit leaves a session that completes it. Whoever takes over waits for its
end, and only then looks at what is stored.
"""

from enum import IntEnum

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable

from snowtrack.model.errors import StoreError
from snowtrack.store.queries import query


class Sole(IntEnum):
    """What only one session does at a time; part of what stands in the database, so numbers stay."""

    PREPARING = 1
    WRITING = 2


async def be_sole(connection: AsyncConnection, sole: Sole, *, within_s: float) -> None:
    """Until this session ends."""
    try:
        async with connection.transaction():
            await connection.execute(query("wait_for_locks"), {"at_most": f"{within_s:g}s"})
            await connection.execute(query("be_sole"), {"sole": int(sole)})
    except LockNotAvailable as error:
        raise StoreError(
            "database: another ingest writes to it, or one that was killed is not over there; waiting for its end"
        ) from error
