"""`snowtrack replay` while ingest goes on: what is open is left to it, and neither undoes what the other did."""

import asyncio
import time
from dataclasses import replace

import psycopg
import pytest

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.pipeline.basis import Basis
from snowtrack.store.basis import use_basis
from snowtrack.store.database import connect
from snowtrack.store.replays import hold_device
from tests.services.epochs import Fix
from tests.services.night import drives, night_in
from tests.services.registry import register
from tests.services.replayed import LIFTED, Place, reasons
from tests.services.waiting import until
from tests.store.databases import count, rows

pytestmark = pytest.mark.anyio
LIVE = DeviceId("kanazawa", "live")


def machine_out(place: Place, network: Network, ago_s: int, count: int | None = None) -> tuple[int, list[Fix]]:
    """It is registered; now, and so many of its fixes since then."""
    register(place.url, LIVE)
    now_us = time.time_ns() // 1_000_000_000 * SECOND_US
    return now_us, drives(network, now_us - ago_s * SECOND_US)[:count]


async def test_an_open_track_is_left_to_ingest(place: Place, network: Network) -> None:
    """Under way now: what is settled of it is as it should be; in place it is only marked."""
    now_us, fixes = machine_out(place, network, 1_300)
    # A leap, so that ingest tells of the track while it goes on.
    fixes[300] = replace(fixes[300], lat_deg=fixes[300].lat_deg + 0.02)
    span = {"from_us": place.start_us, "to_us": now_us}
    async with night_in(place.settings, network) as night:
        await night.send(LIVE, fixes, range(1, len(fixes) + 1), received_us=now_us)
        await night.tick()
        assert (await place.replay(**span))["differing"] == 0
    found = await place.replay(place.set(**LIFTED), in_place=True, **span)
    assert (found["differing"], found["left_to_ingest"], count(place.url, "dirty")) == (4, 0, 0)
    # Of the second track, which goes on, a part is taken away; ingest is to put it back.
    place.change("delete from pass where started_at = (select max(started_at) from pass)")
    found = await place.replay(place.set(**LIFTED), in_place=True, **span)
    assert (found["differing"], found["left_to_ingest"], count(place.url, "dirty")) == (1, 1, 1)
    async with night_in(place.set(**LIFTED), network) as night:
        await night.settle()
    assert (await place.replay(place.set(**LIFTED), **span))["differing"] == 0


async def test_a_track_that_goes_on_under_other_settings_is_computed_by_these_from_its_start(
    place: Place, network: Network
) -> None:
    now_us, fixes = machine_out(place, network, 400, 240)
    async with night_in(place.settings, network) as night:
        await night.send(LIVE, fixes[:150], range(1, 151), received_us=now_us)
        # Whatever else is registered meanwhile.
        register(place.url, DeviceId("kanazawa", "another"))
        await night.lane.refresh_fleet(night.connection)
    asked = {"from_us": now_us - 500 * SECOND_US, "to_us": now_us, "devices": [str(LIVE)]}
    assert reasons(await place.replay(place.set(**LIFTED), **asked)) == [["settings"]]
    async with night_in(place.set(**LIFTED), network) as night:
        assert count(place.url, "dirty") == 1
        await night.send(LIVE, fixes[150:], range(151, 241), received_us=now_us - 300 * SECOND_US)
        await night.settle()
    found = await place.replay(place.set(**LIFTED), **asked)
    assert (found["stretches"], found["differing"]) == (1, 0)
    assert reasons(await place.replay(**asked)) == [["settings"]]


LOCKED = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
MARK_ALL = "insert into dirty (device, from_time, to_time) select device, started_at, ended_at from track"


async def test_ingest_and_a_replay_may_compute_the_same_stretch_at_the_same_time(
    place: Place, network: Network
) -> None:
    """Whoever comes last puts its results in the place of the other's, and not beside them."""
    settings = place.set(**LIFTED)
    async with night_in(settings, network) as night:
        for other in (place.settings, settings, place.settings):
            place.change(MARK_ALL)
            await asyncio.gather(place.replay(other, in_place=True), night.settle())
        place.change(MARK_ALL)
        await night.settle()
    assert (await place.replay(settings))["differing"] == 0


async def test_ingest_waits_while_somebody_replaces_results_of_a_device(place: Place, network: Network) -> None:
    async with night_in(place.settings, network) as night:
        place.change(f"{MARK_ALL} where track.device = (select min(device) from device)")
        with psycopg.connect(place.url) as other:
            other.execute("select from device where device = (select min(device) from device) for no key update")
            turn = asyncio.create_task(night.tick())
            await until(lambda: turn.done() or rows(place.url, LOCKED) == [(1,)])
            assert not turn.done()
            other.execute("delete from activity where device = (select min(device) from device)")
        await turn
    assert (await place.replay())["differing"] == 0


async def test_a_batch_and_who_replaces_results_under_a_new_registry_do_not_wait_for_each_other(
    place: Place, network: Network
) -> None:
    """The one notes what it computes with and then the device, the other one the device first."""
    now_us, fixes = machine_out(place, network, 400, 240)
    # A leap, so that ingest tells of the track, and notes what it computes with, while it goes on.
    fixes[150] = replace(fixes[150], lat_deg=fixes[150].lat_deg + 0.02)
    async with night_in(place.settings, network) as night, connect(place.url, name="replay") as other:
        await night.send(LIVE, fixes[:120], range(1, 121), received_us=now_us)
        register(place.url, DeviceId("kanazawa", "another"))
        await night.lane.refresh_fleet(night.connection)
        engine = night.lane.devices.engine
        number = night.lane.devices.numbers[LIVE]
        async with other.transaction():
            await hold_device(other, number)
            await night.send(LIVE, fixes[120:], range(121, 241), received_us=now_us, at_once=120)
            taking = asyncio.create_task(night.lane.save_all(night.connection))
            await until(lambda: taking.done() or rows(place.url, LOCKED) == [(1,)])
            assert not taking.done()
            await use_basis(other, Basis.of(engine))
        await taking
    noted = "select count(*) from track join basis using (basis) where fleet_version = %s"
    assert rows(place.url, noted, engine.fleet.version) == [(1,)]


async def test_what_came_since_a_tail_was_settled_before_its_time_is_not_missed_yet(
    place: Place, network: Network
) -> None:
    """Ingest settles it together with what is to come."""
    now_us, fixes = machine_out(place, network, 600, 240)
    asked = {"from_us": now_us - 700 * SECOND_US, "to_us": now_us, "devices": [str(LIVE)]}
    async with night_in(place.settings, network) as night:
        await night.send(LIVE, fixes[:180], range(1, 181), received_us=now_us - 300 * SECOND_US)
        await night.tick()
        settled = place.results()
        await night.send(LIVE, fixes[180:200], range(181, 201), received_us=now_us)
        assert place.results() == settled
        found = await place.replay(**asked)
        assert (found["stretches"], found["differing"]) == (1, 0)
        await night.send(LIVE, fixes[200:], range(201, 241), received_us=now_us)
        await night.settle()
        assert place.results() != settled
        assert (await place.replay(**asked))["differing"] == 0
