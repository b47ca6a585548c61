"""What the database cannot keep is refused where it comes in: whoever asked is told, and nothing broke here."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from snowtrack import wall_clock
from snowtrack.model.calendar import utc_text
from snowtrack.network.arrays import Network
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.api.test_doors import LATER_US, OWN, STATE, TOLD_SNOW, evening
from tests.services.town import EVENING_US

pytestmark = pytest.mark.anyio
# As JSON has them: NUL, and half of a sign of UTF-16.
UNKEPT = ("x\\u0000y", "x\\ud800y")
TOO_LARGE = (str(2**63), "9" * 400, "9" * 5_000, "1e400", "NaN")
AT = utc_text(EVENING_US)
ADDRESSES = [
    "/v1/states?agency=",
    "/v1/snow/told?agency=",
    "/v1/roads?q=",
    "/v1/trails?device=",
    "/v1/live?by=route&id=",
    "/v1/segments/",
    f"/v1/routes/{OWN}/",
    f"/v1/devices/{OWN}/",
    "/tiles/roads/6/0/",
    "/healthz?",
    "/",
]
BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("/v1/closures", "reason", {"segments": [1]}),
    ("/v1/closures", "road", {"reason": "x"}),
    ("/v1/closures/1/end", "reason", {}),
    ("/v1/events", "reason", {"kind": "open"}),
    ("/v1/states", "by", STATE),
    ("/v1/states", "note", STATE),
    ("/v1/states", "route", {key: STATE[key] for key in STATE if key != "segments"}),
    ("/v1/snow", "reason", TOLD_SNOW),
    ("/v1/session", "name", {"password": "x"}),
    ("/v1/closures", "x\\ud800y", {"reason": "x"}),
]
NUMBERS = [
    ("/v1/closures", {"segments": ["N"], "reason": "x"}),
    ("/v1/closures/N/end", {"reason": "x"}),
    ("/v1/events", {"kind": "void", "reason": "x", "voids": "N"}),
    ("/v1/states", STATE | {"segments": ["N"]}),
    ("/v1/snow", TOLD_SNOW | {"depth_mm": "N"}),
    (f"/v1/snow/{OWN}/secret-sensor", [{"time": AT, "depth_mm": "N"}]),
    (f"/v1/observations/{OWN}/x", [{"time": AT, "lat": 36.5, "lon": 136.6, "seq": "N"}]),
]
OUR_PAGE = {"content-type": "application/json", "origin": "http://road.test"}


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Something is there that could be changed."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with evening(clean_database, network) as api:
        yield api


async def test_addresses_have_no_nul(api: Api) -> None:
    for address in ADDRESSES:
        assert_problem(await api.client.get(f"{address}x%00y"), 400, "NUL")


async def test_texts_in_bodies_can_be_kept(api: Api) -> None:
    for path, key, rest in BODIES:
        for text in UNKEPT:
            content = orjson.dumps(rest | {"KEY": "TEXT"}).replace(b"KEY", key.encode()).replace(b"TEXT", text.encode())
            assert_problem(await api.client.post(path, content=content, headers=OUR_PAGE), 422)


async def test_numbers_can_be_kept(api: Api) -> None:
    for path, body in NUMBERS:
        for number in TOO_LARGE:
            content = orjson.dumps(body).replace(b'"N"', number.encode())
            answer = await api.client.post(path.replace("N", number), content=content, headers=OUR_PAGE)
            assert_problem(answer, answer.status_code)
            assert answer.status_code in (400, 422), answer.text


async def test_times_are_not_counts_of_seconds(api: Api) -> None:
    for path, body in (
        ("/v1/closures/1/end", {"at": 1_800_000_000, "reason": "x"}),
        ("/v1/events", {"kind": "open", "at": "1800000000", "reason": "x"}),
        ("/v1/states", STATE | {"at": 1_800_000_000}),
    ):
        assert_problem(await api.client.post(path, content=orjson.dumps(body), headers=OUR_PAGE), 422, "such as 2027")
    assert_problem(await api.client.get(f"/v1/snow/{OWN}/secret-sensor?from=1800000000"), 422, "such as 2027")
    assert (await api.client.get("/v1/snow/proposals?from=2027-01-14")).is_success
