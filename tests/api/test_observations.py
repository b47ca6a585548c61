"""`/v1/observations`: what is sent is with the broker when it is answered, and wrong bodies leave nothing there."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from backports import zstd

from snowtrack.api import bodies
from snowtrack.api.bodies import BODY_BYTES_MAX
from snowtrack.api.context import UPLOADS_MAX
from snowtrack.api.observations import JSON, NMEA
from snowtrack.model.access import Right
from snowtrack.network.arrays import Network
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.mosquitto import RunningBroker
from tests.ports import free_port
from tests.services.epochs import Fix, epoch
from tests.services.line import make_line
from tests.services.town import opened
from tests.services.waiting import await_true, until
from tests.sources.test_publishing import hearing, take
from tests.store.databases import fresh_database, prepare, rows

pytestmark = pytest.mark.anyio
PLOUGH = "/v1/observations/kahoku/plough-12"
ALL = "/v1/observations/kahoku"
SEEN = {"time": "2026-01-14T08:00:00Z", "lat": 36.5613, "lon": 136.6562, "speed_kmh": 18}
START_US = 1_768_404_600_000_000
LINES = b"".join(epoch(7, at, Fix(time_us=START_US + at * 1_000_000)) for at in range(1, 6))


@pytest.fixture
async def api(clean_database: str, network: Network, mosquitto: RunningBroker) -> AsyncIterator[Api]:
    """With a broker."""
    flag = f"broker.url={mosquitto.url}"
    async with opened(clean_database, network, flag) as town, serving(town, town.settings, network) as api:
        yield api


async def post(api: Api, path: str, content: bytes | list[Any], form: str = JSON, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.client.post(path, content=body, headers={"content-type": form, **named})


async def test_what_is_answered_is_with_the_broker(api: Api) -> None:
    async with hearing(api.town.settings.broker_address) as ingest:
        answer = await post(api, PLOUGH, [SEEN, SEEN | {"time": "2026-01-14T08:00:01Z"}])
        assert (answer.status_code, answer.json()) == (202, {"observations": 2, "messages": 1})
        ((topic, payload),) = await take(ingest, 1)
    assert topic == "snow/v1/kahoku/plough-12/up"
    assert isinstance(payload, bytes)
    assert payload.count(b"$GPRMC,08000") == 2


async def test_who_sends_is_noted_once_a_minute(api: Api) -> None:
    for _ in range(3):
        assert (await post(api, PLOUGH, [SEEN])).status_code == 202
    found = rows(api.town.settings.database.url, "select who, action, agencies, what from audit")
    assert found == [("key test", "send", ["kahoku"], "observations of kahoku")]


async def test_machines_of_an_agency_may_come_together(api: Api) -> None:
    async with hearing(api.town.settings.broker_address) as ingest:
        answer = await post(api, ALL, [SEEN | {"device": name} for name in ("d1", "d2", "d1")])
        assert answer.json() == {"observations": 3, "messages": 3}
        heard = await take(ingest, 3)
    assert [topic for topic, _ in heard] == [f"snow/v1/kahoku/{name}/up" for name in ("d1", "d1", "d2")]
    assert heard[0][1] == heard[1][1] == heard[2][1]


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
async def test_lines_go_on_as_they_came(api: Api, coding: str) -> None:
    packed = {"identity": LINES, "gzip": gzip.compress(LINES), "zstd": zstd.compress(LINES)}[coding]
    async with hearing(api.town.settings.broker_address) as ingest:
        answer = await post(api, PLOUGH, packed, f"{NMEA}; charset=us-ascii", content_encoding=coding)
        assert (answer.status_code, answer.json()) == (202, {"observations": 5, "messages": 1})
        assert await take(ingest, 1) == [("snow/v1/kahoku/plough-12/up", LINES)]


async def test_of_a_wrong_body_nothing_goes_on(api: Api) -> None:
    async with hearing(api.town.settings.broker_address) as ingest:
        wrong = await post(api, PLOUGH, [SEEN, SEEN | {"lat": 91}])
        assert_problem(wrong, 422, "nothing was taken; row 2: lat: expected a number from -90 to 90")
        wrong = await post(api, PLOUGH, LINES + b"$GPRMC,1*00\r\n", NMEA)
        assert_problem(wrong, 422, "nothing was taken; line 11: expected the checksum that the line has")
        assert_problem(await post(api, ALL, [SEEN]), 422, "row 1: device: expected")
        assert (await post(api, PLOUGH, LINES, NMEA)).status_code == 202
        assert await take(ingest, 1) == [("snow/v1/kahoku/plough-12/up", LINES)]


async def test_a_body_has_a_form_a_size_and_a_machine(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_problem(await post(api, PLOUGH, b"x", "application/xml"), 415, "application/json or text/plain")
    assert_problem(await post(api, ALL, LINES, NMEA), 415, "expected the content type application/json")
    assert_problem(await post(api, PLOUGH, LINES, NMEA, content_encoding="br"), 415, "gzip or zstd")
    for coding in ("gzip", "zstd"):
        for content in (LINES, gzip.compress(LINES)[:-9], zstd.compress(LINES)[:-9]):
            assert_problem(await post(api, PLOUGH, content, NMEA, content_encoding=coding), 422, f"expected {coding}")
    much = b"\n" * (BODY_BYTES_MAX + 1)
    for content, coding in ((much, "identity"), (gzip.compress(much), "gzip"), (zstd.compress(much), "zstd")):
        assert_problem(await post(api, PLOUGH, content, NMEA, content_encoding=coding), 413, "more than 4 MiB")
    assert_problem(await post(api, "/v1/observations/kahoku/plough.12", [SEEN]), 400, "is not an id")
    assert_problem(await post(api, "/v1/observations/kaho.ku", [SEEN]), 400, "is not an id")
    monkeypatch.setattr(bodies, "BODY_S_MAX", 0.05)
    assert_problem(await api.client.post(PLOUGH, content=_slowly(), headers={"content-type": NMEA}), 408, "within")


async def _slowly() -> AsyncIterator[bytes]:
    yield LINES
    await asyncio.Event().wait()


async def test_without_the_broker_it_says_so_and_when_to_come_again(api: Api, mosquitto: RunningBroker) -> None:
    assert (await post(api, PLOUGH, [SEEN])).status_code == 202
    mosquitto.stop()
    answer = await post(api, PLOUGH, [SEEN])
    assert_problem(answer, 503, "send all of it again")
    assert int(answer.headers["retry-after"]) > 0


async def test_few_send_at_once(api: Api) -> None:
    gate = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield LINES
        await gate.wait()

    uploads = api.app.state.context.uploads
    waiting = [
        asyncio.create_task(api.client.post(PLOUGH, content=held(), headers={"content-type": NMEA}))
        for _ in range(UPLOADS_MAX)
    ]
    await until(uploads.locked)
    answer = await post(api, PLOUGH, [SEEN])
    assert_problem(answer, 503, "many are sending")
    assert int(answer.headers["retry-after"]) > 0
    gate.set()
    assert [(await one).status_code for one in waiting] == [202] * UPLOADS_MAX
    assert (await post(api, PLOUGH, [SEEN])).status_code == 202


async def test_its_examples_are_taken(api: Api) -> None:
    paths = (await api.client.get("/openapi.json")).json()["paths"]
    for path, forms in (("/v1/observations/{agency}/{device}", (JSON, NMEA)), ("/v1/observations/{agency}", (JSON,))):
        described = paths[path]["post"]
        assert {"202", "422", "503"} <= set(described["responses"])
        for form in forms:
            example = described["requestBody"]["content"][form]["example"]
            body = example.encode() if isinstance(example, str) else example
            assert (await post(api, path.format(agency="kahoku", device="d1"), body, form)).status_code == 202


@pytest.mark.slow
def test_it_is_stored_once_however_often_it_is_sent(
    mosquitto: RunningBroker, postgres_url: str, network_folder: Path, tmp_path: Path
) -> None:
    """Through the processes that their user runs."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres_url))
        prepare(url)
        line = make_line(mosquitto, url, network_folder, tmp_path, f"api.port={free_port()}")
        stack.enter_context(line.service("ingest"))
        stack.enter_context(line.service("serve"))
        key = key_headers(url, Right.SEND)
        send = partial(httpx.post, f"{line.settings.api.url}{PLOUGH}", timeout=30)
        seen = [SEEN | {"time": f"2026-01-14T08:00:{at:02d}Z"} for at in range(7)]
        stored = "select boot, count(*) from fix join device using (device) where name = 'plough-12' group by boot"
        for part in (seen, seen, list(reversed(seen)), seen[2:3]):
            assert send(json=part, headers=key).status_code == 202
        for _ in range(2):
            assert send(content=LINES, headers=key | {"content-type": NMEA}).status_code == 202
        last = [SEEN | {"time": "2026-01-14T08:59:00Z"}]
        assert send(json=last, headers=key).status_code == 202
        await_true(lambda: sum(one for _, one in rows(url, stored)) >= 13, "all of it is stored")
        assert {number for _, number in rows(url, stored)} == {8, 5}
