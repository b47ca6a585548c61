"""The daily report is made of what the store has of one device and day, read together."""

from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import HOUR_US, SECOND_US
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.model.passes import PassBatch
from snowtrack.model.snow import DepthBatch, SensorId
from snowtrack.model.work import Activity, ActivityBatch, Evidence, Work
from snowtrack.network.arrays import Network
from snowtrack.reports.daily import DailyReport
from snowtrack.reports.head import HEAD_FIELDS, Carrier, Order, Registered
from snowtrack.store.activities import add_activities
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.devices import device_number
from snowtrack.store.fleet import Row, Value, save_rows
from snowtrack.store.passes import add_passes
from snowtrack.store.snow import keep_depths

pytestmark = pytest.mark.anyio
DAY = date(2026, 1, 15)
MIDNIGHT_US = int(datetime(2026, 1, 14, 15, tzinfo=UTC).timestamp()) * SECOND_US
MIDNIGHT = datetime(2026, 1, 14, 15, tzinfo=UTC)
ONE = DeviceId("kanazawa", "d1")


async def test_a_device_that_was_never_heard_has_no_report(connection: AsyncConnection, network: Network) -> None:
    assert await read_daily_report(connection, network, ONE, DAY) is None


def span(device: int, from_s: int, to_s: int, activity: Activity = Activity.WORKING) -> tuple[int, ...]:
    """Around midnight, at five metres a second."""
    times = MIDNIGHT_US + from_s * SECOND_US, MIDNIGHT_US + to_s * SECOND_US
    return (device, *times, activity, Evidence.BLADE, 0, 0, 5_000 * (to_s - from_s))


@pytest.mark.parametrize("day", [FIRST_DAY, DAY, LAST_DAY])
async def test_a_day_without_fixes_is_an_empty_report(connection: AsyncConnection, network: Network, day: date) -> None:
    await device_number(connection, ONE)
    report = await read_daily_report(connection, network, ONE, day)
    assert report is not None
    assert report.timeline is None
    assert report.lines == ()


async def test_a_run_over_midnight_in_japan_is_split_between_the_days(
    connection: AsyncConnection, network: Network
) -> None:
    device = await device_number(connection, ONE)
    await add_activities(connection, ActivityBatch.from_rows([span(device, -60, 0), span(device, 0, 60)]))
    segment, length = int(network.segment_id[0]), int(network.length_mm[0])
    times = MIDNIGHT_US - 60 * SECOND_US, MIDNIGHT_US + 60 * SECOND_US
    over = (device, segment, 1, 0, length, *times, Work.SPREADING, Evidence.BLADE, 900, 4_001)
    await add_passes(connection, PassBatch.from_rows([over]))
    before = await read_daily_report(connection, network, ONE, date(2026, 1, 14))
    after = await read_daily_report(connection, network, ONE, DAY)
    assert before is not None
    assert after is not None
    assert before.km(Work.SPREADING) + after.km(Work.SPREADING) == pytest.approx(length / 1e6)
    assert [line.material_g for line in (*before.lines, *after.lines)] == [2_000, 2_001]
    assert before.worked_km == after.worked_km == pytest.approx(0.3)
    assert before.timeline is not None
    assert after.timeline is not None
    assert sum(before.timeline.seconds.values()) == sum(after.timeline.seconds.values()) == 60
    assert before.timeline.to_us == after.timeline.from_us == MIDNIGHT_US


async def test_what_was_not_seen_for_a_moment_over_midnight_belongs_to_both_days(
    connection: AsyncConnection, network: Network
) -> None:
    device = await device_number(connection, ONE)
    await add_activities(connection, ActivityBatch.from_rows([span(device, -60, -20), span(device, 20, 60)]))
    before = await read_daily_report(connection, network, ONE, date(2026, 1, 14))
    after = await read_daily_report(connection, network, ONE, DAY)
    assert before is not None
    assert after is not None
    assert before.timeline is not None
    assert after.timeline is not None
    assert before.timeline.to_us == after.timeline.from_us == MIDNIGHT_US
    assert (before.driven_km, after.driven_km) == pytest.approx((0.2, 0.2))


async def test_a_report_is_of_one_device_and_one_day(connection: AsyncConnection, network: Network) -> None:
    device = await device_number(connection, ONE)
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    spans = [span(device, -86_400, -86_340), span(device, 86_400, 86_460), span(other, 0, 60)]
    await add_activities(connection, ActivityBatch.from_rows(spans))
    passes = [
        (number, 1, 1, 0, 5_000, *span(number, at, at + 60)[1:3], 0, 0, 900, ABSENT_32)
        for number, at in ((device, -120), (device, 86_400), (other, 0))
    ]
    await add_passes(connection, PassBatch.from_rows(passes))
    report = await read_daily_report(connection, network, ONE, DAY)
    assert report is not None
    assert (report.timeline, report.lines) == (None, ())


