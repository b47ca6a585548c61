"""Stretches that are computed again: a long one in portions, each whole."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from snowtrack.fleet.intake import take_in
from snowtrack.fleet.sheets import read_sheet
from snowtrack.fleet.tables import BY_NAME
from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.network.arrays import Network
from snowtrack.services.recompute import AT_ONCE_US
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.instants import to_us
from snowtrack.store.passes import add_passes, mark_dirty
from tests.services.epochs import SECOND_US
from tests.services.night import PLOUGHS, drives, night_in
from tests.services.registry import register
from tests.store.databases import clear, count, rows

pytestmark = pytest.mark.anyio
RESULTS = (
    "select started_at, ended_at, segment_id, direction, from_mm, to_mm, work, evidence from pass order by 1, 3",
    "select started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm from activity order by 1",
    "select started_at, ended_at, fixes from track order by 1",
)

KNOWN_AS = "select distinct known_as from track"


@pytest.fixture
def settings(clean_database: str, network_folder: Path, tmp_path: Path) -> Settings:
    flags = [f"database.url={clean_database}", f"network.folder={network_folder}", f"data.folder={tmp_path}"]
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, [*flags, "ingest.dirty_quiet_s=0.001"])


async def dirty_from_us(connection: AsyncConnection) -> int | None:
    row = await (await connection.execute("select min(from_time) from dirty")).fetchone()
    return to_us(row[0]) if row and row[0] else None


async def test_a_long_stretch_is_computed_again_in_portions(settings: Settings, network: Network) -> None:
    device = PLOUGHS[0]
    register(settings.database.url, device)
    now_us = time.time_ns() // 1_000_000_000 * SECOND_US - HOUR_US
    starts_us = [now_us - days * DAY_US for days in (7, 4, 1)]
    async with night_in(settings, network) as night:
        for number, start_us in enumerate(starts_us):
            fixes = drives(network, start_us)
            numbers = range(1 + number * len(fixes), 1 + (number + 1) * len(fixes))
            await night.send(device, fixes, numbers, received_us=start_us + HOUR_US)
        await night.settle()
        before = [rows(settings.database.url, query) for query in RESULTS]
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
    assert [rows(settings.database.url, query) for query in RESULTS] == before
    assert all(before)


async def test_what_is_stored_between_two_portions_and_has_no_fixes_goes(settings: Settings, network: Network) -> None:
    start_us = time.time_ns() // 1_000_000_000 * SECOND_US - 9 * DAY_US
    async with night_in(settings, network) as night:
        device = await device_number(night.connection, PLOUGHS[0])
        whole = DirtyStretch(device=device, from_us=start_us, to_us=start_us + 5 * DAY_US)
        ends_us = [start_us + AT_ONCE_US + after_us for after_us in (0, 1, 100 * SECOND_US, 300 * SECOND_US + 1)]
        stale = [(device, 1, 1, 0, 5, end_us, end_us, 0, 0, 900, ABSENT_32) for end_us in ends_us]
        await add_passes(night.connection, PassBatch.from_rows(stale))
        await mark_dirty(night.connection, [whole])
        await night.settle()
    assert rows(settings.database.url, "select started_at from pass") == []


async def test_a_change_of_the_registry_between_its_reading_and_the_computing_is_not_lost(
    settings: Settings, network: Network
) -> None:
    """Its marks stay until the registry is read again."""
    device = PLOUGHS[0]
    register(settings.database.url, device)
    start_us = time.time_ns() // 1_000_000_000 * SECOND_US - 3 * HOUR_US
    async with night_in(settings, network) as night:
        fixes = drives(network, start_us)
        await night.send(device, fixes, range(1, len(fixes) + 1), received_us=start_us + HOUR_US)
        await night.settle()
        assert rows(settings.database.url, KNOWN_AS) == [("truck",)]
        machines = read_sheet("machines.csv", BY_NAME["machines"], b"agency,machine,kind\nkanazawa,d1,small\n")
        async with connect(settings.database.url, name="import") as connection:
            intake = await take_in(connection, [machines], now_us=start_us + 2 * HOUR_US)
        assert (intake.problems, intake.stretches) == ([], 1)
        recomputing = night.lane.recomputing
        assert await recomputing.compute_next(night.connection, night.writer.committed)
        assert await recomputing.put_in_place(night.connection) == []
        assert count(settings.database.url, "dirty") == 1
        await night.settle()
    assert rows(settings.database.url, KNOWN_AS) == [("small",)]
    assert count(settings.database.url, "dirty") == 0


async def test_a_machine_that_says_little_between_two_silences_has_one_track(
    settings: Settings, network: Network
) -> None:
    """Its tail is settled before its time, twice."""
    device = PLOUGHS[0]
    register(settings.database.url, device)
    start_us = time.time_ns() // 1_000_000_000 * SECOND_US - 3 * HOUR_US
    fixes = drives(network, start_us)[:100]
    found = []
    for parts in ([slice(0, 100)], [slice(0, 90), slice(90, 93), slice(93, 100)]):
        async with night_in(settings, network) as night:
            for part in parts:
                await night.send(
                    device, fixes[part], range(part.start + 1, part.stop + 1), received_us=start_us + HOUR_US
                )
                await night.tick()
            await night.settle()
        found.append([rows(settings.database.url, query) for query in RESULTS])
        clear(settings.database.url)
        register(settings.database.url, device)
    assert all(found[0])
    assert found[0] == found[1]
