"""Tiles of machines: one's own alone, never kept, one look a minute in the log."""

from typing import Any

import mapbox_vector_tile
import pytest

from snowtrack.live.bus import News
from snowtrack.model.access import Right
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.oracles.mercator import key_at
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
PLACE = (365_000_000, 1_366_000_000)
TILE = "/tiles/machines/{0.z}/{0.x}/{0.y}.mvt".format(key_at(PLACE, 14))


def head(device: str, **other: Any) -> dict[str, Any]:  # noqa: ANN401 - what a head may hold
    return {
        "device": device,
        "lat": PLACE[0] / 1e7,
        "lon": PLACE[1] / 1e7,
        "course_deg": 90.4,
        "speed_mps": 5.0,
        "at": "2027-01-14T09:00:00Z",
        "segment": None,
        "working": True,
        "silent": False,
        **other,
    }


async def properties(api: Api, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await api.client.get(TILE, headers=headers)
    if answer.status_code == 204:
        return []
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in answer.headers
    decoded = mapbox_vector_tile.decode(answer.content)["machines"]
    return [feature["properties"] for feature in decoded["features"]]


async def test_machines_are_where_they_are_now_and_as_their_tilejson_says(api: Api) -> None:
    assert await properties(api) == []
    heads = [
        head("kanazawa/d1"),
        head("kanazawa/d2", working=None, course_deg=None, speed_mps=None),
        head("kanazawa/d3", working=False),
        head("hakusan/d4", silent=True),
    ]
    await api.live.on_news(News.HEADS, {"machines": heads})
    found = {one["device"]: one for one in await properties(api)}
    assert [found[one["device"]]["state"] for one in heads] == ["working", "unsure", "travelling", "silent"]
    assert (found["kanazawa/d1"]["course"], found["kanazawa/d1"]["speed_kmh"]) == (90, 18)
    assert {"course", "speed_kmh"}.isdisjoint(found["kanazawa/d2"])
    promised = (await api.client.get("/tiles/machines.json")).json()
    (layer,) = promised["vector_layers"]
    assert promised["tiles"][0].startswith("http://road.test/tiles/machines/{z}/{x}/{y}.mvt")
    assert set(found["kanazawa/d1"]) == set(layer["fields"])
    await api.live.on_news(News.HEADS, {"machines": [head("kanazawa/d1", lat=36.6)]})
    assert {one["device"] for one in await properties(api)} == {one["device"] for one in heads[1:]}


async def test_who_looks_at_others_tiles_sees_none_of_them(api: Api) -> None:
    await api.live.on_news(News.HEADS, {"machines": [head("kanazawa/d1"), head("hakusan/d4")]})
    url = api.town.settings.database.url
    own = key_headers(url, Right.LOOK, agency="hakusan")
    assert [one["device"] for one in await properties(api, own)] == ["hakusan/d4"]
    nobody = await api.client.get(TILE, headers={"authorization": ""})
    assert_problem(nobody, 401)
    assert_problem(await api.client.get(TILE, headers=key_headers(url, Right.TELL)), 403)


async def test_a_map_full_of_tiles_is_one_look_for_each_who_looks(api: Api) -> None:
    url = api.town.settings.database.url
    for headers in (None, None, key_headers(url, Right.LOOK, agency="hakusan"), None):
        await properties(api, headers)
    found = rows(url, "select agencies, what from audit where action = 'look' order by entry")
    assert found == [(["*"], "/tiles/machines"), (["hakusan"], "/tiles/machines")]


@pytest.mark.parametrize("path", ["5/0/0", "17/0/0", "14/-1/0", "14/16384/0"])
async def test_a_tile_that_is_none(api: Api, path: str) -> None:
    assert_problem(await api.client.get(f"/tiles/machines/{path}.mvt"), 404)
