"""Every route has a door, and behind it no agency sees what is another's: from door to door."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from snowtrack import wall_clock
from snowtrack.api.board import LatestBoard
from snowtrack.api.doors import PUBLIC, WHAT_SIGNS_MAX, Door
from snowtrack.api.gate import COOKIE
from snowtrack.api.state import event_id, read_event_id
from snowtrack.live.bus import News
from snowtrack.live.hub import Reader
from snowtrack.live.sight import Sight
from snowtrack.model.access import ALL, EVERY, Right, Scope
from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.ids import DeviceId
from snowtrack.model.snow import SensorId
from snowtrack.network.arrays import Network
from snowtrack.snow.dispatch import Proposal
from snowtrack.store.access import begin_session
from snowtrack.store.secrets import hashed, make_secret
from snowtrack.store.snow import add_proposals
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.api.test_trails import drives
from tests.keys import key_headers
from tests.services.registry import register
from tests.services.town import EVENING_US, HOUR_US, opened, streets
from tests.store.databases import rows
from tests.store.test_routes import add_route

pytestmark = pytest.mark.anyio
LATER_US = EVENING_US + HOUR_US
DAY = "2027-01-15"
OWN, OTHER = "kanazawa", "hakusan"
SECRETS = ("secret-plough", "secret-route", "secret-sensor", "secret-note")
HEAD = {
    "device": f"{OWN}/secret-plough",
    "lat": 36.5,
    "lon": 136.6,
    "course_deg": None,
    "speed_mps": 5.0,
    "at": utc_text(EVENING_US),
    "segment": None,
    "working": True,
    "silent": False,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """How somebody comes to a route: what is asked, and which right opens it (nothing: whoever is signed in)."""

    path: str
    right: Right | None
    method: str = "GET"
    content: Any = None
    tells: bool = False
    """The answer names what is the agency's own, so that a test sees that it does not when another one asks."""


