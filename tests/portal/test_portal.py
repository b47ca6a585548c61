"""The residents' page: made from the public view of a real snowtrack, and honest when that is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from math import ceil
from pathlib import Path

import httpx
import pytest

from portal_bridge.app import create_app
from portal_bridge.public_view import ViewReader
from snowtrack.network.arrays import Network
from snowtrack.serving import SECURITY_HEADERS
from tests.api.problems import assert_problem
from tests.mosquitto import mosquitto_in
from tests.ports import free_port
from tests.services.line import Line, make_line
from tests.services.processes import Service
from tests.services.waiting import await_true, until
from tests.store.databases import fresh_database, prepare, rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def line(postgres_url: str, network_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """An API that answers in pages of a thousand, with a cut."""
    folder = tmp_path_factory.mktemp("portal")
    broker = mosquitto_in(folder / "mosquitto")
    broker.start()
    with fresh_database(postgres_url) as url:
        prepare(url)
        flags = (f"api.port={free_port()}", "api.page_segments_max=1000", f"portal.port={free_port()}")
        line = make_line(broker, url, network_folder, folder, *flags)
        with line.service("fold"):
            await_true(lambda: rows(url, "select cut_at from public_cut"), "a cut is made")
        with line.service("serve"):
            yield line
    broker.stop()


@pytest.fixture(scope="module")
def portal(line: Line) -> Iterator[httpx.Client]:
    command = ("portal_bridge", "--api", line.settings.api.url, "--port", str(line.settings.portal.port))
    portal = Service("portal", line.settings, line.folder / "logs", command)
    with portal, httpx.Client(base_url=line.settings.portal.url, timeout=20) as client:
        yield client


def test_all_pages_of_the_view_are_put_together(portal: httpx.Client, network: Network) -> None:
    answer = portal.get("/segments.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    content = answer.json()
    assert [feature["id"] for feature in content["features"]] == sorted(network.segment_id.tolist())
    assert content["network"] == network.network_id
    assert content["cut_at"] is not None
    assert content["attribution"]


def test_roads_are_listed_by_name_with_the_time_of_the_cut(portal: httpx.Client) -> None:
    content = portal.get("/roads.json").json()
    names = [road["name"] for road in content["roads"]]
    assert names == sorted(names)
    assert "雪国街道" in names
    assert {road["label"] for road in content["roads"]} == {"never"}
    assert content["cut_at"] is not None


@pytest.mark.parametrize("path", ["/segments.geojson", "/roads.json"])
def test_a_view_is_not_sent_again_while_it_is_the_same(portal: httpx.Client, path: str) -> None:
    first = portal.get(path)
    again = portal.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize("path", ["/", "/segments.geojson", "/roads.json", "/healthz", "/nothing"])
def test_every_answer_has_the_security_headers(portal: httpx.Client, path: str) -> None:
    answer = portal.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


def test_no_machine_is_named(portal: httpx.Client) -> None:
    for path in ("/segments.geojson", "/roads.json"):
        assert "device" not in portal.get(path).text


class Source:
    """A snowtrack that answers, stands still or is away, as told."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.asked = 0
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.real = httpx.AsyncHTTPTransport()

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await self.answers.wait()
        if self.away:
            raise httpx.ConnectError("refused")
        return await self.real.handle_async_request(request)


@pytest.fixture
async def source(line: Line) -> AsyncIterator[Source]:
    source = Source(line)
    yield source
    await source.real.aclose()


@pytest.fixture
async def resident(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    """Who reads the portal's application in this process."""
    api = source.line.settings.api.url
    async with httpx.AsyncClient(transport=httpx.MockTransport(source.handle), base_url=api) as client:
        transport = httpx.ASGITransport(create_app(ViewReader(client)))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as resident:
            yield resident


@pytest.mark.anyio
async def test_readers_that_come_at_once_share_one_reading(
    resident: httpx.AsyncClient, source: Source, network: Network
) -> None:
    answers = await asyncio.gather(*(resident.get("/roads.json") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert source.asked == ceil(len(network) / 1_000)


@pytest.mark.anyio
async def test_when_snowtrack_is_away_it_says_so_in_words(resident: httpx.AsyncClient, source: Source) -> None:
    source.away = True
    for path in ("/roads.json", "/segments.geojson"):
        assert_problem(await resident.get(path), 503, "the road state cannot be read just now")
    assert (await resident.get("/healthz")).status_code == 200
    assert (await resident.get("/")).status_code == 200


@pytest.mark.anyio
async def test_readers_that_come_while_snowtrack_is_away_do_not_each_ask_it(
    resident: httpx.AsyncClient, source: Source
) -> None:
    """Else each would wait for its own time-out, one after the other."""
    source.away = True
    source.answers.clear()
    asking = [asyncio.create_task(resident.get("/roads.json")) for _ in range(20)]
    await until(lambda: source.asked)
    source.answers.set()
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {503}
    assert source.asked == 1


@pytest.mark.anyio
async def test_snowtrack_that_is_back_is_read_again(
    resident: httpx.AsyncClient, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_bridge.public_view.AWAY_S", 0.0)
    source.away = True
    assert (await resident.get("/roads.json")).status_code == 503
    source.away = False
    assert (await resident.get("/roads.json")).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b'{"features": 5, "next": null}'])
async def test_an_answer_that_is_none_counts_as_away(line: Line, content: bytes) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=content))
    async with httpx.AsyncClient(transport=transport, base_url=line.settings.api.url) as client:
        app = httpx.ASGITransport(create_app(ViewReader(client)))
        async with httpx.AsyncClient(transport=app, base_url="http://portal.test") as resident:
            assert_problem(await resident.get("/roads.json"), 503)
