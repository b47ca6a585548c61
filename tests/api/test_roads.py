"""`/v1/roads`: my road."""

from typing import Any

import pytest

from snowtrack.model.calendar import SECOND_US, read_utc, utc_text
from snowtrack.network.roads import Roads
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.oracles.towns import shape
from tests.services.town import EVENING_US, streets

pytestmark = pytest.mark.anyio
NOW_US = EVENING_US + 20 * 60 * SECOND_US


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowtrack.wall_clock.now_us", lambda: NOW_US)
    monkeypatch.setattr("snowtrack.api.board.FRESH_S", -1.0)


async def asked(api: Api, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - what a query may hold
    answer = await api.client.get("/v1/roads", params=how)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def all_pages(api: Api, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what a query may hold
    content = await asked(api, **how)
    roads: list[dict[str, Any]] = content["roads"]
    while content["next"]:
        content = await asked(api, **how, after=content["next"])
        roads += content["roads"]
    return roads


def place_of(api: Api, segment: int) -> str:
    row = int(api.town.network.rows_of([segment])[0])
    lat, lon = shape(api.town.network, row)[0]
    return f"{lat / 1e7},{lon / 1e7}"


async def test_a_road_is_found_by_its_name(api: Api) -> None:
    content = await asked(api, q="大通り", limit=3)
    assert len(content["roads"]) == 3
    assert content["next"] == content["roads"][-1]["id"]
    assert all("大通り" in road["name"] for road in content["roads"])
    assert {road["distance_m"] for road in content["roads"]} == {None}
    assert content["cut_at"] is None


async def test_the_nearest_road_first(api: Api) -> None:
    street, _ = streets(api.town.network)
    roads = (await asked(api, near=place_of(api, street)))["roads"]
    assert roads[0]["distance_m"] == 0.0
    assert [road["distance_m"] for road in roads] == sorted(road["distance_m"] for road in roads)


async def test_without_a_question_all_come_the_most_important_ones_first(api: Api) -> None:
    roads = await all_pages(api, limit=100)
    assert len(roads) == len({road["id"] for road in roads}) == len(Roads.of(api.town.network).roads)
    assert roads[0]["routes"] == ["国道900号"]
    assert roads[:20] == (await asked(api))["roads"]


@pytest.mark.parametrize("how", [{"q": "通り"}, {"near": "36.56,136.65", "within_m": 2000}])
async def test_what_is_found_comes_in_pages(api: Api, how: dict[str, Any]) -> None:
    whole = (await asked(api, **how, limit=100))["roads"][:25]
    assert len(whole) == 25
    assert (await all_pages(api, **how, limit=7))[:25] == whole


async def test_after_a_road_that_is_not_among_them_comes_nothing(api: Api) -> None:
    content = await asked(api, q="大通り", after=2**52)
    assert (content["roads"], content["next"]) == ([], None)


async def test_a_road_says_where_it_is(api: Api) -> None:
    street, _ = streets(api.town.network)
    lat, lon = (float(part) for part in place_of(api, street).split(","))
    west, south, east, north = (await asked(api, near=f"{lat},{lon}"))["roads"][0]["bbox"]
    assert west <= lon <= east
    assert south <= lat <= north


async def test_where_somebody_is_is_kept_by_nobody(api: Api) -> None:
    near = await api.client.get("/v1/roads", params={"near": "36.56,136.65"})
    assert near.headers["cache-control"] == "no-store"
    named = await api.client.get("/v1/roads", params={"q": "大通り"})
    assert named.headers["cache-control"] == "public, max-age=30"


async def test_it_says_what_the_cut_says_and_when_the_rest_may_be_done(api: Api) -> None:
    street, _ = streets(api.town.network)
    before = (await asked(api, near=place_of(api, street), within_m=1))["roads"]
    await api.town.work(street, NOW_US - 61 * SECOND_US, lasted_s=120)
    await api.town.heard(NOW_US - SECOND_US)
    await api.town.turn(NOW_US)
    after = {road["id"]: road for road in (await asked(api, near=place_of(api, street), within_m=1))["roads"]}
    name = api.town.network.text(int(api.town.network.name_text[api.town.network.rows_of([street])[0]]))
    (road,) = (one for one in after.values() if one["name"] == name)
    (same,) = (one for one in before if one["id"] == road["id"])
    assert same["expected"] is None
    assert same["newest_at"] is None
    assert road["newest_at"] == utc_text((NOW_US - 61 * SECOND_US) // (300 * SECOND_US) * 300 * SECOND_US)
    assert sum(road["km_by_label"].values()) == pytest.approx(road["km"], abs=0.01)
    early_us, late_us = read_utc(road["expected"]["from"]), read_utc(road["expected"]["until"])
    assert early_us % (600 * SECOND_US) == late_us % (600 * SECOND_US) == 0
    assert early_us <= late_us
    assert late_us > NOW_US
    assert road["expected"]["confidence"] in ("low", "medium", "high")


@pytest.mark.parametrize("how", [{"q": "a", "near": "1,2"}, {"near": "1"}, {"near": "91,0"}, {"near": "nan,0"}])
async def test_what_is_asked_wrongly(api: Api, how: dict[str, str]) -> None:
    assert_problem(await api.client.get("/v1/roads", params=how), 400)


@pytest.mark.parametrize(
    "how", [{"q": "a" * 101}, {"q": "a", "limit": "101"}, {"near": "1,2", "within_m": "2001"}, {"after": "x"}]
)
async def test_what_is_too_much(api: Api, how: dict[str, str]) -> None:
    assert_problem(await api.client.get("/v1/roads", params=how), 422)