PUBLIC_ROUTES = {
    ("GET", "/v1/network"),
    ("GET", "/v1/segments"),
    ("GET", "/v1/segments.csv"),
    ("GET", "/v1/segments.geojson"),
    ("GET", "/v1/summaries/{by}.csv"),
    ("GET", "/v1/state/{network_id}.bin"),
    ("GET", "/v1/summaries/{by}"),
    ("GET", "/v1/roads"),
    ("GET", "/v1/live/public"),
    ("GET", "/tiles/{layer}.json"),
    ("GET", "/tiles/{layer}/{z}/{x}/{y}.mvt"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/v1/session/ways"),
    ("GET", "/v1/session/openid"),
    ("GET", "/v1/session/openid/back"),
    ("POST", "/v1/session"),
    ("POST", "/v1/session/invitation"),
}
OBSERVED = [{"time": "2027-01-14T06:00:00+09:00", "lat": 36.5613, "lon": 136.6562}]
TOLD_SNOW = {
    "agency": OWN,
    "sensor": "secret-sensor",
    "kind": "depth",
    "depth_mm": 124,
    "at": utc_text(EVENING_US),
    "reason": "secret-note",
}
STATE = {"agency": OWN, "segments": [1], "work": "ploughed", "by": "当番", "at": utc_text(EVENING_US)}
VISITS = {
    ("GET", "/v1/segments/{segment_id}"): Visit("/v1/segments/{street}", Right.LOOK),
    ("GET", "/v1/devices"): Visit("/v1/devices", Right.LOOK, tells=True),
    ("GET", "/v1/trails"): Visit("/v1/trails?minutes=120", Right.LOOK, tells=True),
    ("GET", "/v1/devices/{agency}/{device}/tracks/{day}"): Visit(
        f"/v1/devices/{OWN}/secret-plough/tracks/{DAY}", Right.LOOK
    ),
    ("GET", "/v1/reports/daily/{agency}/{device}/{day}"): Visit(
        f"/v1/reports/daily/{OWN}/secret-plough/{DAY}", Right.REPORT, tells=True
    ),
    ("GET", "/v1/reports/daily/{agency}/{device}/{day}.xlsx"): Visit(
        f"/v1/reports/daily/{OWN}/secret-plough/{DAY}.xlsx", Right.REPORT
    ),
    ("GET", "/v1/summaries/{by}/now"): Visit("/v1/summaries/agency/now", Right.LOOK, tells=True),
    ("GET", "/v1/live"): Visit("/v1/live", Right.LOOK),
    ("GET", "/tiles/machines.json"): Visit("/tiles/machines.json", Right.LOOK),
    ("GET", "/tiles/machines/{z}/{x}/{y}.mvt"): Visit("/tiles/machines/14/14408/6405.mvt", Right.LOOK, tells=True),
    ("GET", "/v1/summary"): Visit("/v1/summary", Right.LOOK),
    ("GET", "/v1/snow"): Visit("/v1/snow", Right.LOOK, tells=True),
    ("GET", "/v1/snow/proposals"): Visit("/v1/snow/proposals", Right.LOOK, tells=True),
    ("GET", "/v1/snow/{agency}/{sensor}"): Visit(f"/v1/snow/{OWN}/secret-sensor", Right.LOOK),
    ("GET", "/v1/snow/{agency}/{sensor}/depth.csv"): Visit(
        f"/v1/snow/{OWN}/secret-sensor/depth.csv", Right.LOOK, tells=True
    ),
    ("GET", "/v1/snow/told"): Visit("/v1/snow/told", Right.LOOK, tells=True),
    ("POST", "/v1/snow"): Visit("/v1/snow", Right.TELL, "POST", TOLD_SNOW),
    ("POST", "/v1/snow/{agency}/{sensor}"): Visit(f"/v1/snow/{OWN}/secret-sensor", Right.SEND, "POST", []),
    ("POST", "/v1/observations/{agency}"): Visit(f"/v1/observations/{OWN}", Right.SEND, "POST", OBSERVED),
    ("POST", "/v1/observations/{agency}/{device}"): Visit(
        f"/v1/observations/{OWN}/secret-plough", Right.SEND, "POST", OBSERVED
    ),
    ("GET", "/v1/states"): Visit("/v1/states", Right.LOOK, tells=True),
    ("POST", "/v1/states"): Visit("/v1/states", Right.TELL, "POST", STATE),
    ("GET", "/v1/events"): Visit("/v1/events", Right.LOOK),
    ("POST", "/v1/events"): Visit("/v1/events", Right.TELL, "POST", {"kind": "open", "reason": "x"}),
    ("GET", "/v1/closures"): Visit("/v1/closures", Right.LOOK, tells=True),
    ("POST", "/v1/closures"): Visit("/v1/closures", Right.TELL, "POST", {"road": "x", "reason": "x"}),
    ("POST", "/v1/closures/{closure}/end"): Visit("/v1/closures/1/end", Right.TELL, "POST", {"reason": "x"}),
    ("GET", "/v1/routes"): Visit("/v1/routes", Right.LOOK, tells=True),
    ("GET", "/v1/routes/{agency}/{route}"): Visit(f"/v1/routes/{OWN}/secret-route", Right.LOOK, tells=True),
    ("GET", "/v1/indicators"): Visit(f"/v1/indicators?from={DAY}&to={DAY}", Right.LOOK, tells=True),
    ("GET", "/v1/audit"): Visit("/v1/audit", Right.REVIEW, tells=True),
    ("GET", "/metrics"): Visit("/metrics", Right.OPERATE),
    ("GET", "/v1/session"): Visit("/v1/session", None),
    ("DELETE", "/v1/session"): Visit("/v1/session", None, "DELETE"),
    ("POST", "/v1/session/password"): Visit("/v1/session/password", None, "POST", {"old": "x", "new": "x" * 12}),
}
# A stream does not end, and what is of all is for who may see all; they are looked at by themselves.
BY_THEMSELVES = [("GET", "/v1/live"), ("GET", "/metrics"), ("POST", "/v1/events")]
BY_AGENCY = {key: visit for key, visit in VISITS.items() if visit.right is not None}
ANSWERING = {key: visit for key, visit in BY_AGENCY.items() if key not in BY_THEMSELVES}


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """On that evening an agency has something of everything; another one has nothing."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with evening(clean_database, network) as api:
        yield api


@asynccontextmanager
async def evening(database_url: str, network: Network, *flags: str) -> AsyncIterator[Api]:
    """Who asks has the key to everything."""
    async with opened(database_url, network, *flags) as town:
        street, _ = streets(network)
        another = "insert into agency (agency, name, manages) values (%s, %s, 'nothing')"
        await town.connection.execute(another, [OTHER, OTHER])
        add_route(database_url, "secret-route", (street, 0))
        proposal = Proposal(
            sensor=SensorId(OWN, "secret-sensor"),
            road_classes=("main",),
            criterion_mm=100,
            new_mm=104,
            since_us=EVENING_US,
            at_us=EVENING_US + SECOND_US,
        )
        await add_proposals(town.connection, [proposal])
        await town.work(street, EVENING_US)
        await town.turn(EVENING_US)
        async with serving(town, town.settings, network) as api:
            await api.live.on_news(News.HEADS, {"machines": [HEAD]})
            await drives(api, range(0, 60), start_us=EVENING_US - 60 * SECOND_US)
            for path, content in (
                (f"/v1/snow/{OWN}/secret-sensor", [{"time": utc_text(EVENING_US), "depth_mm": 123}]),
                ("/v1/snow", TOLD_SNOW),
                ("/v1/states", STATE | {"segments": [street], "note": "secret-note"}),
                ("/v1/closures", {"segments": [street], "reason": f"secret-note of {OWN}"}),
            ):
                assert (await visit(api, path, "POST", content, {})).is_success
            yield api


async def visit(api: Api, path: str, method: str, content: Any, key: dict[str, str]) -> httpx.Response:  # noqa: ANN401
    street, _ = streets(api.town.network)
    body = None if content is None else orjson.dumps(content)
    headers = key | ({} if body is None else {"content-type": "application/json"})
    return await api.client.request(method, path.replace("{street}", str(street)), content=body, headers=headers)


async def come(api: Api, key: dict[str, str], way: Visit) -> httpx.Response:
    return await visit(api, way.path, way.method, way.content, key)


def doors(dependant: Dependant) -> list[Door | Callable[..., object]]:
    found = [one.call for one in dependant.dependencies]
    return [call for call in found if isinstance(call, Door) or call is PUBLIC.dependency]


def doors_of(api: Api) -> dict[tuple[str, str], list[Door | Callable[..., object]]]:
    """By method and address."""
    return {
        (method, str(route.path)): doors(route.dependant)
        for route in iter_route_contexts(api.app.routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.methods or ()
    }


async def test_every_route_has_one_door_and_a_test(api: Api) -> None:
    found = doors_of(api)
    assert len(found) > 30
    assert {key for key, names in found.items() if len(names) != 1} == set()
    public = {key for key, (door,) in found.items() if door is PUBLIC.dependency}
    assert public == PUBLIC_ROUTES
    rights = {key: door.right for key, (door,) in found.items() if isinstance(door, Door)}
    assert rights == {key: visit.right for key, visit in VISITS.items()}


@pytest.mark.parametrize("way", VISITS.values(), ids=map(" ".join, VISITS))
async def test_nobody_comes_in_without_a_key(api: Api, way: Visit) -> None:
    for nothing in ("", "Bearer", "Bearer x", "Basic eDp4", f"Bearer {'x' * 5_000}"):
        answer = await come(api, {"authorization": nothing}, way)
        assert_problem(answer, 401, "sign in")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("way", BY_AGENCY.values(), ids=map(" ".join, BY_AGENCY))
async def test_other_rights_open_nothing(api: Api, clean_database: str, way: Visit) -> None:
    others = [right for right in Right if right is not way.right]
    assert_problem(await come(api, key_headers(clean_database, *others), way), 403, "is not given")


@pytest.mark.parametrize("way", ANSWERING.values(), ids=map(" ".join, ANSWERING))
async def test_no_agency_sees_what_is_anothers(api: Api, clean_database: str, way: Visit) -> None:
    own = await come(api, key_headers(clean_database, agency=OWN), way)
    assert own.status_code not in (401, 403, 500)
    other = await come(api, key_headers(clean_database, agency=OTHER), way)
    assert (OWN in own.text) or not way.tells
    if other.is_success:
        assert OWN not in other.text
        assert [secret for secret in SECRETS if secret in other.text] == []
    else:
        assert_problem(other, other.status_code)
        assert other.status_code in (403, 404, 422)
        assert OWN not in other.text.replace(f"at {OWN}", "")


@pytest.mark.parametrize("way", [("GET", "/metrics"), ("POST", "/v1/events")])
async def test_what_is_of_all_needs_the_right_for_all(api: Api, clean_database: str, way: tuple[str, str]) -> None:
    assert_problem(await come(api, key_headers(clean_database, agency=OWN), VISITS[way]), 403)
    assert (await come(api, key_headers(clean_database), VISITS[way])).is_success


async def first_events(api: Api, agency: str) -> bytes:
    """What a subscriber of an agency's own gets at once, and with the next delta and the next figures."""
    scope = Scope(frozenset({agency}))
    events = api.live.hub.events(Reader("test", Sight(scope)), None, 0.01, b"idle")
    found = b"".join([await anext(events) for _ in range(2)])
    await api.live.on_news(News.HEADS, {"machines": [HEAD]})
    for said in await changes(api):
        await api.live.on_news(News.DELTA, said)
    api.live.tick()
    while (event := await anext(events)) != b"idle":
        found += event
    await events.aclose()
    return found


async def changes(api: Api) -> list[dict[str, Any]]:
    """The deltas of a turn in which another street was worked."""
    _, street = streets(api.town.network)
    await api.town.work(street, LATER_US - SECOND_US)
    return [said for said in await api.town.turn(LATER_US) if said.pop("news") == "delta"]


async def test_a_stream_tells_machines_and_roads_of_ones_own_agencies(api: Api) -> None:
    own, other = await first_events(api, OWN), await first_events(api, OTHER)
    assert own.count(b"secret-plough") == 2
    assert b"secret-plough" not in other
    assert b'"known":1' in own
    assert b'"known":0' in other
    for street in streets(api.town.network):
        assert b'"id":%d,' % street in own
        assert b'"id":%d,' % street not in other


async def test_who_shares_the_state_of_its_roads_shows_them_and_no_machine(api: Api, clean_database: str) -> None:
    await api.town.connection.execute("update agency set shares_states = true")
    register(clean_database, DeviceId(OWN, "another"))
    await api.live.reload()
    other = await first_events(api, OTHER)
    assert b'"id":%d,' % streets(api.town.network)[0] in other
    assert b"secret-plough" not in other
    key = key_headers(clean_database, Right.LOOK, agency=OTHER)
    assert (await come(api, key, VISITS["GET", "/v1/segments/{segment_id}"])).status_code == 200


async def test_each_look_at_machines_is_written_down(api: Api, clean_database: str) -> None:
    key = key_headers(clean_database, agency=OWN)
    noted = [way for way in VISITS if way[1].startswith(("/v1/devices", "/v1/reports", "/v1/trails"))]
    for way in noted:
        assert (await come(api, key, VISITS[way])).is_success
    found = rows(clean_database, "select who, agencies, what from audit where action = 'look' order by entry")
    assert found == [("key test", [OWN], VISITS[way].path) for way in noted]


async def test_the_trail_of_anothers_machine_is_refused_by_name(api: Api, clean_database: str) -> None:
    other = key_headers(clean_database, Right.LOOK, agency=OTHER)
    for device in ("secret-plough", "nobody"):
        answer = await api.client.get(f"/v1/trails?device={OWN}/{device}", headers=other)
        assert_problem(answer, 403, "is not given")
    own = key_headers(clean_database, Right.LOOK, agency=OWN)
    assert "secret-plough" in (await api.client.get(f"/v1/trails?device={OWN}/secret-plough", headers=own)).text


async def test_an_address_that_is_looked_at_is_noted_in_part(api: Api, clean_database: str) -> None:
    assert (await api.client.get(f"/v1/devices?{'x' * 2_000}")).is_success
    ((length,),) = rows(clean_database, "select max(length(what)) from audit")
    assert length == WHAT_SIGNS_MAX


async def test_a_contractor_reads_reports_of_days_on_its_own_machines_alone(api: Api, clean_database: str) -> None:
    for statement in (
        f"insert into contractor values ('{OWN}', 'own', '雪組'), ('{OWN}', 'rival', '氷組')",
        "insert into account (account) values ('worker')",
        f"insert into account_role values ('worker', 'contractor', '{OWN}', 'own')",
    ):
        await api.town.connection.execute(statement.encode())
    session = await session_of(api, "worker")
    way = VISITS["GET", "/v1/reports/daily/{agency}/{device}/{day}"]
    assert_problem(await come(api, session, way), 403, "not on machines of own alone")
    await api.town.connection.execute("update machine set contractor = 'own' where machine = 'secret-plough'")
    assert (await come(api, session, way)).is_success
    assert_problem(await come(api, session, VISITS["GET", "/v1/devices"]), 403)
    await api.town.connection.execute("update mounting set valid_from = '2027-01-15 12:00+09'")
    assert_problem(await come(api, session, way), 403)
    await api.town.connection.execute("update mounting set valid_from = '2027-01-14 12:00+09'")
    assert (await come(api, session, way)).is_success
    await api.town.connection.execute("update machine set contractor = 'rival' where machine = 'secret-plough'")
    assert_problem(await come(api, session, way), 403)


async def session_of(api: Api, account: str) -> dict[str, str]:
    secret = make_secret()
    lifetime = api.app.state.context.gate.lifetime
    await begin_session(api.town.connection, account, hashed(secret), lifetime, LATER_US)
    return {"cookie": f"{COOKIE}={secret}", "authorization": ""}


async def test_who_may_see_something_else_by_now_begins_anew(api: Api) -> None:
    own, other, every = Sight(Scope(frozenset({OWN}))), Sight(Scope(frozenset({OTHER}))), Sight(ALL)
    assert {event_id(7, sight) for sight in (own, other, every)} == {f"7-{own.mark}", f"7-{other.mark}", "7"}
    for sight in (own, other, every):
        assert [read_event_id(event_id(7, each), sight) for each in (own, other, every)].count(7) == 1
        assert read_event_id(event_id(7, sight), sight) == 7
    for text in ("", "x", "-", "7-", "7-x", f"7-{own.mark}0", "9" * 5_000, "٣"):
        assert read_event_id(text, own) is None
    assert f"id: 1-{own.mark}\n".encode() in await first_events(api, OWN)


async def test_roads_are_counted_for_who_may_see_them(api: Api, clean_database: str) -> None:
    for agency, total in ((OWN, len(api.town.network)), (OTHER, 0)):
        told = (await come(api, key_headers(clean_database, agency=agency), VISITS["GET", "/v1/summary"])).json()
        assert told["segments"]["total"] == sum(told["segments"]["by_label"].values()) == total


async def test_on_a_route_of_ones_own_roads_of_others_have_no_label(api: Api, clean_database: str) -> None:
    street, _ = streets(api.town.network)
    for statement in (
        f"insert into route (agency, route, name) values ('{OTHER}', 'r', '路線')",
        f"insert into route_segment (agency, route, position, segment_id) values ('{OTHER}', 'r', 1, {street})",
        "update fleet_version set version = version + 1",
    ):
        await api.town.connection.execute(statement.encode())
    for agency, label in ((OTHER, None), (EVERY, "closed")):
        key = key_headers(clean_database, Right.LOOK, agency=agency)
        told = (await api.client.get(f"/v1/routes/{OTHER}/r", headers=key)).json()
        assert [one["label"] for one in told["segments"]] == [label]


async def test_what_the_public_is_told_of_routes_is_made_once_for_each_cut(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowtrack.api.board.FRESH_S", 0.0)
    board = LatestBoard()
    first = await board.of(api.live, 1)
    assert await board.of(api.live, 1) is first
    assert await board.of(api.live, 2) is not first
