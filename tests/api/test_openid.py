"""Coming in by way of an organisation, at a real OpenID provider."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from snowtrack import wall_clock
from snowtrack.api.openid import COOKIE as ATTEMPT
from snowtrack.api.openid import read_attempt
from snowtrack.api.provider import PATH, ProviderError
from snowtrack.model.access import EVERY, Role
from snowtrack.network.arrays import Network
from snowtrack.services.accounts import Appointment, make_invitation
from snowtrack.store.accounts import close_account
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.oidc.running import SECRET, running_provider
from tests.services.town import opened
from tests.store.databases import rows

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BASE = "http://127.0.0.1:8080"
HANA = "hana@city.example"
STEPS_MAX = 12


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider(f"{BASE}{PATH}/back") as issuer:
        yield issuer


@pytest.fixture
async def api(clean_database: str, network: Network, issuer: str) -> AsyncIterator[Api]:
    flags = (f"openid.issuer={issuer}", f"openid.client_secret={SECRET}", f"openid.url={BASE}")
    async with opened(clean_database, network, *flags) as town, serving(town, town.settings, network) as api:
        yield api


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """It goes to us and to the provider, with cookies of each."""
    ours, elsewhere = httpx.ASGITransport(api.app), httpx.AsyncHTTPTransport()
    mounts = {"all://127.0.0.1:8080": ours, "all://127.0.0.1": elsewhere}
    async with httpx.AsyncClient(mounts=mounts, base_url=BASE) as client:
        yield client


async def invite(api: Api, name: str = HANA) -> None:
    viewer = Appointment(role=Role.VIEWER, agency=EVERY)
    await make_invitation(api.town.connection, api.town.settings, name, viewer, 24)


async def go(browser: httpx.AsyncClient, address: str, person: str) -> httpx.Response:
    """As a browser goes on, and as a person fills in what the provider asks, until it comes back to us."""
    answer = await browser.get(address)
    for _ in range(STEPS_MAX):
        if answer.is_redirect:
            address = urljoin(str(answer.url), answer.headers["location"])
            if address.startswith(f"{BASE}{PATH}/back"):
                return httpx.Response(200, text=address)
            answer = await browser.get(address)
            continue
        form = unescape(answer.text)
        action = re.search(r'action="([^"]+)"', form)
        prompt = re.search(r'name="prompt" value="(\w+)"', form)
        assert action is not None, form
        assert prompt is not None, form
        typed = {"prompt": prompt[1], "login": person, "password": "any"}
        answer = await browser.post(urljoin(str(answer.url), action[1]), data=typed)
    raise AssertionError("the provider asks and asks")


async def sign_in(browser: httpx.AsyncClient, person: str) -> str:
    """Where whoever came back is sent."""
    back = await go(browser, PATH, person)
    return await come_back(browser, back.text)


async def come_back(browser: httpx.AsyncClient, address: str) -> str:
    answer = await browser.get(address)
    assert answer.status_code == 302, answer.text
    assert ATTEMPT not in browser.cookies
    return str(answer.headers["location"])


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/v1/devices")).is_success


async def test_who_has_an_account_comes_in_by_their_organisation(api: Api, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/v1/session/ways")).json() == {"password": True, "openid": True}
    await invite(api)
    assert await sign_in(browser, HANA) == "/"
    assert (await browser.get("/v1/session")).json()["name"] == HANA
    assert await is_in(browser)


@pytest.mark.parametrize("person", ["taro@city.example", "x" * 200 + "@city.example"])
async def test_who_has_none_does_not(api: Api, browser: httpx.AsyncClient, person: str) -> None:
    await invite(api)
    assert (await sign_in(browser, person)).startswith("/sign-in.html#fault=")
    assert not await is_in(browser)


async def test_an_address_that_was_not_verified_is_nobodys(api: Api, browser: httpx.AsyncClient) -> None:
    await invite(api, "unverified@city.example")
    assert await sign_in(browser, "unverified@city.example") == "/sign-in.html#fault=openid"


async def test_who_has_the_address_later_does_not_have_the_account(
    api: Api, browser: httpx.AsyncClient, clean_database: str
) -> None:
    await invite(api)
    assert await sign_in(browser, HANA) == "/"
    browser.cookies.clear()
    assert await sign_in(browser, f"a+{HANA}") == "/sign-in.html#fault=unknown"
    assert not await is_in(browser)
    ((what,),) = rows(clean_database, "select what from audit where action = 'refused'")
    assert what.endswith(f" a+{HANA}")


async def test_an_account_is_claimed_by_invitation_alone(
    api: Api, browser: httpx.AsyncClient, clean_database: str
) -> None:
    """Whoever calls themselves so at the provider does not have the account of who chose a password here."""
    await invite(api)
    await api.town.connection.execute("delete from invitation")
    assert await sign_in(browser, HANA) == "/sign-in.html#fault=unknown"
    await invite(api)
    await api.town.connection.execute("update invitation set expires_at = now() - interval '1 s'")
    assert await sign_in(browser, HANA) == "/sign-in.html#fault=unknown"
    await invite(api)
    assert await sign_in(browser, HANA) == "/"
    assert rows(clean_database, "select * from invitation") == []
    assert await sign_in(browser, HANA) == "/"


async def test_signs_that_only_look_alike_are_nobodys(api: Api, browser: httpx.AsyncClient) -> None:
    await invite(api, "kana@city.example")
    assert await sign_in(browser, "\u212aana@city.example") == "/sign-in.html#fault=openid"


@pytest.mark.parametrize("told", [{}, {"issuer": "x"}, {"authorization_endpoint": 7}])
async def test_a_provider_that_talks_nonsense_is_refused(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, told: dict[str, object]
) -> None:
    provider = api.app.state.context.provider
    monkeypatch.setattr(provider, "known", told)
    monkeypatch.setattr(provider, "known_s", time.monotonic())
    answer = await browser.get(PATH)
    assert answer.headers["location"] == "/sign-in.html#fault=openid"


async def test_what_it_said_before_holds_while_the_provider_is_away(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await browser.get(PATH)).headers["location"].startswith(api.app.state.context.provider.settings.issuer)
    provider = api.app.state.context.provider
    monkeypatch.setattr(provider, "known_s", float("-inf"))
    away = provider.settings.model_copy(update={"issuer": "http://127.0.0.1:9"})
    monkeypatch.setattr(provider, "settings", away)
    assert (await browser.get(PATH)).headers["location"].startswith("http://127.0.0.1:")


async def test_who_is_closed_does_not_come_in(api: Api, browser: httpx.AsyncClient) -> None:
    await invite(api)
    assert await sign_in(browser, HANA) == "/"
    assert await close_account(api.town.connection, HANA, wall_clock.now_us())
    browser.cookies.clear()
    assert await sign_in(browser, HANA) == "/sign-in.html#fault=unknown"


async def test_a_way_back_is_good_once_and_for_the_browser_that_left(api: Api, browser: httpx.AsyncClient) -> None:
    """An address that a stranger sends would sign in under the stranger's name."""
    await invite(api)
    back = (await go(browser, PATH, HANA)).text
    left = browser.cookies[ATTEMPT]
    browser.cookies.delete(ATTEMPT)
    assert await come_back(browser, back) == "/sign-in.html#fault=openid"
    await browser.get(PATH)
    assert await come_back(browser, back) == "/sign-in.html#fault=openid"
    browser.cookies.set(ATTEMPT, left, domain="127.0.0.1", path=PATH)
    assert await come_back(browser, back) == "/"
    browser.cookies.clear()
    browser.cookies.set(ATTEMPT, left, domain="127.0.0.1", path=PATH)
    assert await come_back(browser, back) == "/sign-in.html#fault=openid"


