"""What holds for the whole application: headers, errors, health, its own description."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from fastapi.routing import APIRoute
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql

from snowtrack.live.bus import News
from snowtrack.serving import SECURITY_HEADERS
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.services.waiting import until

pytestmark = pytest.mark.anyio
PATHS = [
    "/",
    "/docs.html",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/v1/network",
    "/v1/segments?limit=1",
    "/v1/segments/1",
    "/v1/segments/0",
    "/v1/segments?bbox=x",
    "/v1/devices",
    "/v1/routes?limit=1",
    "/v1/indicators",
    "/v1/summary",
    "/v1/trails",
    "/tiles/roads.json",
    "/tiles/roads/14/0/0.mvt",
    "/nothing/here",
    "/../../etc/passwd",
    "/assets/",
]
INGEST = {
    "messages": 7,
    "fixes": 70,
    "fixes_per_s": 1.5,
    "doubled": 3,
    "waiting": 2,
    "rejects": {"bad_checksum": 4},
    "freshness_ms": {"p50": 1.0, "p99": 9.5},
    "broker_fault": None,
    "store_fault": None,
}


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_security_headers(api: Api, path: str) -> None:
    answer = await api.client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


async def test_an_answer_about_something_broken_says_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, object]:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(type(api.live), "summary", lambda _self: broken())
    answer = await api.client.get("/v1/summary")
    assert_problem(answer, 500)
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == SECURITY_HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/v1/summary", 405), ("DELETE", "/", 405)]
)
async def test_what_is_not_offered_is_a_problem_too(api: Api, method: str, path: str, status: int) -> None:
    assert_problem(await api.client.request(method, path), status)


async def test_pages_may_be_kept_by_their_hashed_names_only(api: Api) -> None:
    page = await api.client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    name = page.text.partition("/assets/")[2].partition('"')[0]
    asset = await api.client.get(f"/assets/{name}")
    assert asset.status_code == 200
    assert "immutable" in asset.headers["cache-control"]
    missing = await api.client.get("/assets/gone-12345678.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["cache-control"]


async def test_it_describes_all_that_it_offers(api: Api) -> None:
    described = (await api.client.get("/openapi.json")).json()
    routes = {route.path for route in api.app.routes if isinstance(route, APIRoute)}
    assert {
        "/v1/network",
        "/v1/segments",
        "/v1/segments.csv",
        "/v1/segments.geojson",
        "/v1/segments/{segment_id}",
        "/v1/audit",
        "/v1/closures",
        "/v1/closures/{closure}/end",
        "/v1/devices",
        "/v1/devices/{agency}/{device}/tracks/{day}",
        "/v1/reports/daily/{agency}/{device}/{day}",
        "/v1/reports/daily/{agency}/{device}/{day}.xlsx",
        "/v1/events",
        "/v1/live",
        "/v1/live/public",
        "/v1/roads",
        "/v1/routes",
        "/v1/routes/{agency}/{route}",
        "/v1/indicators",
        "/v1/observations/{agency}",
        "/v1/observations/{agency}/{device}",
        "/v1/session",
        "/v1/session/invitation",
        "/v1/session/openid",
        "/v1/session/openid/back",
        "/v1/session/password",
        "/v1/session/ways",
        "/v1/state/{network_id}.bin",
        "/v1/states",
        "/v1/snow",
        "/v1/snow/proposals",
        "/v1/snow/told",
        "/v1/snow/{agency}/{sensor}",
        "/v1/snow/{agency}/{sensor}/depth.csv",
        "/v1/summaries/{by}",
        "/v1/summaries/{by}.csv",
        "/v1/summaries/{by}/now",
        "/v1/summary",
        "/v1/trails",
        "/tiles/machines.json",
        "/tiles/machines/{z}/{x}/{y}.mvt",
        "/tiles/{layer}.json",
        "/tiles/{layer}/{z}/{x}/{y}.mvt",
        "/healthz",
        "/readyz",
        "/metrics",
    } == set(described["paths"])
    assert not routes or routes == set(described["paths"])
    for operations in described["paths"].values():
        assert all(operation.get("description") for operation in operations.values())


async def test_it_lives_whatever_is_missing(api: Api) -> None:
    assert (await api.client.get("/healthz")).json() == {"status": "ok"}


async def test_it_is_ready_when_all_were_heard(api: Api) -> None:
    await api.live.on_news(News.INGEST, INGEST)
    await api.live.on_news(News.FOLD, {"number": 0, "fault": None})
    answer = await api.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "faults": {}})


async def test_it_says_which_services_were_not_heard(api: Api) -> None:
    answer = await api.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "faults": {"ingest": "was not heard lately", "fold": "was not heard lately"},
    }


async def test_faults_of_the_services_are_its_own(api: Api) -> None:
    await api.live.on_news(News.INGEST, INGEST | {"broker_fault": "connection lost", "store_fault": "disk full"})
    await api.live.on_news(News.FOLD, {"number": 0, "fault": "the database is away"})
    answer = await api.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["faults"] == {
        "ingest broker_fault": "connection lost",
        "ingest store_fault": "disk full",
        "fold fault": "the database is away",
    }


@pytest.fixture
async def api_without_database(api: Api, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Its database lets nobody in any more."""
    monkeypatch.setattr("snowtrack.store.database.CONNECT_S_MAX", 1)
    name = sql.Identifier(api.town.connection.info.dbname)
    async with serving(api.town, api.town.settings, api.town.network) as own:
        assert (await own.client.get("/v1/summary")).status_code == 200  # who asks is known from then on
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(sql.SQL("alter database {} allow_connections false").format(name))
            others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
            admin.execute(others, [api.town.connection.info.dbname])
            try:
                yield own
            finally:
                admin.execute(sql.SQL("alter database {} allow_connections true").format(name))


async def test_without_its_database_it_says_so_and_answers_the_rest(api_without_database: Api) -> None:
    client = api_without_database.client
    for path in ("/v1/segments", "/v1/devices"):
        assert_problem(await client.get(path), 503)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["faults"]["database"] == "does not answer"
    for path in ("/healthz", "/v1/summary", "/tiles/roads.json", "/metrics"):
        assert (await client.get(path)).status_code == 200


async def test_without_its_database_looks_are_written_into_the_log(
    api_without_database: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("snowtrack.api.doors.NOTE_S", 0.2)
    monkeypatch.setattr("snowtrack.api.live.LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("snowtrack.api.live.IDLE_S", 0.01)
    listening = asyncio.create_task(api_without_database.client.get("/v1/live"))
    await until(lambda: bool(api_without_database.live.hub.subscribers))
    await asyncio.sleep(0.1)
    assert not listening.done()
    api_without_database.app.state.context.gate.kept.clear()
    assert (await listening).text.startswith("event: snapshot")  # nobody can say any more who that is
    said = capsys.readouterr()
    assert "a look that the database could not note" in said.out + said.err
    assert "/v1/live" in said.out + said.err


async def test_metrics_are_what_prometheus_reads(api: Api) -> None:
    for news in ({}, INGEST):
        if news:
            await api.live.on_news(News.INGEST, news)
        answer = await api.client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        values = {sample.name: sample.value for family in families.values() for sample in family.samples}
        assert values["snowtrack_ingest_up"] == bool(news)
        assert values["snowtrack_fixes_total"] == news.get("fixes", 0)
        assert values["snowtrack_freshness_p99_ms"] == (9.5 if news else 0)
    assert values["snowtrack_rejects_total"] == 4
