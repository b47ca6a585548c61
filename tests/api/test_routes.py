"""`/v1/routes`."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.network.arrays import RoadClass
from snowtrack.store import routes as stored
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, streets
from tests.store.test_routes import MINUTE_US, add_route

pytestmark = pytest.mark.anyio
NOW_US = EVENING_US + 15 * MINUTE_US


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a quarter past, and what was made is never fresh enough."""
    monkeypatch.setattr("snowtrack.wall_clock.now_us", lambda: NOW_US)
    monkeypatch.setattr("snowtrack.api.board.FRESH_S", -1.0)


async def listed(api: Api, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - what a query may hold
    answer = await api.client.get("/v1/routes", params=asked)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def some_work(api: Api) -> tuple[int, int]:
    """One street of two is done."""
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US + 5 * MINUTE_US, lasted_s=120)
    await api.town.heard(NOW_US - SECOND_US)
    await api.town.turn(NOW_US)
    return street, other


async def test_without_any_registered_route_the_roads_of_the_network_are_listed(api: Api) -> None:
    content = await listed(api, limit=1_000)
    names = {route["name"] for route in content["routes"]}
    assert {"国道900号", "県道901号"} <= names
    assert not any(route["registered"] for route in content["routes"])
    assert {route["state"] for route in content["routes"]} == {"waiting"}
    assert content["next"] is None


async def test_a_route_says_how_far_it_is(api: Api) -> None:
    street, other = await some_work(api)
    add_route(api.town.settings.database.url, "1", (street, 0), (other, 0), (99, 0), due_min=10)
    content = await listed(api)
    (route,) = content["routes"]
    lengths = [int(api.town.network.length_mm[api.town.network.rows_of([one])[0]]) for one in (street, other)]
    assert content["event_start"] == utc_text(EVENING_US)
    assert content["at"] == utc_text(NOW_US)
    assert route["percent"] == lengths[0] * 100 // sum(lengths)
    assert (route["done_m"], route["left_m"]) == (lengths[0] / 1000, lengths[1] / 1000)
    assert (route["state"], route["machines"], route["confidence"]) == ("under_way", 1, "low")
    assert 0 < route["early_s"] <= route["late_s"]
    assert (route["overdue"], route["due_at"]) == (True, utc_text(EVENING_US + 10 * MINUTE_US))
    assert (route["name"], route["district"], route["priority"]) == ("1号線", "第一工区", 2)
    assert route["segments_not_on_map"] == 1


async def test_routes_are_chosen_by_agency_district_priority_and_state(api: Api) -> None:
    street, other = await some_work(api)
    url = api.town.settings.database.url
    add_route(url, "1", (street, 0))
    add_route(url, "2", (other, 0))
    assert [one["route"] for one in (await listed(api, district="第一工区", priority=2))["routes"]] == ["1", "2"]
    assert [one["route"] for one in (await listed(api, state="done"))["routes"]] == ["1"]
    assert [one["route"] for one in (await listed(api, state="waiting"))["routes"]] == ["2"]
    for nothing in ({"agency": "others"}, {"district": "x"}, {"priority": 1}):
        assert (await listed(api, **nothing))["routes"] == []


async def test_pages_follow_one_another_without_gap_or_overlap(api: Api) -> None:
    whole = [route["route"] for route in (await listed(api, limit=1_000))["routes"]]
    found: list[str] = []
    after = ""
    while True:
        content = await listed(api, limit=17, after=after)
        found += [route["route"] for route in content["routes"]]
        if content["next"] is None:
            break
        after = content["next"]
    assert found == whole


async def test_the_segments_of_a_route_come_in_planned_order_with_their_labels(api: Api) -> None:
    network = api.town.network
    street, other = await some_work(api)
    main = int(
        network.segment_id[(network.road_class == RoadClass.MAIN) & (network.oneway == 0) & (network.kind == 0)][0]
    )
    add_route(api.town.settings.database.url, "1", (other, 0), (main, 0), (street, 0))
    route = (await api.client.get("/v1/routes/kanazawa/1")).json()
    assert [(one["position"], one["id"], one["direction"]) for one in route["segments"]] == [
        (1, other, 0),
        (2, main, 1),
        (3, main, -1),
        (4, street, 0),
    ]
    assert [one["label"] for one in route["segments"]] == ["never", "never", "never", "done"]
    done = route["segments"][-1]
    assert (done["share"], done["last_at"]) == (100, utc_text(EVENING_US + 5 * MINUTE_US))
    assert sum(one["length_m"] for one in route["segments"]) == pytest.approx(route["planned_m"])
    part = (await api.client.get("/v1/routes/kanazawa/1", params={"after": 1, "limit": 2})).json()
    assert ([one["position"] for one in part["segments"]], part["next"]) == ([2, 3], 3)


async def test_a_route_of_the_network_is_found_by_its_name(api: Api) -> None:
    answer = await api.client.get(f"/v1/routes/kanazawa/{quote('国道900号')}")
    assert answer.json()["name"] == "国道900号"


@pytest.mark.parametrize("path", ["kanazawa/none", "none/1"])
async def test_a_route_that_there_is_not_is_not_found(api: Api, path: str) -> None:
    assert_problem(await api.client.get(f"/v1/routes/{path}"), 404, "there is no route")


async def test_a_name_with_a_sign_that_no_text_has_is_refused_before_it_is_looked_for(api: Api) -> None:
    assert_problem(await api.client.get("/v1/routes/kanazawa/%00"), 400, "an address without NUL")


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 1_001}, {"priority": 10}, {"state": "x"}, {"after": "x" * 200}]
)
async def test_what_cannot_be_asked_is_refused(api: Api, asked: dict[str, object]) -> None:
    assert_problem(await api.client.get("/v1/routes", params=asked), 422)  # type: ignore[arg-type]


async def test_many_who_ask_at_once_have_it_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowtrack.api.board.FRESH_S", 60.0)
    made = []
    read = stored.read_night

    async def counted(*arguments: Any) -> stored.Night:  # noqa: ANN401
        made.append(arguments)
        return await read(*arguments)

    monkeypatch.setattr("snowtrack.api.board.read_night", counted)
    answers = await asyncio.gather(*(api.client.get("/v1/routes") for _ in range(9)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(made) == 1
