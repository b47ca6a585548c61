"""`/v1/closures`: roads are closed and opened by who may, of their own agencies, and nothing is overwritten."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from snowtrack import wall_clock
from snowtrack.model.access import Right
from snowtrack.model.calendar import HOUR_US, utc_text
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.services.registry import register
from tests.services.town import EVENING_US, opened, streets
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
LATER_US = EVENING_US + HOUR_US
WHY = {"reason": "雪崩のおそれ"}


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with opened(clean_database, network) as town, serving(town, town.settings, network) as api:
        await town.connection.execute("insert into agency (agency, name, manages) values ('other', '他', 'nothing')")
        register(clean_database, DeviceId("kanazawa", "another"))
        await town.turn(EVENING_US)
        yield api


async def close(api: Api, **said: Any) -> httpx.Response:  # noqa: ANN401
    return await api.client.post("/v1/closures", json=WHY | said)


async def listed(api: Api, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    found: list[dict[str, Any]] = (await api.client.get("/v1/closures", params=asked)).json()["closures"]
    return found


async def label(api: Api, segment: int) -> str:
    await api.town.turn(LATER_US)
    await api.live.reload()
    return str((await api.client.get(f"/v1/segments/{segment}")).json()["label"])


async def test_a_road_is_closed_until_it_is_opened(api: Api, clean_database: str) -> None:
    one, other = streets(api.town.network)
    answer = await close(api, segments=[other, one, one])
    assert (answer.status_code, answer.json()["segments"]) == (201, 2)
    number = answer.json()["id"]
    told = {"id": number, "segments": [one, other], "from": utc_text(LATER_US), "until": None, "by": "key test"} | WHY
    assert await listed(api) == [told]
    assert [await label(api, one), await label(api, other)] == ["closed", "closed"]
    ended = await api.client.post(f"/v1/closures/{number}/end", json={"reason": "安全を確認"})
    assert (ended.status_code, ended.json()) == (201, {"id": number, "until": utc_text(LATER_US)})
    assert await label(api, one) == "never"
    assert await listed(api) == []
    assert await listed(api, ended=True) == [told | {"until": utc_text(LATER_US)}]
    kept = rows(clean_database, "select ends, reason, entered_by from closure order by closure")
    assert kept == [(None, WHY["reason"], "key test"), (number, "安全を確認", "key test")]
    noted = rows(clean_database, "select who, agencies, what from audit where action = 'tell' order by entry")
    assert noted == [
        ("key test", ["kanazawa"], f"closure {number}"),
        ("key test", ["kanazawa"], f"end of closure {number}"),
    ]


async def test_a_road_is_closed_by_its_name_with_times_of_its_own(api: Api) -> None:
    network = api.town.network
    row = int(network.rows_of([streets(network)[0]])[0])
    name = network.text(int(network.name_text[row]))
    span = {"from": utc_text(LATER_US + HOUR_US), "until": utc_text(LATER_US + 2 * HOUR_US)}
    answer = await close(api, road=f" {name}　", **span)
    assert answer.status_code == 201
    assert answer.json()["segments"] == int((network.name_text == network.name_text[row]).sum())
    ((told),) = await listed(api)
    assert {key: told[key] for key in span} == span
    assert await label(api, streets(network)[0]) == "never"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({}, "segments or road"),
        ({"segments": [1], "road": "x"}, "segments or road"),
        ({"segments": []}, "at least 1"),
        ({"segments": [2**52]}, "4503599627370496 is not a road of yours"),
        ({"road": "無い通り"}, "expected the name"),
        ({"segments": [1], "reason": " "}, "at least 1"),
        ({"segments": [1], "until": utc_text(EVENING_US)}, "until after from"),
        ({"segments": [1], "until": "2027-01-14T06:00:00"}, "timezone"),
        ({"segments": [1], "by": "me"}, "Extra inputs"),
        ({"segments": [1], "until": "9999-12-31T23:59:59Z"}, "until"),
        ({"segments": [1], "from": "0001-01-01T00:00:00Z"}, "from"),
    ],
)
async def test_what_makes_no_sense_is_refused(api: Api, clean_database: str, said: dict[str, Any], what: str) -> None:
    assert_problem(await close(api, **said), 422, what)
    assert rows(clean_database, "select * from closure") == []


async def test_nobody_closes_opens_or_sees_roads_of_others(api: Api, clean_database: str) -> None:
    street, _ = streets(api.town.network)
    number = (await close(api, segments=[street])).json()["id"]
    key = key_headers(clean_database, Right.LOOK, Right.TELL, agency="other")
    assert_problem(
        await api.client.post("/v1/closures", json=WHY | {"segments": [street]}, headers=key),
        422,
        "not a road of yours",
    )
    assert_problem(await api.client.post(f"/v1/closures/{number}/end", json=WHY, headers=key), 404)
    assert (await api.client.get("/v1/closures", headers=key)).json() == {"closures": [], "next": None}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2027-01-14T06:00:00"])
async def test_a_time_that_cannot_be_ends_nothing(api: Api, at: str) -> None:
    number = (await close(api, segments=[streets(api.town.network)[0]])).json()["id"]
    assert_problem(await api.client.post(f"/v1/closures/{number}/end", json=WHY | {"at": at}), 422, "at")
    assert (await listed(api))[0]["until"] is None


async def test_closures_come_in_pages(api: Api) -> None:
    street, _ = streets(api.town.network)
    numbers = [(await close(api, segments=[street])).json()["id"] for _ in range(3)]
    first = (await api.client.get("/v1/closures?limit=2")).json()
    assert [[one["id"] for one in first["closures"]], first["next"]] == [numbers[:2], numbers[1]]
    second = (await api.client.get(f"/v1/closures?limit=2&after={first['next']}")).json()
    assert [[one["id"] for one in second["closures"]], second["next"]] == [numbers[2:], None]


async def test_forms_are_bounded(api: Api) -> None:
    assert_problem(await close(api, segments=[1], reason="x" * 300_000), 413, "more than 262144 bytes")
    large = await api.client.post("/v1/session", content=b" " * 300_000, headers={"content-type": "application/json"})
    assert_problem(large, 413)
