"""Tracks come back as they were saved, once each, and are replaced by time range."""

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.store.devices import device_number
from snowtrack.store.tracks import read_tracks, replace_tracks, save_tracks
from tests.oracles.batches import batch_of

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US
HOUR = 3_600 * SECOND_US


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    return await device_number(connection, DeviceId("kanazawa", "d1"))


def track(device: int, hour: int, fixes: int = 10) -> dict[str, int]:
    counts = {"jumps": 1, "returns": 2, "twins": 3, "too_fast": 4, "frozen_us": 5, "unsure": 6}
    times = {"started_us": AT + hour * HOUR, "ended_us": AT + hour * HOUR + HOUR // 2}
    return {"device": device, "fixes": fixes, **times, **counts}


async def all_of(connection: AsyncConnection, device: int) -> list[tuple[int, ...]]:
    return (await read_tracks(connection, device, AT - HOUR, AT + 100 * HOUR)).rows()


def rows(*tracks: dict[str, int]) -> list[tuple[int, ...]]:
    return batch_of(TrackBatch, *tracks).rows()


async def test_a_track_is_kept_once_as_it_was_last_told(connection: AsyncConnection, device: int) -> None:
    await save_tracks(connection, batch_of(TrackBatch, track(device, 0), track(device, 1)))
    await save_tracks(connection, batch_of(TrackBatch, track(device, 0, fixes=20)))
    assert await all_of(connection, device) == rows(track(device, 0, fixes=20), track(device, 1))


async def test_tracks_that_began_in_a_stretch_make_way_for_others(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    await save_tracks(connection, batch_of(TrackBatch, *(track(device, hour) for hour in range(4)), track(other, 1)))
    stretch = DirtyStretch(device=device, from_us=AT + HOUR, to_us=AT + 2 * HOUR)
    await replace_tracks(connection, stretch, batch_of(TrackBatch, track(device, 1, fixes=99)))
    expected = rows(track(device, 0), track(device, 1, fixes=99), track(device, 3))
    assert await all_of(connection, device) == expected
    assert await all_of(connection, other) == rows(track(other, 1))


async def test_a_range_holds_the_tracks_that_overlap_it(connection: AsyncConnection, device: int) -> None:
    await save_tracks(connection, batch_of(TrackBatch, *(track(device, hour) for hour in range(3))))
    found = await read_tracks(connection, device, AT + HOUR // 4, AT + HOUR)
    assert found.rows() == rows(track(device, 0))
