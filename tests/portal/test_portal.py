"""The residents' page: what a real snowtrack has for the public, passed on; and honest when that is away."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import httpx
import orjson
import pytest

from portal_bridge.app import create_app
from portal_bridge.cut_words import CutWords, Word
from portal_bridge.source import Source, source_client
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
ROADS, TILE = "/v1/roads", "/tiles/roads/14/14409/6346.mvt"


@pytest.fixture(scope="module")
def line(postgres_url: str, network_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """An API with a cut."""
    folder = tmp_path_factory.mktemp("portal")
    broker = mosquitto_in(folder / "mosquitto")
    broker.start()
    with fresh_database(postgres_url) as url:
        prepare(url)
        flags = (f"api.port={free_port()}", f"portal.port={free_port()}", "public.cut_s=1")
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


def paths(network: Network) -> list[str]:
    return [
        "/v1/network",
        ROADS,
        f"{ROADS}?q=yukigunikaido",
        f"{ROADS}?near=36.56,136.65",
        "/v1/summaries/class",
        f"/v1/state/{network.network_id}.bin",
        TILE,
    ]


def test_what_is_public_comes_as_the_api_has_it(portal: httpx.Client, line: Line, network: Network) -> None:
    for path in paths(network):
        own, theirs = portal.get(path), httpx.get(f"{line.settings.api.url}{path}", timeout=20)
        assert own.status_code in (200, 204), path
        assert own.content == theirs.content
        for name in ("content-type", "etag", "cache-control"):
            assert own.headers.get(name) == theirs.headers.get(name), (path, name)


def test_what_is_long_goes_compressed_to_who_takes_that(portal: httpx.Client, network: Network) -> None:
    for path in ("/", ROADS, f"/v1/state/{network.network_id}.bin", asset(portal)):
        small, plain = portal.get(path), portal.get(path, headers={"accept-encoding": "identity"})
        assert small.headers["content-encoding"] == "gzip", path
        assert "content-encoding" not in plain.headers
        assert int(small.headers["content-length"]) < len(plain.content) == int(plain.headers["content-length"])
        assert small.content == plain.content
        assert small.headers["content-type"] == plain.headers["content-type"]
        assert small.headers["cache-control"] == plain.headers["cache-control"]


def test_a_page_is_not_sent_again_while_it_is_the_same(portal: httpx.Client) -> None:
    for path in ("/", asset(portal)):
        first = portal.get(path)
        again = portal.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def asset(portal: httpx.Client) -> str:
    found = re.search(r'src="\.(/assets/[^"]+\.js)"', portal.get("/").text)
    assert found is not None
    return found[1]


def test_tiles_are_told_at_the_portals_own_address(portal: httpx.Client) -> None:
    (address,) = portal.get("/tiles/roads.json").json()["tiles"]
    assert address.startswith(f"{portal.base_url}/tiles/roads/{{z}}/{{x}}/{{y}}.mvt")


def test_what_is_not_for_residents_is_not_there(portal: httpx.Client) -> None:
    for path in ("/v1/devices", "/v1/live", "/v1/segments.csv", "/tiles/clearance.json", "/metrics", "/readyz"):
        assert portal.get(path).status_code == 404, path
    for path in (ROADS, "/v1/session"):
        assert portal.post(path, json={}).status_code in (404, 405), path


def test_what_is_the_same_is_not_sent_again(portal: httpx.Client, network: Network) -> None:
    path = f"/v1/state/{network.network_id}.bin"
    first = portal.get(path)
    again = portal.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize("path", ["/", ROADS, "/tiles/roads.json", "/healthz", "/nothing", "/v1/nothing"])
def test_every_answer_has_the_security_headers(portal: httpx.Client, path: str) -> None:
    answer = portal.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


def test_a_question_that_is_wrong_is_told_so(portal: httpx.Client) -> None:
    assert_problem(portal.get(f"{ROADS}?near=nowhere"), 400)
    assert_problem(portal.get(f"{ROADS}?limit=101"), 422)


def test_each_new_cut_is_told_and_then_read(portal: httpx.Client, line: Line) -> None:
    with portal.stream("GET", "/v1/live/public") as stream:
        events = stream.iter_lines()
        first = next_cut(events)
        assert portal.get(ROADS).json()["cut_at"] == first["cut_at"]
        with line.service("fold"):
            second = next_cut(events)
        assert second["cut_at"] > first["cut_at"]
        assert portal.get(ROADS).json()["cut_at"] >= second["cut_at"]


def next_cut(lines: Iterator[str]) -> dict[str, str]:
    data = next(line for line in lines if line.startswith("data: "))
    cut: dict[str, str] = orjson.loads(data.removeprefix("data: "))
    return cut


class Sentence(httpx.AsyncByteStream):
    """What comes over the wire."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"inner details"