@pytest.mark.parametrize("change", ["state", "code", "iss"])
async def test_what_comes_back_otherwise_is_refused(api: Api, browser: httpx.AsyncClient, change: str) -> None:
    await invite(api)
    back = urlsplit((await go(browser, PATH, HANA)).text)
    asked = {key: values[0] for key, values in parse_qs(back.query).items()}
    address = str(httpx.URL(back.path, params=asked | {change: "http://evil.test"}))
    assert await come_back(browser, address) == "/sign-in.html#fault=openid"
    assert not await is_in(browser)


async def test_a_token_of_another_attempt_is_refused(api: Api, browser: httpx.AsyncClient) -> None:
    await invite(api)
    asked = parse_qs(urlsplit((await go(browser, PATH, HANA)).text).query)
    provider = api.app.state.context.provider
    attempt = read_attempt(browser.cookies[ATTEMPT])
    assert attempt is not None
    with pytest.raises(ProviderError, match="nonce"):
        await provider.claims(asked["code"][0], attempt._replace(nonce="another"))


async def test_a_provider_that_is_away_or_another_is_said_and_ends_nothing(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = api.app.state.context.provider
    for issuer in ("http://127.0.0.1:9", f"{provider.settings.issuer}/"):
        settings = provider.settings.model_copy(update={"issuer": issuer})
        monkeypatch.setattr(provider, "settings", settings)
        monkeypatch.setattr(provider, "known", None)
        assert (await browser.get(PATH)).headers["location"] == "/sign-in.html#fault=openid"


async def test_without_a_provider_there_is_no_such_way(clean_database: str, network: Network) -> None:
    async with opened(clean_database, network) as town, serving(town, town.settings, network) as api:
        assert (await api.client.get("/v1/session/ways")).json() == {"password": True, "openid": False}
        for path in (PATH, f"{PATH}/back"):
            assert_problem(await api.client.get(path), 404)
