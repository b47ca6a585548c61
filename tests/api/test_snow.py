"""`/v1/snow`: sensors, their series, their past as CSV, uploads, and proposals."""

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from snowtrack import wall_clock
from snowtrack.api.bodies import BODY_BYTES_MAX
from snowtrack.api.snow import ROWS_AT_ONCE
from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US, utc_text
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import DepthBatch, Figure, SensorId, SensorState
from snowtrack.snow.dispatch import Proposal
from snowtrack.snow.listings import Given, read_listing
from snowtrack.snow.series import STEP_US
from snowtrack.store.snow import add_proposals, keep_depths, save_figures
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.store.databases import count

pytestmark = pytest.mark.anyio
S1 = SensorId("kahoku", "s1")
START = 1_768_316_400 * SECOND_US  # midnight in Japan, 2026-01-14
DAY = {"from": "2026-01-14T00:00", "to": "2026-01-15T00:00"}
JSON = {"content-type": "application/json"}


async def read(api: Api, depths: list[int], every_us: int = STEP_US, start_us: int = START) -> None:
    rows = [(start_us + at * every_us, depth, -15, ABSENT_32) for at, depth in enumerate(depths)]
    await keep_depths(api.town.connection, S1, DepthBatch.from_rows(rows), START)


async def get(api: Api, path: str, **asked: str) -> dict[str, Any]:
    answer = await api.client.get(f"/v1/snow{path}", params=asked)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_sensors_are_told_with_how_they_stand(api: Api) -> None:
    assert await get(api, "") == {"sensors": [], "next": None}
    connection, now_us = api.town.connection, wall_clock.now_us()
    await connection.execute("insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')")
    await connection.execute(
        "insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kahoku', 's1', '高松', 5, 6)"
    )
    await save_figures(connection, [Figure(sensor=S1, at_us=now_us - HOUR_US, state=SensorState.OK, depth_mm=312)])
    await read(api, [300])
    (sensor,) = (await get(api, ""))["sensors"]
    assert (sensor["agency"], sensor["sensor"], sensor["name"], sensor["registered"]) == ("kahoku", "s1", "高松", True)
    assert (sensor["state"], sensor["depth_mm"], sensor["new_1h_mm"], sensor["readings"]) == ("ok", 312, None, 1)
    assert 3_600 <= sensor["age_s"] < 3_700


async def test_a_series_has_its_readings_their_quality_and_the_hours_new_snow(api: Api) -> None:
    await read(api, [300] * 12 + [900] + [300 + 10 * step for step in range(18)] + [470] * 6)
    told = await get(api, "/kahoku/s1", **DAY)
    assert len(told["readings"]) == 37
    assert told["readings"][0] == {"time": utc_text(START), "depth_mm": 300, "quality": "good", "temperature_c": -1.5}
    assert [one["time"] for one in told["readings"] if one["quality"] == "spike"] == [utc_text(START + 12 * STEP_US)]
    hours = {one["from"]: one["new_mm"] for one in told["new_snow"]}
    assert len(hours) == 6
    assert hours[utc_text(START)] == 0
    assert 150 <= sum(hours.values()) <= 175
    assert 55 <= hours[utc_text(START + 3 * HOUR_US)] <= 65
    assert told["complete"]


