"""Coming in by a browser: an invitation, a password, a session, and what ends them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import httpx
import psycopg
import pytest
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.api.gate import BEFORE_S, COOKIE, KEPT_S
from snowtrack.api.passwords import SIGNS_MIN
from snowtrack.model.access import EVERY, Role
from snowtrack.model.calendar import HOUR_US, MINUTE_US
from snowtrack.model.errors import StoreError
from snowtrack.network.arrays import Network
from snowtrack.services.accounts import Appointment, key_of_up, make_invitation
from snowtrack.store.accounts import close_account, withdraw_roles
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.services.town import opened
from tests.services.waiting import until
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
BASE = "http://road.test"
ORIGIN = {"origin": BASE}
PASSWORD = "yuki ga furu yoru"
OTHER = "asa ni wa yamu daro"
ADMINISTRATOR = Appointment(role=Role.ADMINISTRATOR, agency=EVERY)


class Hasher(NamedTuple):
    """In place of the real one, to do something while it is at work."""

    hash: Callable[[str], str]
    verify: Callable[[str, str], bool]


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.now_us = wall_clock.now_us()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wall_clock, "now_us", lambda: clock.now_us)
    return clock


@pytest.fixture
async def api(clean_database: str, network: Network, clock: Clock) -> AsyncIterator[Api]:
    """Nobody is known yet, and nobody is remembered from one request to the next."""
    assert clock.now_us
    flags = ("access.failures_max=3", "access.locked_min=5", "access.idle_h=12", "access.session_h=100")
    async with opened(clean_database, network, *flags) as town, serving(town, town.settings, network) as api:
        yield api


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """With cookies of its own, and no key."""
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def invited(api: Api, name: str = "hana", appointment: Appointment | None = ADMINISTRATOR) -> dict[str, str]:
    """What the page sends of an invitation."""
    link = await make_invitation(api.town.connection, api.town.settings, name, appointment, 24)
    assert "/sign-in.html#invitation=" in link
    return {"invitation": link.partition("=")[2], "password": PASSWORD}


async def come_in(api: Api, browser: httpx.AsyncClient, name: str = "hana") -> None:
    answer = await browser.post("/v1/session/invitation", json=await invited(api, name), headers=ORIGIN)
    assert answer.status_code == 204, answer.text


async def sign_in(browser: httpx.AsyncClient, password: str = PASSWORD, name: str = "hana") -> httpx.Response:
    return await browser.post("/v1/session", json={"name": name, "password": password}, headers=ORIGIN)


def forget(api: Api) -> None:
    """As when what is kept of who asks is over."""
    api.app.state.context.gate.kept.clear()
    assert KEPT_S <= 5


async def is_in(api: Api, browser: httpx.AsyncClient) -> bool:
    forget(api)
    status = (await browser.get("/v1/devices")).status_code
    assert status in (200, 401)
    return status == 200


async def test_who_is_invited_chooses_a_password_once_and_is_in(api: Api, browser: httpx.AsyncClient) -> None:
    chosen = await invited(api)
    answer = await browser.post("/v1/session/invitation", json=chosen, headers=ORIGIN)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/"))
    assert "secure" not in cookie
    said = (await browser.get("/v1/session")).json()
    assert (said["name"], said["every_agency"]) == ("hana", True)
    assert await is_in(api, browser)
    again = await browser.post("/v1/session/invitation", json=chosen, headers=ORIGIN)
    assert_problem(again, 401, "good no more")


async def test_over_an_encrypted_way_the_cookie_takes_no_other(api: Api) -> None:
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://road.test") as client:
        origin = {"origin": "https://road.test"}
        answer = await client.post("/v1/session/invitation", json=await invited(api), headers=origin)
        assert "secure" in answer.headers["set-cookie"].lower()


async def test_an_invitation_is_over_after_its_hours_and_another_takes_its_place(
    api: Api, browser: httpx.AsyncClient, clock: Clock
) -> None:
    first, second = await invited(api), await invited(api)
    assert_problem(await browser.post("/v1/session/invitation", json=first, headers=ORIGIN), 401)
    clock.now_us += 25 * HOUR_US
    assert_problem(await browser.post("/v1/session/invitation", json=second, headers=ORIGIN), 401)


async def test_a_password_is_long_and_kept_as_a_hash_alone(
    api: Api, browser: httpx.AsyncClient, clean_database: str
) -> None:
    short = await invited(api) | {"password": "x" * (SIGNS_MIN - 1)}
    answer = await browser.post("/v1/session/invitation", json=short, headers=ORIGIN)
    assert_problem(answer, 422, "at least 12")
    assert short["password"] not in answer.text
    await come_in(api, browser)
    ((kept,),) = rows(clean_database, "select password from account")
    assert kept.startswith("$argon2id$")
    everything = rows(clean_database, "select account.*, session.*, audit.* from account, session, audit")
    assert PASSWORD not in str(everything)
    assert browser.cookies[COOKIE] not in str(everything)


async def test_in_and_out_with_name_and_password(api: Api, browser: httpx.AsyncClient, clean_database: str) -> None:
    await come_in(api, browser)
    assert (await browser.delete("/v1/session", headers=ORIGIN)).status_code == 204
    assert COOKIE not in browser.cookies
    assert not await is_in(api, browser)
    assert (await sign_in(browser)).status_code == 204
    assert await is_in(api, browser)
    told = rows(clean_database, "select who, action from audit where who = 'hana' order by entry")
    assert [action for _, action in told if action != "look"] == ["password chosen", "sign-in", "sign-out", "sign-in"]


@pytest.mark.parametrize(("name", "password"), [("hana", OTHER), ("nobody", PASSWORD), ("", ""), ("hana", "")])
async def test_what_is_not_right_is_not_told_apart(
    api: Api, browser: httpx.AsyncClient, name: str, password: str
) -> None:
    await come_in(api, browser)
    browser.cookies.clear()
    answer = await sign_in(browser, password, name)
    if name and password:
        assert_problem(answer, 401, "name or password is not right")
    else:
        assert_problem(answer, 422)
    assert COOKIE not in browser.cookies


async def test_an_account_is_locked_after_wrong_passwords_and_opens_again(
    api: Api, browser: httpx.AsyncClient, clock: Clock, clean_database: str
) -> None:
    await come_in(api, browser)
    for _ in range(2):
        assert (await sign_in(browser, OTHER)).status_code == 401
    assert (await sign_in(browser)).status_code == 204  # the count begins anew
    for _ in range(3):
        assert (await sign_in(browser, OTHER)).status_code == 401
    assert (await sign_in(browser)).status_code == 401
    clock.now_us += 5 * MINUTE_US + 1
    assert (await sign_in(browser)).status_code == 204
    ((refused,),) = rows(clean_database, "select count(*) from audit where action = 'refused'")
    assert refused == 5  # what comes while it is locked is not looked at


async def test_a_session_ends_when_it_is_not_used_and_after_its_time(
    api: Api, browser: httpx.AsyncClient, clock: Clock
) -> None:
    await come_in(api, browser)
    began_us = clock.now_us
    while clock.now_us < began_us + 95 * HOUR_US:
        clock.now_us += 11 * HOUR_US
        assert await is_in(api, browser) == (clock.now_us < began_us + 100 * HOUR_US)
    clock.now_us = began_us + 101 * HOUR_US
    assert not await is_in(api, browser)
    assert (await sign_in(browser)).status_code == 204
    clock.now_us += 13 * HOUR_US
    assert not await is_in(api, browser)


async def test_another_password_ends_all_sessions_but_ones_own(api: Api, browser: httpx.AsyncClient) -> None:
    await come_in(api, browser)
    elsewhere = dict(browser.cookies)
    wrong = await browser.post("/v1/session/password", json={"old": OTHER, "new": OTHER}, headers=ORIGIN)
    assert_problem(wrong, 401, "old password")
    changed = await browser.post("/v1/session/password", json={"old": PASSWORD, "new": OTHER}, headers=ORIGIN)
    assert changed.status_code == 204
    assert await is_in(api, browser)
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=elsewhere) as other:
        assert not await is_in(api, other)
    browser.cookies.clear()
    assert (await sign_in(browser)).status_code == 401
    assert (await sign_in(browser, OTHER)).status_code == 204


@pytest.mark.parametrize("origin", [None, "http://evil.test", "https://road.test", "null", "http://road.test:81"])
async def test_pages_of_strangers_send_nothing(api: Api, browser: httpx.AsyncClient, origin: str | None) -> None:
    """A browser adds the cookie by itself; the page that sends is named by the browser, too."""
    await come_in(api, browser)
    headers = {} if origin is None else {"origin": origin}
    credentials = {"name": "hana", "password": PASSWORD}
    assert_problem(await browser.post("/v1/session", json=credentials, headers=headers), 403, "pages of this server")
    assert_problem(await browser.delete("/v1/session", headers=headers), 403, "pages of this server")
    assert_problem(await browser.post("/v1/states", json={}, headers=headers), 403, "pages of this server")
    assert_problem(await browser.post("/v1/session/invitation", json=await invited(api), headers=headers), 403)
    assert await is_in(api, browser)


async def test_what_is_taken_away_is_gone_within_seconds(api: Api, browser: httpx.AsyncClient) -> None:
    await come_in(api, browser)
    assert await withdraw_roles(api.town.connection, "hana", EVERY) == 1
    forget(api)
    assert_problem(await browser.get("/v1/devices"), 403)
    assert await close_account(api.town.connection, "hana", wall_clock.now_us())
    assert not await is_in(api, browser)
    assert (await sign_in(browser)).status_code == 401
    await come_in(api, browser)  # an invitation opens it again


async def test_an_open_stream_ends_when_rights_do(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowtrack.api.live.LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("snowtrack.api.live.IDLE_S", 0.01)
    await come_in(api, browser)
    listening = asyncio.create_task(browser.get("/v1/live"))
    async with asyncio.timeout(10):
        await until(lambda: bool(api.live.hub.subscribers))
        forget(api)
        await asyncio.sleep(0.1)
        assert not listening.done()
        assert await withdraw_roles(api.town.connection, "hana", EVERY) == 1
        forget(api)
        answer = await listening
    assert answer.status_code == 200
    assert answer.text.startswith("event: snapshot")


async def test_keys_are_made_anew_and_forgotten(api: Api, clean_database: str) -> None:
    connection: AsyncConnection = api.town.connection
    first, second = await key_of_up(connection), await key_of_up(connection)
    for key, status in ((first, 401), (second, 200)):
        answer = await api.client.get("/metrics", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == status
    assert second not in str(rows(clean_database, "select * from api_key"))


async def test_a_password_change_that_an_invitation_overtook_does_not_overrule_it(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the old password must not keep the account from who was invited to choose another one."""
    await come_in(api, browser)
    passwords = api.app.state.context.passwords
    real = passwords.hasher.hash
    chosen = real("chosen meanwhile")

    def slow(password: str) -> str:
        with psycopg.connect(api.town.settings.database.url, autocommit=True) as elsewhere:
            elsewhere.execute("update account set password = %s where account = 'hana'", [chosen])
        return str(real(password))

    passwords.nobodys = chosen
    monkeypatch.setattr(passwords, "hasher", Hasher(slow, passwords.hasher.verify))
    answer = await browser.post("/v1/session/password", json={"old": PASSWORD, "new": OTHER}, headers=ORIGIN)
    assert_problem(answer, 401, "changed meanwhile")
    assert (await sign_in(browser, OTHER)).status_code == 401
    assert (await sign_in(browser, "chosen meanwhile")).status_code == 204


