"""What pages of other servers may read."""

import pytest

from tests.api.conftest import Api
from tests.api.test_doors import PUBLIC_ROUTES, VISITS
from tests.api.test_tiles import tile_at

pytestmark = pytest.mark.anyio
HEADER = "access-control-allow-origin"
FILLED = {"{by}": "class", "{layer}": "roads", "{z}": "14", "{x}": "0", "{y}": "0", "{network_id}": "other"}
STREAMS = "/v1/live"


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize(
    "path", sorted(path for method, path in PUBLIC_ROUTES if method == "GET" and not path.startswith(STREAMS))
)
async def test_what_is_public_is_open_to_them(api: Api, path: str) -> None:
    headers = {"authorization": "", "origin": "https://map.example"}
    answer = await api.client.get(filled(path), headers=headers)
    assert answer.headers.get_list(HEADER) == ["*"]


async def test_a_tile_that_is_kept_is_as_open_as_one_that_is_made(api: Api) -> None:
    for _ in range(2):
        assert (await api.client.get(f"/tiles/roads/{tile_at(api)}")).headers.get_list(HEADER) == ["*"]


async def test_who_asks_amiss_is_told_so_on_its_own_page(api: Api) -> None:
    answer = await api.client.get("/v1/segments?limit=0")
    assert (answer.status_code, answer.headers[HEADER]) == (422, "*")


@pytest.mark.parametrize("path", sorted(visit.path for visit in VISITS.values() if visit.method == "GET"))
async def test_what_is_not_public_is_not(api: Api, path: str) -> None:
    if not path.startswith(STREAMS):
        answer = await api.client.get(path, headers={"origin": "https://map.example"})
        assert HEADER not in answer.headers
    for authorization in ("", "Bearer wrong"):
        refused = await api.client.get(path, headers={"authorization": authorization})
        assert HEADER not in refused.headers
