"""Ingest that ends between any two batches, whatever was saved by then, comes to what it would have come to."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.services.catching_up import catch_up
from snowtrack.services.known_devices import Behind
from snowtrack.settings import Settings, load_settings
from snowtrack.tracks.identity import brought
from tests.services.epochs import SECOND_US
from tests.services.night import PLOUGHS, drives, night_in
from tests.services.registry import register
from tests.store.databases import count, rows

pytestmark = pytest.mark.anyio
ONE, OTHER, _ = PLOUGHS
RESULTS = (
    "select segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence, confidence, material_g"
    " from pass where device = %s order by 5, 1, 2, 3",
    "select started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm"
    " from activity where device = %s order by 1",
    "select started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure, known_as"
    " from track where device = %s order by 1",
    "select fixes, latest_at, heard_at from device where device = %s",
    "select boot, ranges, floor from committed where device = %s",
    "select boot, kept from boot_clock where device = %s",
)


@pytest.fixture
def settings(clean_database: str, network_folder: Path, tmp_path: Path) -> Settings:
    flags = [f"database.url={clean_database}", f"network.folder={network_folder}", f"data.folder={tmp_path}"]
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, [*flags, "ingest.dirty_quiet_s=0.001"])


def results(url: str, device: DeviceId) -> list[list[tuple[Any, ...]]]:
    ((number,),) = rows(url, "select device from device where name = %s", device.device)
    return [rows(url, statement, number) for statement in RESULTS]


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("seed", range(4))
async def test_ends_and_beginnings_change_nothing(
    settings: Settings, network: Network, seed: int, *, shuffled: bool
) -> None:
    url, chance = settings.database.url, random.Random(seed)
    register(url, ONE, OTHER)
    start_us = time.time_ns() // 1_000_000_000 * SECOND_US - 2 * HOUR_US
    fixes, received_us = drives(network, start_us), start_us + HOUR_US
    async with night_in(settings, network) as night:
        await night.send(ONE, fixes, range(1, len(fixes) + 1), received_us=received_us)
    parts, at = [], 0
    while at < len(fixes):
        parts.append(range(at, min(at + chance.randint(1, 40), len(fixes))))
        at = parts[-1].stop
    if shuffled:
        chance.shuffle(parts)
    while parts:
        async with night_in(settings, network) as night:
            for _ in range(chance.randint(1, 6)):
                part = parts.pop(0) if parts else range(0)
                numbers = [place + 1 for place in part]
                await night.send(OTHER, [fixes[place] for place in part], numbers, received_us=received_us, at_once=40)
                if chance.random() < 0.3:
                    await night.lane.save_all(night.connection)
    async with night_in(settings, network) as night:
        await night.settle()
        assert results(url, OTHER) == results(url, ONE)
        assert all(results(url, ONE))
        await night.tick()
        assert count(url, "journal") == 0


async def test_no_number_of_a_batch_comes_twice_whosever_devices_a_worker_goes_on_with(
    settings: Settings, network: Network
) -> None:
    async with night_in(settings, network) as night:
        unsaved = night.lane.unsaved
        for known, found in ((100, 60), (60, 100)):
            unsaved.batch = known
            behind = Behind(found, brought(found, FixBatch.empty(), {1: SECOND_US}), [])
            await catch_up(night.connection, night.lane.devices.engine, unsaved, behind)
            assert unsaved.batch == 100