def machine(number: str, **more: Value) -> Row:
    row: Row = {"agency": "kanazawa", "machine": number, "kind": "grader", "footways": False}
    return row | dict.fromkeys(("class", "blade_mm", "owner", "plate", "contractor")) | more


def mounting(number: str, from_h: float, to_h: float | None = None, **more: Value) -> Row:
    """By hours of the day."""
    end = None if to_h is None else MIDNIGHT + timedelta(hours=to_h)
    row: Row = {"agency": "kanazawa", "device": "d1", "valid_from": MIDNIGHT + timedelta(hours=from_h)}
    return row | {"valid_to": end, "machine": number} | more


def order(number: str, at_h: float, machine_: str = "GR-1", route: str | None = None) -> Row:
    issued: Row = {"issued_at": MIDNIGHT + timedelta(hours=at_h), "issued_by": "当直", "acknowledged_at": None}
    return {"agency": "kanazawa", "number": number, "machine": machine_, "route": route} | issued


def route(id_: str, district: str | None, machine_: str | None = None) -> Row:
    row: Row = {"agency": "kanazawa", "route": id_, "name": id_, "district": district, "priority": 0}
    return row | {"contractor": None, "machine": machine_, "due_min": None}


async def register(connection: AsyncConnection, *mountings: Row, districts: tuple[str, ...] = ()) -> None:
    """Two agencies with a grader of the same number, and a truck; the tracker on what is mounted."""
    await device_number(connection, ONE)
    shared: Row = {"shares_passes": False, "shares_states": False}
    agency: Row = {"agency": "kanazawa", "name": "金沢市", "manages": "municipality", "districts": districts}
    other: Row = {"agency": "kahoku", "name": "かほく市", "manages": "nothing", "districts": ()}
    await save_rows(connection, "agencies", [agency | shared, other | shared])
    firm: Row = {"agency": "kanazawa", "contractor": "C-1", "name": "白山建設（株）"}
    await save_rows(connection, "contractors", [firm, firm | {"agency": "kahoku", "name": "他社"}])
    known: Row = {"class": "3.7m", "plate": "金沢 000 る 12", "owner": "lent", "contractor": "C-1"}
    machines = [machine("GR-1", **known), machine("TR-1", kind="truck"), machine("GR-1", agency="kahoku")]
    await save_rows(connection, "machines", machines)
    await save_rows(connection, "devices", mountings)


async def report_of(connection: AsyncConnection, network: Network, day: date = DAY) -> DailyReport:
    report = await read_daily_report(connection, network, ONE, day)
    assert report is not None
    return report


async def carriers(connection: AsyncConnection, network: Network) -> tuple[Carrier, ...]:
    registered = (await report_of(connection, network)).registered
    assert registered is not None
    return registered.carriers


async def test_a_tracker_that_nobody_registered_has_a_head_without_anything(
    connection: AsyncConnection, network: Network
) -> None:
    await register(connection, mounting("GR-1", -48, device="d2"), mounting("GR-1", -48, agency="kahoku"))
    await save_rows(connection, "orders", [order("1", 1)])
    report = await report_of(connection, network)
    assert report.registered is None
    assert report.head == dict.fromkeys(HEAD_FIELDS)
    assert report.as_json()["registered"] is False


async def test_the_head_is_of_the_machine_that_carried_the_tracker(
    connection: AsyncConnection, network: Network
) -> None:
    await register(connection, mounting("GR-1", -48), districts=("東", "西"))
    carrier = Carrier(
        from_us=None,
        to_us=None,
        machine="GR-1",
        kind=MachineKind.GRADER,
        size="3.7m",
        plate="金沢 000 る 12",
        owner="lent",
        contractor="白山建設（株）",
        districts=("東", "西"),
        orders=(),
    )
    report = await report_of(connection, network)
    assert report.registered == Registered(agency="金沢市", carriers=(carrier,))
    assert report.as_json()["registered"] is True
    # Of operators the registry does not say what they drove.
    assert (report.head["operator"], report.head["order"], report.head["snow"]) == (None, None, None)