async def test_a_span_is_half_open_and_bounded(api: Api) -> None:
    await read(api, [1, 2, 3], DAY_US // 2)
    assert [one["depth_mm"] for one in (await get(api, "/kahoku/s1", **DAY))["readings"]] == [1, 2]
    assert (await get(api, "/kahoku/s1"))["readings"] == []
    for asked in (
        {"from": "2026-01-14"},
        {"from": "2026-01-15T00:00", "to": "2026-01-14T00:00"},
    ):
        answer = await api.client.get("/v1/snow/kahoku/s1", params=asked)
        assert_problem(answer, 400, "at most 31 days apart")
    for path in ("kahoku/s1", "kahoku/s1/depth.csv", "proposals"):
        for since in ("9999-12-31T00:00:00-12:00", "0001-01-01T00:00:00+12:00", "1969-12-31T00:00:00"):
            asked = {"from": since, "to": since[:11] + "23:59:59" + since[19:]}
            answer = await api.client.get(f"/v1/snow/{path}", params=asked)
            assert_problem(answer, 400, "expected a time from 1970 until 2199")
    assert (await api.client.get("/v1/snow/kahoku/s1", params={"from": "noon"})).status_code == 422


@pytest.mark.parametrize("path", ["kahoku/s1", "kahoku/s1/depth.csv"])
async def test_a_sensor_that_was_never_heard_is_not_there(api: Api, path: str) -> None:
    assert_problem(await api.client.get(f"/v1/snow/{path}"), 404, "kahoku/s1 was never heard")
    assert_problem(await api.client.get(f"/v1/snow/{path.replace('s1', 's+1')}"), 400, "is not an id")


async def test_the_past_comes_as_csv_that_can_be_read_again(api: Api) -> None:
    many = ROWS_AT_ONCE + 10
    await read(api, [300 + at % 7 for at in range(many)], SECOND_US)
    answer = await api.client.get("/v1/snow/kahoku/s1/depth.csv", params=DAY)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="depth-kahoku-s1.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "道路管理者,センサー,日時,積雪深(cm),気温(℃),電池(mV)"
    assert lines[1] == "kahoku,s1,2026-01-14 00:00:00,30.0,-1.5,"
    assert len(lines) == many + 1
    listing = read_listing(answer.content, Given(agency=None, sensor=None, now_us=2 * START, rows_max=2 * many))
    assert len(listing.readings[S1]) == many


async def post(api: Api, content: bytes, kind: str = "application/json", path: str = "kahoku/s1") -> httpx.Response:
    return await api.client.post(f"/v1/snow/{path}", content=content, headers={"content-type": kind})


async def test_readings_can_be_uploaded_as_json_and_as_csv(api: Api) -> None:
    done = await post(api, orjson.dumps([{"time": "2026-01-14T00:00:00+09:00", "depth_mm": 300}]))
    assert (done.status_code, done.json()) == (200, {"readings": 1, "new": 1, "conflicts": 0})
    csv = "日時,積雪深\n2026/1/14 0:00,31\n2026/1/14 0:10,31\n".encode("cp932")
    done = await post(api, csv, "text/csv; charset=shift_jis")
    assert done.json() == {"readings": 2, "new": 1, "conflicts": 1}
    told = await get(api, "/kahoku/s1", **DAY)
    assert [one["depth_mm"] for one in told["readings"]] == [300, 310]


async def test_an_upload_with_a_problem_is_taken_not_at_all(api: Api, clean_database: str) -> None:
    ahead = datetime.fromtimestamp(wall_clock.now_us() / SECOND_US + 600, UTC).isoformat()
    good = {"time": "2026-01-14T00:00:00Z", "depth_mm": 300}
    done = await post(api, orjson.dumps([good, good | {"time": ahead}, good | {"sensor": "s2"}]))
    assert_problem(done, 422, "nothing was taken")
    first, second = done.json()["problems"]
    assert first.startswith("item 2: time: ")
    assert second == "kahoku/s2: these are readings of another sensor"
    assert_problem(await post(api, orjson.dumps([good, good | {"sensor": "s2"}])), 422, "nothing was taken")
    assert_problem(await post(api, orjson.dumps(good | {"time": 253_402_300_000})), 422, "nothing was taken")
    assert_problem(await post(api, b"time,depth_cm\n9999-12-31T23:30:00Z,10\n", "text/csv"), 422, "nothing was taken")
    assert count(clean_database, "depth_reading") == 0


async def test_an_upload_has_a_form_a_size_and_a_sensor(api: Api, clean_database: str) -> None:
    assert_problem(await post(api, b"[]", "text/plain"), 415, "expected the content type")
    assert_problem(await post(api, b" " * (BODY_BYTES_MAX + 1)), 413, "more than 4 MiB")
    assert_problem(await post(api, b"[]", path="kahoku/s.1"), 400, "is not an id")
    assert_problem(await post(api, b"\xff"), 422)
    assert count(clean_database, "depth_reading") == 0


async def test_proposals_are_told_and_counted(api: Api) -> None:
    now_us = wall_clock.now_us()
    made = [
        Proposal(
            sensor=SensorId(agency, "s1"),
            road_classes=("main", "national"),
            criterion_mm=100,
            new_mm=104,
            since_us=at_us - DAY_US,
            at_us=at_us,
        )
        for agency, at_us in (
            ("kahoku", now_us - HOUR_US),
            ("kahoku", now_us - 2 * HOUR_US),
            ("old", START - 9 * DAY_US),
        )
    ]
    await add_proposals(api.town.connection, made)
    told = await get(api, "/proposals")
    assert told["counts"] == {"kahoku": 2}
    assert [one["at"] for one in told["proposals"]] == [utc_text(one.at_us) for one in made[:2]]
    assert told["proposals"][0]["road_classes"] == ["main", "national"]
    old = await get(api, "/proposals", **{"from": utc_text(START - 10 * DAY_US), "to": utc_text(START)})
    assert old["counts"] == {"old": 1}
