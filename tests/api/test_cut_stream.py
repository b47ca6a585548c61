"""`/v1/live/public`: each new cut is told once, to who was not told yet; and nothing else."""

from collections.abc import AsyncGenerator

import orjson
import psycopg
import pytest

from snowtrack.api.cut_stream import CutStream
from snowtrack.live.hub import Reader, TooManySubscribersError
from snowtrack.live.sight import Sight
from snowtrack.model.access import ALL
from snowtrack.model.calendar import SECOND_US, utc_text
from tests.api.conftest import Api
from tests.services.town import EVENING_US, streets

pytestmark = pytest.mark.anyio
CUT_S = 600


def stream_of(api: Api) -> CutStream:
    stream: CutStream = api.app.state.context.cut_stream
    return stream


def listen(api: Api, number: int | None = None, name: str = "192.0.2.1") -> AsyncGenerator[bytes, None]:
    return stream_of(api).hub.events(Reader(name, Sight(ALL)), number, 0.01, b"idle")


async def new_cut(api: Api, at_us: int) -> int:
    street, _ = streets(api.town.network)
    await api.town.work(street, at_us - SECOND_US)
    await api.town.turn(at_us)
    await stream_of(api).look()
    return api.live.cut.cut_us


async def test_each_cut_is_told_once_and_where_it_is(api: Api) -> None:
    first_us = await new_cut(api, EVENING_US)
    events = listen(api)
    told = await anext(events)
    name, number, data = (line.partition(b": ")[2] for line in told.strip().split(b"\n"))
    assert (name, int(number)) == (b"cut", first_us)
    said = orjson.loads(data)
    assert said["cut_at"] == utc_text(first_us)
    answer = await api.client.get(said["state"], headers={"authorization": ""})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=86400, immutable")
    assert await anext(events) == b"idle"
    await stream_of(api).look()
    assert await anext(events) == b"idle"
    second_us = await new_cut(api, EVENING_US + CUT_S * SECOND_US)
    assert f"id: {second_us}\n".encode() in await anext(events)
    late = await api.client.get(said["state"], headers={"authorization": ""})
    assert late.headers["cache-control"] == "public, max-age=30"
    await events.aclose()


async def test_who_comes_back_is_told_of_newer_cuts_alone(api: Api) -> None:
    first_us = await new_cut(api, EVENING_US)
    second_us = await new_cut(api, EVENING_US + CUT_S * SECOND_US)
    for number, expected in (
        (second_us, b"idle"),
        (first_us, b"event: cut"),
        (7, b"event: cut"),
        (None, b"event: cut"),
    ):
        events = listen(api, number)
        assert (await anext(events)).startswith(expected)
        await events.aclose()


async def test_before_the_first_cut_there_is_none(api: Api) -> None:
    events = listen(api)
    assert b'"cut_at":null,"state":null' in await anext(events)
    await events.aclose()


async def test_a_database_that_is_away_ends_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(api.live, "public_cut", away)
    await stream_of(api).look()
    events = listen(api)
    assert b"event: cut" in await anext(events)
    await events.aclose()


async def test_one_address_does_not_take_all_the_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_of(api).hub, "of_one_max", 1)
    one, other = listen(api), listen(api, name="192.0.2.2")
    await anext(one)
    await anext(other)
    with pytest.raises(TooManySubscribersError):
        await anext(listen(api))
    for events in (one, other):
        await events.aclose()
