"""Stretches that are computed again: a long one in portions, each whole."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.tracks import DirtyStretch
from snowtrack.network.arrays import Network
from snowtrack.services.recompute import AT_ONCE_US
from snowtrack.settings import load_settings
from snowtrack.store.devices import device_number
from snowtrack.store.instants import to_us
from snowtrack.store.passes import mark_dirty
from tests.services.epochs import SECOND_US
from tests.services.night import PLOUGHS, drives, night_in
from tests.services.registry import register
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
RESULTS = (
    "select started_at, ended_at, segment_id, direction, from_mm, to_mm, work, evidence from pass order by 1, 3",
    "select started_at, ended_at, activity, evidence, doubted, driven_mm from activity order by 1",
    "select started_at, ended_at, fixes from track order by 1",
)


async def dirty_from_us(connection: AsyncConnection) -> int | None:
    row = await (await connection.execute("select min(from_time) from dirty")).fetchone()
    return to_us(row[0]) if row and row[0] else None


async def test_a_long_stretch_is_computed_again_in_portions(
    clean_database: str, network: Network, network_folder: Path, tmp_path: Path
) -> None:
    flags = [f"database.url={clean_database}", f"network.folder={network_folder}", f"data.folder={tmp_path}"]
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, [*flags, "ingest.dirty_quiet_s=0.001"])
    device = PLOUGHS[0]
    register(clean_database, device)
    now_us = time.time_ns() // 1_000_000_000 * SECOND_US - HOUR_US
    starts_us = [now_us - days * DAY_US for days in (7, 4, 1)]
    async with night_in(settings, network) as night:
        for number, start_us in enumerate(starts_us):
            fixes = drives(network, start_us)
            numbers = range(1 + number * len(fixes), 1 + (number + 1) * len(fixes))
            await night.send(device, fixes, numbers, received_us=start_us + HOUR_US)
        await night.settle()
        before = [rows(clean_database, query) for query in RESULTS]
        whole = DirtyStretch(
            device=await device_number(night.connection, device), from_us=starts_us[0], to_us=now_us - HOUR_US
        )
        await mark_dirty(night.connection, [whole])
        left_us = []
        while (from_us := await dirty_from_us(night.connection)) is not None:
            left_us.append(from_us)
            await night.tick()
        await night.settle()
    assert len(left_us) >= 3
    assert all(later >= one + AT_ONCE_US for one, later in pairwise(left_us))
    assert [rows(clean_database, query) for query in RESULTS] == before
    assert all(before)