@pytest.mark.parametrize(
    ("mountings", "found"),
    [
        ([mounting("GR-1", -48, 12), mounting("TR-1", 12)], [("GR-1", None, 12), ("TR-1", 12, None)]),
        ([mounting("TR-1", 12, 18), mounting("GR-1", 0, 12)], [("GR-1", None, 12), ("TR-1", 12, 18)]),
        ([mounting("GR-1", -48, 0), mounting("TR-1", 24)], []),
        ([mounting("GR-1", -48, 0), mounting("TR-1", 0, 24)], [("TR-1", None, None)]),
        ([mounting("GR-1", 0.5)], [("GR-1", 0.5, None)]),
    ],
)
async def test_all_machines_of_the_day_are_named_with_when_they_changed(
    connection: AsyncConnection,
    network: Network,
    mountings: list[Row],
    found: list[tuple[str, float | None, float | None]],
) -> None:
    await register(connection, *mountings)
    registered = (await report_of(connection, network)).registered
    if not found:
        assert registered is None
        return
    hours = [
        (one.machine, *(None if at is None else (at - MIDNIGHT_US) / HOUR_US for at in (one.from_us, one.to_us)))
        for one in ([] if registered is None else registered.carriers)
    ]
    assert hours == found


async def test_orders_are_those_of_the_day_that_the_machine_got_before_the_tracker_left_it(
    connection: AsyncConnection, network: Network
) -> None:
    await register(connection, mounting("GR-1", 6, 12), mounting("TR-1", 12))
    given = [order("1", -0.01), order("2", 0), order("3", 11.99), order("4", 12), order("5", 11, "TR-1")]
    await save_rows(connection, "orders", [*given, order("6", 24, "TR-1"), order("7", 8) | {"agency": "kahoku"}])
    grader, truck = await carriers(connection, network)
    assert [one.number for one in grader.orders] == ["2", "3"]
    assert truck.orders == (Order(number="5", issued_us=MIDNIGHT_US + 11 * HOUR_US),)


@pytest.mark.parametrize(
    ("routes", "orders", "districts"),
    [
        ([route("1", "北", "GR-1")], [], ("北",)),
        ([route("1", "北", "GR-1"), route("2", "北", "GR-1"), route("3", None, "GR-1")], [], ("北",)),
        ([route("1", "北", "GR-1"), route("2", "南", "GR-1")], [], ("東", "西")),
        ([route("1", "北", "TR-1"), route("2", "南")], [], ("東", "西")),
        ([route("1", "北")], [order("1", 1, route="1")], ("北",)),
        ([route("1", "北")], [order("1", -1, route="1"), order("2", 24, route="1")], ("東", "西")),
        ([route("1", "北", "GR-1"), route("2", "南")], [order("1", 1, route="2")], ("東", "西")),
        ([route("1", None, "GR-1")], [order("1", 1, route="1")], ("東", "西")),
    ],
)
async def test_the_district_is_the_one_of_the_machines_routes_or_else_its_agencys(
    connection: AsyncConnection,
    network: Network,
    routes: list[Row],
    orders: list[Row],
    districts: tuple[str, ...],
) -> None:
    await register(connection, mounting("GR-1", -48), districts=("東", "西"))
    await save_rows(connection, "routes", routes)
    await save_rows(connection, "orders", orders)
    (carrier,) = await carriers(connection, network)
    assert carrier.districts == districts


async def snow(connection: AsyncConnection, sensor: SensorId, depths_mm: dict[float, int]) -> None:
    """Depths by hours of the day."""
    told = [(MIDNIGHT_US + round(at * HOUR_US), depth, ABSENT_16, ABSENT_32) for at, depth in depths_mm.items()]
    await keep_depths(connection, sensor, DepthBatch.from_rows(told), MIDNIGHT_US)


async def test_snow_is_what_fell_that_day_at_the_agencys_sensors(connection: AsyncConnection, network: Network) -> None:
    await register(connection, mounting("GR-1", -48))
    places = {"s1": "kanazawa", "s2": "kanazawa", "s3": "kanazawa", "s9": "kahoku"}
    place: Row = {"lat_e7": 366_000_000, "lon_e7": 1_366_000_000, "elevation_m": None}
    named: list[Row] = [{"agency": whose, "sensor": sensor, "name": sensor} for sensor, whose in places.items()]
    await save_rows(connection, "sensors", [row | place for row in named])
    grows = {"s1": 10, "s2": 20, "s9": 30}
    for sensor, mm_per_h in grows.items():
        depths = {float(at): 100 + mm_per_h * at for at in range(-4, 29)}
        await snow(connection, SensorId(places[sensor], sensor), depths)
    # One that says nothing for half of the day cannot tell.
    await snow(connection, SensorId("kanazawa", "s3"), {float(at): 100 + 40 * at for at in range(13)})
    report = await report_of(connection, network)
    assert report.registered is not None
    assert report.registered.new_snow_mm == (240, 480)
    assert report.head["snow"] == "降雪深 24–48 cm（計器2基）"
    later = await report_of(connection, network, DAY + timedelta(days=7))
    assert later.head["snow"] is None
