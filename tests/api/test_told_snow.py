"""`POST /v1/snow`: what people say of snow stands in the place of what sensors read, and nothing is overwritten."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from snowtrack import wall_clock
from snowtrack.model.access import Right
from snowtrack.model.calendar import HOUR_US, utc_text
from snowtrack.model.columns import ABSENT_32
from snowtrack.services.snow import SnowReader
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.services.town import EVENING_US, streets
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
NOW_US = EVENING_US + 2 * HOUR_US
STEP_US = HOUR_US // 6


@pytest.fixture
async def snowy(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """A sensor that reads 100 mm and 10 mm more each hour."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: NOW_US)
    await api.town.snows(streets(api.town.network)[0], NOW_US, lambda hours: 100 + round(10 * hours))
    yield api


def said(kind: str = "depth", **other: Any) -> dict[str, Any]:  # noqa: ANN401 - what a body may hold
    depth = {"depth_mm": 400} if kind == "depth" else {}
    at = {} if "from" in other else {"at": utc_text(EVENING_US)}
    return {"agency": "kanazawa", "sensor": "s1", "kind": kind, "reason": "雪尺", **depth, **at, **other}


async def tell(api: Api, body: dict[str, Any]) -> int:
    answer = await api.client.post("/v1/snow", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


async def depths(api: Api) -> dict[int, int]:
    """By ten minutes from the evening on."""
    asked = {"from": utc_text(EVENING_US), "to": utc_text(NOW_US)}
    answer: httpx.Response = await api.client.get("/v1/snow/kanazawa/s1", params=asked)
    readings = answer.json()["readings"]
    times = [utc_text(EVENING_US + step * STEP_US) for step in range(12)]
    assert len({one["time"] for one in readings}) == len(readings)
    return {times.index(one["time"]): one["depth_mm"] for one in readings}


async def test_what_is_said_stands_in_the_place_of_what_was_read(snowy: Api) -> None:
    read = await depths(snowy)
    first = await tell(snowy, said())
    assert await depths(snowy) == read | {0: 400}
    span = {"from": utc_text(EVENING_US + STEP_US), "to": utc_text(EVENING_US + 4 * STEP_US)}
    await tell(snowy, said("void", **span))
    assert await depths(snowy) == {step: mm for step, mm in (read | {0: 400}).items() if not 1 <= step <= 4}
    await tell(snowy, said(depth_mm=150, **{**span, "to": utc_text(EVENING_US + 2 * STEP_US)}))
    expected = {step: mm for step, mm in (read | {0: 400, 1: 150, 2: 150}).items() if step not in (3, 4)}
    assert await depths(snowy) == expected
    await tell(snowy, said("taken_back", corrects=first))
    assert await depths(snowy) == expected | {0: read[0]}
    assert rows(snowy.town.settings.database.url, "select count(*) from depth_reading where depth_mm >= 150") == [(0,)]


async def test_a_later_entry_corrects_an_earlier_one_and_nothing_is_overwritten(snowy: Api) -> None:
    first = await tell(snowy, said())
    second = await tell(snowy, said(depth_mm=300, corrects=first))
    assert (await depths(snowy))[0] == 300
    assert_problem(await snowy.client.post("/v1/snow", json=said(corrects=first)), 409, "not corrected yet")
    assert_problem(await snowy.client.post("/v1/snow", json=said(corrects=9_999)), 409)
    newest, oldest = (await snowy.client.get("/v1/snow/told")).json()["told"]
    assert (newest["id"], newest["corrects"], newest["corrected_by"]) == (second, first, None)
    assert (oldest["id"], oldest["depth_mm"], oldest["corrected_by"]) == (first, 400, second)
    assert oldest["by"] == "key test"
    page = (await snowy.client.get("/v1/snow/told?limit=1")).json()
    assert [one["id"] for one in page["told"]] == [second]
    assert [one["id"] for one in (await snowy.client.get(f"/v1/snow/told?before={page['next']}")).json()["told"]] == [
        first
    ]
    noted = rows(snowy.town.settings.database.url, "select who, what from audit where action = 'tell' order by entry")
    assert noted == [("key test", f"snow {first}"), ("key test", f"snow {second}")]


async def test_the_snow_is_counted_anew(snowy: Api) -> None:
    """The fold, which reads what is new of a sensor, and counts hours of snow by day."""
    await snowy.town.turn(NOW_US)
    before = rows(snowy.town.settings.database.url, "select new_1h_mm from sensor_figure")
    for step in range(12):
        await tell(snowy, said(depth_mm=200 + 40 * step, at=utc_text(EVENING_US + step * STEP_US)))
    listed = rows(snowy.town.settings.database.url, "select count(*) from depth_day")
    await snowy.town.turn(NOW_US + 61 * 10**6)
    after = rows(snowy.town.settings.database.url, "select new_1h_mm from sensor_figure")
    assert listed != [(0,)]
    assert (before[0][0] or 0) < 50 < after[0][0]


async def test_what_is_said_of_a_span_leaves_no_gap(snowy: Api) -> None:
    await tell(snowy, said(depth_mm=300, **{"from": utc_text(EVENING_US - 4 * HOUR_US), "to": utc_text(NOW_US)}))
    assert await depths(snowy) == dict.fromkeys(range(12), 300)
    later = {"from": utc_text(EVENING_US + 6 * STEP_US), "to": utc_text(NOW_US)}
    await tell(snowy, said("void", **later))
    assert await depths(snowy) == dict.fromkeys(range(6), 300)


async def test_of_a_stake_whose_only_entry_is_taken_back_nothing_is_left(snowy: Api) -> None:
    connection, now_us = snowy.town.connection, NOW_US
    await connection.execute("delete from depth_reading")
    first = await tell(snowy, said(depth_mm=4300))
    watch = SnowReader(snowy.town.network)
    (before,) = await watch.look(connection, now_us)
    await tell(snowy, said("taken_back", corrects=first))
    (after,) = await watch.look(connection, now_us)
    (anew,) = await SnowReader(snowy.town.network).look(connection, now_us)
    assert before.depth_mm == 4300
    assert after == anew
    assert after.depth_mm == ABSENT_32


async def test_only_who_may_tell_at_the_agency_does(snowy: Api) -> None:
    url = snowy.town.settings.database.url
    key = key_headers(url, Right.TELL, agency="kahoku")
    assert_problem(await snowy.client.post("/v1/snow", json=said(), headers=key), 403, "at kanazawa")
    others = key_headers(url, agency="kahoku")
    await tell(snowy, said())
    assert (await snowy.client.get("/v1/snow/told", headers=others)).json() == {"told": [], "next": None}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said(sensor="nobody"), "sensor: "),
        (said(sensor="no/body"), "sensor: "),
        (said(depth_mm=-1), "depth_mm: "),
        (said(depth_mm=10_001), "depth_mm: "),
        (said(depth_mm=None), "expected depth_mm"),
        (said("void", depth_mm=5), "expected depth_mm"),
        (said("taken_back"), "expected corrects"),
        (said(at=utc_text(NOW_US + 2 * HOUR_US)), "by now"),
        (said(at=None), "expected at"),
        (said(**{"from": utc_text(EVENING_US), "at": utc_text(EVENING_US), "to": utc_text(NOW_US)}), "expected at"),
        (said(**{"from": utc_text(NOW_US), "to": utc_text(EVENING_US)}), "from before to"),
        (said(**{"from": utc_text(NOW_US - 40 * 24 * HOUR_US), "to": utc_text(NOW_US)}), "31 days"),
        (said(reason="  "), "reason: "),
        (said(kind="snowed"), "kind: "),
        (said(moon=1), "moon: "),
    ],
)
async def test_what_is_none_is_refused_with_a_reason(snowy: Api, body: dict[str, Any], words: str) -> None:
    assert_problem(await snowy.client.post("/v1/snow", json=body), 422, words)
    assert rows(snowy.town.settings.database.url, "select count(*) from told_snow") == [(0,)]
