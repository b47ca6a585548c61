"""How often one may ask."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from snowtrack.api import limits
from snowtrack.api.limits import Buckets, RateLimits
from snowtrack.network.arrays import Network
from snowtrack.serving import network_of
from tests.api.conftest import serving
from tests.api.problems import assert_problem
from tests.services.town import opened

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def asking(app: RateLimits, address: str = HERE) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://road.test")


def limited(clock: Callable[[], float]) -> RateLimits:
    return RateLimits(PlainTextResponse("here"), per_s=2, burst=5, tries_per_min=3, clock=clock)


@pytest.mark.anyio
async def test_who_asks_too_often_waits_and_nobody_else_does() -> None:
    clock = Clock()
    app = limited(clock)
    async with asking(app) as one, asking(app, THERE) as other:
        assert [(await one.get("/")).status_code for _ in range(6)] == [200] * 5 + [429]
        refused = await one.get("/")
        assert_problem(refused, 429, "too many requests")
        assert refused.headers["retry-after"] == "1"
        assert (await other.get("/")).status_code == 200
        clock.now_s += 1
        assert [(await one.get("/")).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.anyio
async def test_tries_to_sign_in_are_fewer() -> None:
    clock = Clock()
    app = limited(clock)
    async with asking(app) as one:
        for _ in range(3):
            assert (await one.post("/v1/session")).status_code == 200
        refused = await one.post("/v1/session/invitation")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "21")
        assert (await one.get("/v1/session")).status_code == 200
        clock.now_s += 20
        assert (await one.post("/v1/session")).status_code == 200


@given(steps=st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_never_more_than_the_burst_and_what_comes_back(steps: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(2.0, 5.0, clock)
    taken: list[float] = []
    for step in steps:
        clock.now_s += step
        wait_s = buckets.wait_s(HERE)
        if not wait_s:
            taken.append(clock.now_s)
        else:
            assert 0 < wait_s <= 0.5 + 1e-9
            clock.now_s += wait_s
            assert buckets.wait_s(HERE) == 0
            taken.append(clock.now_s)
    for place, begin in enumerate(taken):
        for count, end in enumerate(taken[place:], start=1):
            assert count <= 5 + 2 * (end - begin) + 1e-6


def test_callers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLERS_MAX", 10)
    buckets = Buckets(1.0, 1.0, Clock())
    for number in range(50):
        assert buckets.wait_s(str(number)) == 0
    assert list(buckets.levels) == [str(number) for number in range(40, 50)]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("somewhere", "somewhere"),
        ("", ""),
    ],
)
def test_a_caller_is_an_address_or_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.anyio
async def test_the_application_has_limits_and_its_refusals_the_security_headers(
    clean_database: str, network: Network
) -> None:
    flags = ("access.tries_per_min=2", "openid.url=http://127.0.0.1:1")
    async with opened(clean_database, network, *flags) as town, serving(town, town.settings, network) as api:
        origin = {"origin": "http://road.test"}
        tries = [await api.client.post("/v1/session", json={}, headers=origin) for _ in range(3)]
        assert [answer.status_code for answer in tries] == [422, 422, 429]
        assert tries[2].headers["x-content-type-options"] == "nosniff"
        for path in ("/v1/session/openid", "/v1/session/openid/back"):
            assert_problem(await api.client.get(path), 429)
        assert (await api.client.get("/healthz")).status_code == 200


@pytest.mark.anyio
async def test_who_watches_over_it_is_never_refused() -> None:
    app = limited(Clock())
    async with asking(app) as one:
        answers = [await one.get(path) for path in ("/healthz", "/readyz") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
