"""`/v1/indicators`."""

import asyncio
import csv
import io
from typing import Any

import pytest

from snowtrack.api.season_desk import WAITING_MAX
from snowtrack.indicators.definitions import DEFINITIONS
from snowtrack.indicators.texts import HEADERS
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, streets
from tests.services.waiting import until
from tests.store.test_routes import add_route

pytestmark = pytest.mark.anyio
ASKED = {"from": "2027-01-14", "to": "2027-01-16"}


async def some_work(api: Api) -> int:
    """One street; how long it is."""
    street, other = streets(api.town.network)
    add_route(api.town.settings.database.url, "1", (street, 0), (other, 0))
    await api.town.work(street, EVENING_US)
    return int(api.town.network.length_mm[api.town.network.rows_of([street])[0]])


async def test_figures_come_with_what_they_are_computed_from(api: Api) -> None:
    mm = await some_work(api)
    content = (await api.client.get("/v1/indicators", params=ASKED)).json()
    assert (content["from"], content["to"], content["timezone"]) == ("2027-01-14", "2027-01-16", "Asia/Tokyo")
    assert [one["indicator"] for one in content["indicators"]] == [one.key for one in DEFINITIONS]
    assert all(one["means"] and one["japanese"] and one["sources"] for one in content["indicators"])
    cleared = [one for one in content["figures"] if one["indicator"] == "cleared_length"]
    assert cleared == [
        {
            "indicator": "cleared_length",
            "agency": agency,
            "of": None,
            "value": round(mm / 1e6, 3),
            "unit": "km",
            "numerator": mm,
            "denominator": 1,
        }
        for agency in (None, "kanazawa")
    ]


async def test_of_one_agency_only_its_own_are_told(api: Api) -> None:
    await some_work(api)
    content = (await api.client.get("/v1/indicators", params=ASKED | {"agency": "kanazawa"})).json()
    assert {one["agency"] for one in content["figures"]} == {"kanazawa"}
    assert_problem(
        await api.client.get("/v1/indicators", params=ASKED | {"agency": "others"}), 400, "no agency 'others'"
    )


@pytest.mark.parametrize(
    ("asked", "headers"),
    [({"format": "csv"}, {}), ({}, {"accept": "text/csv"}), ({"format": "csv"}, {"accept": "*/*"})],
)
async def test_as_csv_it_opens_in_excel(api: Api, asked: dict[str, str], headers: dict[str, str]) -> None:
    mm = await some_work(api)
    answer = await api.client.get("/v1/indicators", params=ASKED | asked, headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="indicators-20270114-20270116.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == list(HEADERS)
    (cleared,) = [row for row in rows if row[0] == "cleared_length" and row[2] == "計"]
    assert cleared[1:7] == ["除雪延長", "計", "", str(round(mm / 1e6, 3)), "km", str(mm)]


async def test_json_is_what_one_gets_who_asks_for_it_although_csv_would_be_taken(api: Api) -> None:
    answer = await api.client.get("/v1/indicators", params=ASKED | {"format": "json"}, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"from": "2027-01-14"}, 422, "query.to"),
        ({"from": "x", "to": "2027-01-14"}, 422, "query.from"),
        ({"from": "1999-12-31", "to": "2000-01-01"}, 422, "query.from"),
        ({"from": "2027-01-14", "to": "2027-01-13"}, 400, "at most 200 days"),
        ({"from": "2026-11-01", "to": "2027-05-20"}, 400, "at most 200 days"),
        (ASKED | {"format": "pdf"}, 422, "query.format"),
    ],
)
async def test_a_period_that_cannot_be_is_refused(api: Api, asked: dict[str, str], status: int, said: str) -> None:
    assert_problem(await api.client.get("/v1/indicators", params=asked), status, said)


async def test_two_hundred_days_are_not_too_many(api: Api) -> None:
    answer = await api.client.get("/v1/indicators", params={"from": "2026-11-01", "to": "2027-05-19"})
    assert answer.status_code == 200


async def test_one_period_is_computed_at_a_time_and_few_may_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0
    go_on = asyncio.Event()

    async def slowly(*_: Any) -> list[object]:  # noqa: ANN401
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go_on.wait()
        at_once -= 1
        return []

    monkeypatch.setattr("snowtrack.api.season_desk.read_indicators", slowly)
    asked = [asyncio.create_task(api.client.get("/v1/indicators", params=ASKED)) for _ in range(WAITING_MAX)]
    desk = api.app.state.context.season_desk
    await until(lambda: desk.waiting == WAITING_MAX)
    assert_problem(await api.client.get("/v1/indicators", params=ASKED), 503, "ask again")
    go_on.set()
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * WAITING_MAX
    assert (most, desk.waiting) == (1, 0)
