"""The registry in the database: rows as files have them, the fleet that fixes are judged by, what a change sets off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.fleet import FOREVER_US, Manages
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.events import EVENT_US_MAX
from snowtrack.store.fixes import FixWriter
from snowtrack.store.fleet import (
    Row,
    Tables,
    Value,
    compute_again,
    credit_again,
    fleet_version,
    hold_fleet,
    manage_again,
    note_change,
    read_fleet,
    read_tables,
    remove_route_segments,
    save_rows,
)
from snowtrack.store.instants import to_instant
from snowtrack.store.passes import add_passes
from snowtrack.store.states import FoldProgress, save_progress, take_touched
from tests.store.databases import rows
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US
START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = START.date()


def agency(id_: str, **more: Value) -> Row:
    row: Row = {"agency": id_, "name": id_, "manages": "others", "districts": ()}
    return row | {"shares_passes": False, "shares_states": False} | more


def machine(agency_id: str, number: str, kind: str = "grader", **more: Value) -> Row:
    row: Row = {"agency": agency_id, "machine": number, "kind": kind, "footways": False}
    return row | dict.fromkeys(("class", "blade_mm", "owner", "plate", "contractor")) | more


def mounting(owner: str, device: str, number: str, days: int = 0, until: int | None = None) -> Row:
    end = None if until is None else START + timedelta(days=until)
    key: Row = {"agency": owner, "device": device, "valid_from": START + timedelta(days=days)}
    return key | {"valid_to": end, "machine": number}


TABLES: Tables = {
    "agencies": [agency("ken", districts=("東", "西")), agency("shi", shares_states=True)],
    "contractors": [{"agency": "ken", "contractor": "C-1", "name": "白山建設（株）"}],
    "machines": [machine("ken", "KG-1", blade_mm=3_700, owner="lent", contractor="C-1"), machine("shi", "1", "small")],
    "operators": [
        {"agency": "ken", "operator": "U", "valid_from": DAY, "valid_to": None, "name": "雪野", "contractor": None}
    ],
    "devices": [mounting("ken", "d1", "KG-1", 0, 3)],
    "sensors": [
        {"agency": "ken", "sensor": "s", "name": "役場", "lat_e7": 36 * 10**7, "lon_e7": 136 * 10**7, "elevation_m": -1}
    ],
    "alerts": [
        {"agency": "ken", "rule": "A", "sensor": "s", "measure": "depth", "threshold_mm": 100, "clear_mm": 80,
         "quiet_from": None, "quiet_to": None, "mail": ("a@example.jp",), "webhook": None}
    ],
    "routes": [
        {"agency": "ken", "route": "R", "name": "大通り", "district": None, "priority": 1, "contractor": "C-1",
         "machine": "KG-1", "due_min": 90}
    ],
    "route_segments": [
        {"agency": "ken", "route": "R", "position": at, "segment_id": 2**53 + at, "direction": -1} for at in (1, 2, 3)
    ],
    "orders": [
        {"agency": "ken", "number": "1", "machine": "KG-1", "route": "R", "issued_at": START, "issued_by": "当直",
         "acknowledged_at": START}
    ],
}  # fmt: skip


@pytest.fixture
async def registered(connection: AsyncConnection) -> AsyncConnection:
    for name, given in TABLES.items():
        await save_rows(connection, name, given)
    return connection


async def test_rows_come_back_as_they_were(registered: AsyncConnection) -> None:
    assert await read_tables(registered) == TABLES


async def test_rows_take_the_place_of_those_with_their_keys(registered: AsyncConnection) -> None:
    changed: dict[str, Row] = {
        "agencies": {"name": "県", "manages": "prefecture", "districts": (), "shares_passes": True,
                     "shares_states": True},
        "contractors": {"name": "x"},
        "machines": {"kind": "dozer", "class": "13t", "blade_mm": None, "footways": True, "owner": "own", "plate": "1",
                     "contractor": None},
        "operators": {"valid_to": START.date(), "name": "冬木", "contractor": "C-1"},
        "devices": {"valid_to": None, "machine": "KG-1"},
        "sensors": {"name": "y", "lat_e7": 1, "lon_e7": 2, "elevation_m": None},
        "alerts": {"sensor": None, "measure": "new_1h", "threshold_mm": 9, "clear_mm": 8, "mail": (), "webhook": "z",
                   "quiet_from": START.time(), "quiet_to": START.time()},
        "routes": {"name": "z", "district": "東", "priority": 2, "contractor": None, "machine": None, "due_min": None},
        "route_segments": {"segment_id": 5, "direction": 1},
        "orders": {"machine": "KG-1", "route": None, "issued_at": START + timedelta(1), "issued_by": None,
                   "acknowledged_at": None},
    }  # fmt: skip
    for name, values in changed.items():
        assert set(values) < set(TABLES[name][0])
        await save_rows(registered, name, [TABLES[name][0] | values])
    after = await read_tables(registered)
    assert after == {name: [given[0] | changed[name], *given[1:]] for name, given in TABLES.items()}


async def test_segments_are_taken_off_their_routes(registered: AsyncConnection) -> None:
    await remove_route_segments(registered, TABLES["route_segments"][:2])
    assert (await read_tables(registered))["route_segments"] == TABLES["route_segments"][2:]


async def test_the_fleet_has_mountings_in_the_order_of_devices_and_time(connection: AsyncConnection) -> None:
    await save_rows(connection, "agencies", [agency("shi", manages="municipality"), agency("ken", shares_passes=True)])
    machines = [machine("ken", "1", "rotary"), machine("ken", "2", "small", footways=True), machine("shi", "1")]
    await save_rows(connection, "machines", machines)
    first = await device_number(connection, DeviceId("shi", "d1"))
    second = await device_number(connection, DeviceId("ken", "d1"))
    mountings = [mounting("ken", "d1", "2", 5), mounting("ken", "d1", "1", 0, 5), mounting("shi", "d1", "1", 2, 3)]
    # One that was never heard of has no number, and is in no batch of fixes.
    await save_rows(connection, "devices", [*mountings, mounting("shi", "d9", "1", 4)])
    version = await note_change(connection)
    fleet = await read_fleet(connection)
    assert fleet.version == version
    assert [(one.id, one.manages, one.shares_passes) for one in fleet.agencies] == [
        ("ken", Manages.OTHERS, True),
        ("shi", Manages.MUNICIPALITY, False),
    ]
    start = int(START.timestamp()) * SECOND_US
    assert fleet.mountings.rows() == [
        (first, start + 2 * DAY_US, start + 3 * DAY_US, MachineKind.GRADER, 0, 1),
        (second, start, start + 5 * DAY_US, MachineKind.ROTARY, 0, 0),
        (second, start + 5 * DAY_US, FOREVER_US, MachineKind.SMALL, 1, 0),
    ]


async def test_an_empty_registry_is_an_empty_fleet(connection: AsyncConnection) -> None:
    fleet = await read_fleet(connection)
    assert (fleet.agencies, len(fleet.mountings)) == ((), 0)


async def test_changes_are_counted_and_told_at_the_commit(connection: AsyncConnection, database: str) -> None:
    async with connect(database, name="listener") as listener:
        await listener.execute("listen snowtrack_fleet")
        before = await fleet_version(connection)
        async with connection.transaction():
            await hold_fleet(connection)
            assert await note_change(connection) == before + 1
            assert await note_change(connection) == before + 2
            assert await fleet_version(listener) == before
        assert await fleet_version(listener) == before + 2
        told = [notice.payload async for notice in listener.notifies(timeout=5, stop_after=2)]
    assert told == [str(before + 1), str(before + 2)]


async def test_the_registry_can_be_read_while_it_is_held_but_not_changed(
    registered: AsyncConnection, database: str
) -> None:
    async with connect(database, name="other") as other, registered.transaction():
        await hold_fleet(registered)
        assert (await read_fleet(other)).agencies
        await other.execute("set lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            async with other.transaction():
                await hold_fleet(other)


def stretch(device: int, from_s: float, to_s: float) -> DirtyStretch:
    return DirtyStretch(device=device, from_us=AT + int(from_s * SECOND_US), to_us=AT + int(to_s * SECOND_US))


async def dirty(url: str) -> list[tuple[Any, ...]]:
    return rows(url, "select device, from_time, to_time from dirty order by device, from_time")


async def test_stretches_are_computed_again_as_far_back_as_there_are_fixes(
    connection: AsyncConnection, database: str
) -> None:
    one, other, silent = [await device_number(connection, DeviceId("ken", name)) for name in ("d1", "d2", "d3")]
    for device, times in ((one, [AT, AT + 5 * DAY_US]), (other, [AT + DAY_US])):
        given = batch(*(fix(seq, time_us) for seq, time_us in enumerate(times, start=1)), device=device)
        await FixWriter(connection).write(given, np.ones(len(given), np.bool_))
    days = 86_400.0
    asked = [stretch(one, -9 * days, 2 * days), stretch(other, 0, 0.5 * days), stretch(silent, -9 * days, 9 * days)]
    assert await compute_again(connection, asked) == 1
    assert await dirty(database) == [(one, to_instant(AT), to_instant(AT + 2 * DAY_US))]
    assert await compute_again(connection, []) == 0


async def test_segments_of_passes_that_began_in_a_stretch_are_looked_at_again(connection: AsyncConnection) -> None:
    one, other = [await device_number(connection, DeviceId("ken", name)) for name in ("d1", "d2")]
    at = [0, 10, 20, 30]
    passes = [(one, at_s, 1, 0, 9, AT + at_s * SECOND_US, AT + (at_s + 5) * SECOND_US, 0, 0, 900, 0) for at_s in at]
    passes += [(other, 99, 1, 0, 9, AT, AT + 1, 0, 0, 900, 0)]
    await add_passes(connection, PassBatch.from_rows(passes))
    await take_touched(connection, 100)
    assert await credit_again(connection, [stretch(one, 10, 30), stretch(one, 15, 25), stretch(other, 1, 2)]) == 2
    assert sorted(await take_touched(connection, 100)) == [10, 20]
    assert await credit_again(connection, []) == 0
    assert list(await take_touched(connection, 100)) == []


@pytest.mark.parametrize(
    ("begun_us", "touched"),
    [
        ([AT - 9 * DAY_US], [1, 2]),
        ([AT - 9 * DAY_US, AT - 20 * DAY_US], [1, 2, 3]),
        ([AT - EVENT_US_MAX - DAY_US], [1, 2, 3, 4]),
        ([], [1, 2, 3, 4]),
    ],
)
async def test_when_agencies_change_the_segments_worked_in_the_event_are_looked_at_again(
    connection: AsyncConnection, begun_us: list[int], touched: list[int]
) -> None:
    one = await device_number(connection, DeviceId("ken", "d1"))
    ends = {1: AT, 2: AT - 9 * DAY_US, 3: AT - 9 * DAY_US - 1, 4: AT - EVENT_US_MAX, 5: AT - EVENT_US_MAX - 1}
    passes = [(one, segment, 1, 0, 9, end - 5, end, 0, 0, 900, 0) for segment, end in ends.items()]
    await add_passes(connection, PassBatch.from_rows(passes))
    await take_touched(connection, 100)
    for number, event_us in enumerate(begun_us):
        await save_progress(connection, f"net{number}", FoldProgress(number=1, event_us=event_us))
    assert await manage_again(connection, AT) == len(touched)
    assert sorted(await take_touched(connection, 100)) == touched
