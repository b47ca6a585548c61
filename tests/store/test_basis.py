"""What tracks were computed with: noted once for all of them, and found again by track."""

import asyncio

import pytest
from psycopg import AsyncConnection

from snowtrack.model.fleet import Fleet, Mountings
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.pipeline.basis import Basis
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.store.basis import basis_in_use, note_basis, read_track_bases, use_basis
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.tracks import save_tracks
from tests.oracles.towns import road, town
from tests.store.databases import count

pytestmark = pytest.mark.anyio
NETWORK = town(road((0, 0), (100, 0)))
SECOND_US = 1_000_000
AT_US = 1_768_381_200 * SECOND_US
WHOLE = DirtyStretch(device=1, from_us=AT_US, to_us=AT_US + 100 * SECOND_US)


def engine(version: int = 0, **policy: int) -> Engine:
    made = Engine(NETWORK, EnginePolicy(**policy))  # type: ignore[arg-type]
    mounted = (1, 0, AT_US * 2, MachineKind.TRUCK, 0, 0)
    made.use(Fleet(version=version, mountings=Mountings.from_rows([mounted] if version else [])))
    return made


def tracks(*starts: int) -> TrackBatch:
    seconds = [(AT_US + start * SECOND_US, AT_US + (start + 5) * SECOND_US) for start in starts]
    return TrackBatch.from_rows([(1, *span, 6, 0, 0, 0, 0, 0, 0) for span in seconds])


@pytest.fixture
async def store(connection: AsyncConnection) -> AsyncConnection:
    assert await device_number(connection, DeviceId("kanazawa", "d1")) == 1
    return connection


async def test_each_track_has_the_basis_that_it_was_saved_with_last(store: AsyncConnection) -> None:
    await save_tracks(store, tracks(0, 10, 20))
    await note_basis(store, engine(), tracks(0, 10))
    await note_basis(store, engine(3, lag_us=9), tracks(10))
    await note_basis(store, engine(3, lag_us=9), TrackBatch.empty())
    found = await read_track_bases(store, WHOLE)
    assert [(one.started_us - AT_US) // SECOND_US for one in found] == [0, 10, 20]
    assert [one.basis for one in found] == [Basis.of(engine()), Basis.of(engine(3, lag_us=9)), None]
    assert [one.known_as for one in found] == ["unregistered", "truck", None]


async def test_only_tracks_that_began_in_the_stretch_are_told(store: AsyncConnection) -> None:
    await save_tracks(store, tracks(0, 10, 20))
    from_us, to_us = AT_US + SECOND_US, AT_US + 20 * SECOND_US - 1
    found = await read_track_bases(store, DirtyStretch(device=1, from_us=from_us, to_us=to_us))
    assert [(one.started_us - AT_US) // SECOND_US for one in found] == [10]


async def test_the_same_basis_is_one_row_however_many_note_it_at_once(store: AsyncConnection, database: str) -> None:
    await save_tracks(store, tracks(0))

    async def note() -> None:
        async with connect(database, name="test") as own:
            for version in range(5):
                await note_basis(own, engine(version), tracks(0))

    await asyncio.gather(*(note() for _ in range(4)))
    assert count(database, "basis") == 5


async def test_what_ingest_took_up_last_is_in_use(store: AsyncConnection) -> None:
    assert await basis_in_use(store) is None
    await save_tracks(store, tracks(0))
    await note_basis(store, engine(7), tracks(0))
    assert await basis_in_use(store) is None
    for version in (2, 3, 2):
        await use_basis(store, Basis.of(engine(version)))
        assert await basis_in_use(store) == Basis.of(engine(version))
