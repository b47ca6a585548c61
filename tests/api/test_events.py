"""`/v1/events`: what people decide of events, and what comes of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from snowtrack import wall_clock
from snowtrack.model.access import Right
from snowtrack.model.calendar import HOUR_US, MINUTE_US, utc_text
from snowtrack.network.arrays import Network
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.services.town import EVENING_US, opened, streets
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
LATER_US = EVENING_US + HOUR_US


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Somebody has worked since the evening."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with opened(clean_database, network) as town, serving(town, town.settings, network) as api:
        await town.work(streets(network)[0], EVENING_US + MINUTE_US)
        yield api


async def decide(api: Api, kind: str, **more: Any) -> httpx.Response:  # noqa: ANN401
    return await api.client.post("/v1/events", json={"kind": kind, "reason": "大雪"} | more)


async def season(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.client.get("/v1/events")).json()
    return found


async def test_events_are_opened_and_closed_and_what_was_wrong_is_taken_back(api: Api, clean_database: str) -> None:
    (begun,) = (await season(api))["events"]
    assert begun == {"from": utc_text(EVENING_US), "to": None, "opened_by": None, "closed_by": None}
    closed = (await decide(api, "close", at=utc_text(LATER_US - MINUTE_US))).json()["id"]
    opened_ = (await decide(api, "open")).json()["id"]
    told = await season(api)
    assert [(one["to"], one["opened_by"], one["closed_by"]) for one in told["events"]] == [
        (None, opened_, None),
        (utc_text(LATER_US - MINUTE_US), None, closed),
    ]
    assert [(one["id"], one["kind"], one["by"]) for one in told["entries"]] == [
        (opened_, "open", "key test"),
        (closed, "close", "key test"),
    ]
    for number in (opened_, closed):
        assert (await decide(api, "void", voids=number)).status_code == 201
    told = await season(api)
    assert told["events"] == [begun]
    assert len(told["entries"]) == 4
    noted = rows(clean_database, "select agencies, what from audit where action = 'tell' order by entry")
    assert noted == [(["*"], f"event entry {one['id']}") for one in reversed(told["entries"])]


@pytest.mark.parametrize(
    ("kind", "more", "status", "what"),
    [
        ("void", {"voids": 99}, 409, "there is no entry 99"),
        ("open", {"at": utc_text(LATER_US + HOUR_US)}, 409, "has not come yet"),
        ("close", {"at": utc_text(EVENING_US - HOUR_US)}, 409, "cannot close"),
        ("void", {}, 422, "voids with the kind void"),
        ("open", {"voids": 1}, 422, "voids with the kind void"),
        ("void", {"voids": 1, "at": utc_text(LATER_US)}, 422, "open and close only"),
        ("end", {}, 422, "kind"),
        ("open", {"reason": ""}, 422, "reason"),
        ("open", {"at": "0001-01-01T00:00:00Z"}, 422, "at"),
    ],
)
async def test_what_cannot_be_decided_is_refused_with_its_reason(
    api: Api, clean_database: str, kind: str, more: dict[str, Any], status: int, what: str
) -> None:
    assert_problem(await decide(api, kind, **more), status, what)
    assert rows(clean_database, "select * from event_entry") == []


async def test_who_decided_is_told_to_who_may_see_all(api: Api, clean_database: str) -> None:
    assert (await decide(api, "open")).status_code == 201
    key = key_headers(clean_database, Right.LOOK, agency="kanazawa")
    ((entry),) = (await api.client.get("/v1/events", headers=key)).json()["entries"]
    assert (entry["reason"], entry["by"]) == ("大雪", None)


async def test_entries_come_in_pages(api: Api) -> None:
    numbers = [(await decide(api, "open", at=utc_text(LATER_US - n * MINUTE_US))).json()["id"] for n in (3, 2, 1)]
    first = (await api.client.get("/v1/events?limit=2")).json()
    assert [[one["id"] for one in first["entries"]], first["next"]] == [numbers[:0:-1], numbers[1]]
    second = (await api.client.get(f"/v1/events?limit=2&before={first['next']}")).json()
    assert [[one["id"] for one in second["entries"]], second["next"]] == [numbers[:1], None]
