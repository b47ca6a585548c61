"""Live streams of a part of the roads: its own roads, and the machines that are in it."""

import asyncio
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from snowtrack.api.state import event_id, read_event_id
from snowtrack.live.bus import News
from snowtrack.live.hub import Reader
from snowtrack.live.sight import Area, Sight
from snowtrack.model.access import ALL, Scope
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.states import Label
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, streets
from tests.services.waiting import until
from tests.store.test_routes import add_route

pytestmark = pytest.mark.anyio


def head(device: str, segment: int | None) -> dict[str, Any]:
    return {"device": device, "lat": 36.5, "lon": 136.6, "segment": segment, "working": True, "silent": False}


def area_of(api: Api, *segments: int, agency: str | None = None, version: int = 1) -> Area:
    rows = np.zeros(len(api.town.network), np.bool_)
    rows[api.town.network.rows_of(list(segments))] = True
    return Area("route/own", version, agency, rows=rows)


class Listening:
    """A reader, event by event."""

    def __init__(self, api: Api, sight: Sight) -> None:
        self.events = api.live.hub.events(Reader("test", sight), None, 0.01, b"idle")

    async def __call__(self) -> list[tuple[str, dict[str, Any]]]:
        """What came since it was asked the last time."""
        found = []
        async with asyncio.timeout(10):
            while (event := await anext(self.events)) != b"idle":
                lines = dict(line.split(b": ", 1) for line in event.splitlines() if line)
                found.append((lines[b"event"].decode(), orjson.loads(lines[b"data"])))
        return found


def devices(events: list[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    return [[one["device"] for one in said["machines"]] for name, said in events if name == "heads"]


async def test_roads_of_the_area_are_told_under_every_number(api: Api) -> None:
    street, other = streets(api.town.network)
    listening = Listening(api, Sight(ALL, area_of(api, street)))
    (snapshot, _) = await listening()
    assert snapshot[1]["segments"] == []
    for number, worked in enumerate((street, other), start=1):
        await api.town.work(worked, EVENING_US + number * SECOND_US)
        for said in await api.town.turn(EVENING_US + number * SECOND_US):
            await api.live.on_news(News(said.pop("news")), said)
    deltas = [said for name, said in await listening() if name == "delta"]
    assert [(one["number"], [view["id"] for view in one["segments"]]) for one in deltas] == [(1, [street]), (2, [])]
    (snapshot, _) = await Listening(api, Sight(ALL, area_of(api, street)))()
    assert [view["id"] for view in snapshot[1]["segments"]] == [street]
    counted = api.live.summary(Sight(ALL, area_of(api, street)))["segments"]
    assert (counted["total"], counted["by_label"][Label.DONE]) == (1, 1)


async def test_machines_are_told_while_they_are_there_and_once_when_they_leave(api: Api) -> None:
    street, other = streets(api.town.network)
    listening = Listening(api, Sight(ALL, area_of(api, street)))
    await listening()
    for told in ([street, True], [other, True], [other, False], [None, False], [street, True], [None, True]):
        await api.live.on_news(News.HEADS, {"machines": [head("kanazawa/d1", told[0]), head("kanazawa/d2", other)]})
        assert devices(await listening()) == ([["kanazawa/d1"]] if told[1] else [])
    assert api.live.machines_seen(Sight(ALL, area_of(api, street))) == []
    assert len(api.live.machines_seen(Sight(ALL, area_of(api, other)))) == 1


async def test_an_agencys_machines_are_in_its_area_wherever_they_are(api: Api) -> None:
    street, other = streets(api.town.network)
    area = area_of(api, street, agency="kanazawa")
    heads = [head("kanazawa/d1", None), head("hakusan/d2", other), head("hakusan/d3", street)]
    listening, own = Listening(api, Sight(ALL, area)), Listening(api, Sight(Scope(frozenset({"kanazawa"})), area))
    for one in (listening, own):
        await one()
    await api.live.on_news(News.HEADS, {"machines": heads})
    assert devices(await listening()) == [["kanazawa/d1", "hakusan/d3"]]
    assert devices(await own()) == [["kanazawa/d1"]]


async def test_who_saw_another_area_begins_anew(api: Api) -> None:
    street, _ = streets(api.town.network)
    sight = Sight(ALL, area_of(api, street))
    assert read_event_id(event_id(7, sight), sight) == 7
    for another in (
        Sight(ALL),
        Sight(ALL, area_of(api, street, version=2)),
        Sight(Scope(frozenset({"a"})), sight.area),
    ):
        assert read_event_id(event_id(7, sight), another) is None
        assert read_event_id(event_id(7, another), sight) is None


async def text_of(api: Api, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]) -> str:
    """What a stream says until the registry changes."""
    monkeypatch.setattr("snowtrack.api.live.LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("snowtrack.api.live.IDLE_S", 0.01)
    listening = asyncio.create_task(api.client.get("/v1/live", params=asked))
    async with asyncio.timeout(20):
        await until(lambda: bool(api.live.hub.subscribers) or listening.done())
        add_route(api.town.settings.database.url, f"another-{asked['by']}")
        answer: httpx.Response = await listening
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_groups_are_those_of_the_summaries(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    street, other = streets(api.town.network)
    add_route(api.town.settings.database.url, "r1", (street, 0))
    for segment in (street, other):
        await api.town.work(segment, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    for by in ("route", "cell", "agency", "class"):
        groups = (await api.client.get(f"/v1/summaries/{by}")).json()["summaries"]
        chosen = next(one for one in groups if one["newest_at"])
        text = await text_of(api, monkeypatch, {"by": by, "id": chosen["id"]})
        assert text.startswith("event: snapshot\nid: ")
        told = {segment for segment in (street, other) if f'"id":{segment},' in text}
        assert told == {"route": {street}, "class": {street, other}}.get(by, told)
        assert told


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"by": "route"}, 400),
        ({"id": "kanazawa/r1"}, 400),
        ({"by": "route", "id": "kanazawa/none"}, 404),
        ({"by": "cell", "id": "zz"}, 404),
        ({"by": "cell", "id": "8001fffffffffff"}, 404),
        ({"by": "cell", "id": "f" * 200}, 404),
        ({"by": "moon", "id": "x"}, 422),
        ({"by": "route", "id": "x" * 201}, 422),
    ],
)
async def test_what_is_no_area(api: Api, asked: dict[str, str], status: int) -> None:
    assert_problem(await api.client.get("/v1/live", params=asked), status)