class Api:
    """The way to a snowtrack that answers, stands still or is away, as told; and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.real = httpx.AsyncHTTPTransport()

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await self.answers.wait()
        if self.away:
            raise httpx.ConnectError("refused")
        return await self.real.handle_async_request(request)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    api = Api()
    yield api
    await api.real.aclose()


@pytest.fixture
async def source(line: Line, api: Api) -> AsyncIterator[Source]:
    url, transport = line.settings.api.url, httpx.MockTransport(api.handle)
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        yield Source(client)


@pytest.fixture
async def resident(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    """Who reads the portal's application in this process."""
    words = CutWords(client=source.client, on_new=source.begin_cut, readers_max=1, of_one_max=1)
    transport = httpx.ASGITransport(create_app(source, words), client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as resident:
        yield resident


@pytest.mark.anyio
async def test_residents_who_ask_the_same_share_one_answer(resident: httpx.AsyncClient, api: Api) -> None:
    answers = await asyncio.gather(*(resident.get(ROADS) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(api.asked) == 1
    assert "age" in (await resident.get(f"{ROADS}?limit=20&v=7")).headers
    await resident.get(ROADS)
    assert [request.url.query for request in api.asked] == [b"", b"limit=20"]


@pytest.mark.anyio
async def test_a_new_cut_is_asked_for_and_roads_are_not_again(
    resident: httpx.AsyncClient, api: Api, source: Source
) -> None:
    for path in (ROADS, TILE):
        await resident.get(path)
    source.begin_cut()
    for path in (ROADS, TILE):
        await resident.get(path)
    assert [request.url.path for request in api.asked] == [ROADS, TILE, ROADS]


@pytest.mark.anyio
async def test_what_was_asked_before_a_new_cut_is_not_kept(
    resident: httpx.AsyncClient, api: Api, source: Source
) -> None:
    api.answers.clear()
    asking = asyncio.create_task(resident.get(ROADS))
    await until(lambda: api.asked)
    source.begin_cut()
    api.answers.set()
    assert (await asking).status_code == 200
    await resident.get(ROADS)
    assert len(api.asked) == 2


@pytest.mark.anyio
async def test_who_asks_after_a_new_cut_is_not_told_of_the_one_before(
    resident: httpx.AsyncClient, api: Api, source: Source
) -> None:
    api.answers.clear()
    early = asyncio.create_task(resident.get(ROADS))
    await until(lambda: len(api.asked) == 1)
    source.begin_cut()
    late = asyncio.create_task(resident.get(ROADS))
    await until(lambda: len(api.asked) == 2)
    api.answers.set()
    assert {(await one).status_code for one in (early, late)} == {200}


@pytest.mark.anyio
async def test_a_host_makes_no_other_question_but_of_where_tiles_are(resident: httpx.AsyncClient, api: Api) -> None:
    for host in ("one.test", "other.test"):
        for path in (ROADS, "/tiles/roads.json"):
            assert (await resident.get(path, headers={"host": host})).status_code == 200
    assert_problem(await resident.get("/tiles/roads.json", headers=[(b"host", b"h\xe9")]), 400, "ASCII")
    assert len(api.asked) == 3


@pytest.mark.anyio
async def test_one_address_does_not_take_all_the_room(source: Source) -> None:
    words = CutWords(client=source.client, on_new=source.begin_cut, readers_max=3, of_one_max=1)
    words.word = Word("1", b"event: cut")
    async with aclosing(words.events("192.0.2.1", "")) as events:
        await anext(events)
        assert words.is_full("192.0.2.1")
        assert not words.is_full("192.0.2.2")
    assert not words.is_full("192.0.2.1")


@pytest.mark.anyio
async def test_what_names_a_resident_is_not_passed_on(resident: httpx.AsyncClient, api: Api) -> None:
    private = {"cookie": "session=1", "authorization": "Bearer 1", "x-forwarded-for": "203.0.113.1", "referer": "x"}
    await resident.get(ROADS, headers=private)
    (request,) = api.asked
    assert not {"cookie", "authorization", "referer"} & set(request.headers)
    assert request.headers["x-forwarded-for"] == "192.0.2.7"
    assert request.headers["host"] != "portal.test"


@pytest.mark.anyio
async def test_cookies_of_the_api_stay_nowhere() -> None:
    async with source_client("http://api.test") as client:
        answer = httpx.Response(200, headers={"set-cookie": "a=b"}, request=httpx.Request("GET", "http://api.test/"))
        client.cookies.extract_cookies(answer)
        assert not client.cookies


@pytest.mark.anyio
async def test_when_snowtrack_is_away_it_says_so_in_words(resident: httpx.AsyncClient, api: Api) -> None:
    api.away = True
    for path in (ROADS, TILE, "/v1/network"):
        answer = await resident.get(path)
        assert_problem(answer, 503, "the road state cannot be read just now")
        assert answer.headers["retry-after"]
    assert (await resident.get("/healthz")).status_code == 200
    assert (await resident.get("/")).status_code == 200


@pytest.mark.anyio
async def test_residents_who_ask_while_snowtrack_is_away_do_not_each_wait(
    resident: httpx.AsyncClient, api: Api
) -> None:
    api.away = True
    api.answers.clear()
    asking = [asyncio.create_task(resident.get(ROADS)) for _ in range(20)]
    await until(lambda: api.asked)
    api.answers.set()
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {503}
    assert len(api.asked) == 1
    api.away = False
    assert (await resident.get(ROADS)).status_code == 200


@pytest.mark.anyio
async def test_what_is_kept_is_told_while_snowtrack_is_away(resident: httpx.AsyncClient, api: Api) -> None:
    known = await resident.get(TILE)
    api.away = True
    assert (await resident.get(TILE)).content == known.content


@pytest.mark.anyio
async def test_questions_have_a_bound(resident: httpx.AsyncClient, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_bridge.source.ASKED_MAX", 2)
    api.answers.clear()
    asking = [asyncio.create_task(resident.get(f"{ROADS}?q={name}")) for name in "ab"]
    await until(lambda: len(api.asked) == 2)
    assert_problem(await resident.get(f"{ROADS}?q=c"), 503)
    api.answers.set()
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
    assert (await resident.get(f"{ROADS}?q=c")).status_code == 200


@pytest.mark.anyio
async def test_an_answer_without_an_end_is_none(
    resident: httpx.AsyncClient, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_bridge.source.CONTENT_BYTES_MAX", 100)
    assert_problem(await resident.get(ROADS), 503)
    assert not source.asked


@pytest.mark.anyio
async def test_an_api_that_takes_too_long_is_not_waited_for(
    resident: httpx.AsyncClient, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_bridge.source.ANSWER_S", 0.05)
    api.answers.clear()
    assert_problem(await resident.get(ROADS), 503)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [302, 500, 502])
async def test_what_is_no_answer_is_not_passed_on(line: Line, status: int) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, stream=Sentence()))
    async with httpx.AsyncClient(transport=transport, base_url=line.settings.api.url) as client:
        source = Source(client)
        words = CutWords(client=client, on_new=source.begin_cut, readers_max=1, of_one_max=1)
        app = httpx.ASGITransport(create_app(source, words))
        async with httpx.AsyncClient(transport=app, base_url="http://portal.test") as resident:
            assert_problem(await resident.get(ROADS), 503, "the road state cannot be read just now")


@pytest.mark.anyio
async def test_readers_hear_the_newest_word_and_are_not_too_many(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_bridge.cut_words.IDLE_S", 0.01)
    begun = asyncio.Event()
    async with source_client(line.settings.api.url) as client, asyncio.TaskGroup() as tasks:
        words = CutWords(client=client, on_new=begun.set, readers_max=1, of_one_max=1)
        following = tasks.create_task(words.follow())
        async with aclosing(words.events("192.0.2.1", "")) as events:
            while b"event: cut" not in (told := await anext(events)):
                assert told == b": nothing new\n\n"
            assert begun.is_set()
            assert (words.readers.total(), words.is_full("192.0.2.2")) == (1, True)
            app = httpx.ASGITransport(create_app(Source(client), words))
            async with httpx.AsyncClient(transport=app, base_url="http://portal.test") as another:
                refused = await another.get("/v1/live/public")
            assert_problem(refused, 503, "too many listen just now")
            assert refused.headers["retry-after"]
            assert await anext(events) == b": nothing new\n\n"
        assert (words.readers.total(), words.is_full("192.0.2.2")) == (0, False)
        known = "" if words.word is None else words.word.id
        async with aclosing(words.events("192.0.2.1", known)) as events:
            assert await anext(events) == b": nothing new\n\n"
        following.cancel()


@pytest.mark.anyio
async def test_an_api_that_was_away_is_heard_when_it_is_back(
    source: Source, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_bridge.cut_words.AGAIN_S", 0.01)
    api.away = True
    words = CutWords(client=source.client, on_new=source.begin_cut, readers_max=1, of_one_max=1)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(words.follow())
        await until(lambda: len(api.asked) > 1)
        assert words.word is None
        api.away = False
        await until(lambda: words.word)
        following.cancel()