async def test_who_was_shut_out_comes_back_as_nothing(api: Api, browser: httpx.AsyncClient) -> None:
    await come_in(api, browser)
    assert await close_account(api.town.connection, "hana", wall_clock.now_us())
    again = await invited(api, appointment=None)
    assert (await browser.post("/v1/session/invitation", json=again, headers=ORIGIN)).status_code == 204
    assert (await browser.get("/v1/session")).json()["grants"] == []


async def test_what_is_typed_as_a_name_is_kept_only_when_it_is_one(
    api: Api, browser: httpx.AsyncClient, clean_database: str
) -> None:
    await come_in(api, browser)
    for name in (PASSWORD, "console root", "hana"):
        assert (await sign_in(browser, OTHER, name)).status_code == 401
    assert rows(clean_database, "select who from audit where action = 'refused'") == [("hana",)]


async def test_strangers_take_nobodys_place_while_the_database_is_away(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowtrack.api.gate.KEPT_MAX", 8)
    await come_in(api, browser)
    assert (await browser.get("/v1/session")).status_code == 200
    for number in range(20):
        stranger = {"authorization": f"Bearer {number}"}
        assert (await browser.get("/v1/session", headers=stranger)).status_code == 401
    gate = api.app.state.context.gate
    assert (len(gate.kept), len(gate.strangers)) == (1, 8)


async def test_strangers_are_not_told_what_is_wrong_inside(api: Api, browser: httpx.AsyncClient) -> None:
    told = (await browser.get("/readyz")).json()
    assert told == {"ready": False, "faults": {"ingest": "is not well", "fold": "is not well"}}
    told = (await api.client.get("/readyz")).json()
    assert told["faults"] == {"ingest": "was not heard lately", "fold": "was not heard lately"}


async def test_while_the_database_is_away_nobody_waits_long_and_what_was_revoked_stays_so(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await come_in(api, browser)
    assert (await browser.get("/v1/session")).status_code == 200
    gate, asked = api.app.state.context.gate, []

    async def away(kind: str, secret: bytes) -> None:
        asked.append(kind)
        await asyncio.sleep(0.2)
        raise StoreError("gone")

    monkeypatch.setattr(type(gate), "_look_up", lambda _self, kind, secret: away(kind, secret))
    for key, known in gate.kept.items():
        gate.kept[key] = known._replace(said_s=known.said_s - KEPT_S - 1)
    answers = await asyncio.gather(*(browser.get("/v1/session") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    strangers = await asyncio.gather(
        *(browser.get("/v1/session", headers={"authorization": f"Bearer {number}"}) for number in range(10))
    )
    assert {answer.status_code for answer in strangers} == {503}
    assert len(asked) <= 2
    for key, known in gate.kept.items():
        gate.kept[key] = known._replace(said_s=gate.away_s - BEFORE_S - 1)
    assert (await browser.get("/v1/session")).status_code == 503
