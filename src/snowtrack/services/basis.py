"""What ingest computes with: noted when it begins, so that no track is made half by one thing and half by another."""

import structlog
from psycopg import AsyncConnection

from snowtrack.pipeline.basis import Basis
from snowtrack.pipeline.engine import Engine
from snowtrack.store.basis import basis_in_use, use_basis
from snowtrack.store.passes import mark_latest_dirty
from snowtrack.store.replays import read_open

log = structlog.get_logger()


async def take_up_basis(connection: AsyncConnection, engine: Engine) -> None:
    """Note it. Where ingest computed with something else until now, tracks that go on are computed again as a whole.

    A change of the registry is not looked at: whoever makes one says which tracks it concerns.
    """
    basis = Basis.of(engine)
    before = await basis_in_use(connection)
    differs = {} if before is None else before.differs(basis)
    async with connection.transaction():
        if differs:
            devices = await read_open(connection)
            for device in devices:
                await mark_latest_dirty(connection, device)
            log.info("ingest computes otherwise than before", tracks=len(devices), **differs)
        await use_basis(connection, basis)
