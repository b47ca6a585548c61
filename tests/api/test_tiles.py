"""Vector tiles and their TileJSON."""

from typing import Any

import mapbox_vector_tile
import pytest

from snowtrack import wall_clock
from snowtrack.model.calendar import MINUTE_US
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.oracles.mercator import key_at
from tests.services.town import EVENING_US, streets

pytestmark = pytest.mark.anyio


def tile_at(api: Api, segment: int | None = None, zoom: int = 14) -> str:
    """The tile that holds a segment's first point."""
    network = api.town.network
    at = int(network.shape_offsets[0 if segment is None else network.rows_of([segment])[0]])
    key = key_at((int(network.shape_lat_e7[at]), int(network.shape_lon_e7[at])), zoom)
    return f"{key.z}/{key.x}/{key.y}.mvt"


async def features(api: Api, layer: str, tile: str) -> dict[int, dict[str, Any]]:
    answer = await api.client.get(f"/tiles/{layer}/{tile}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    decoded = mapbox_vector_tile.decode(answer.content)
    assert list(decoded) == [layer]
    return {feature["id"]: feature["properties"] for feature in decoded[layer]["features"]}


@pytest.mark.parametrize("layer", ["roads", "clearance"])
async def test_a_tilejson_says_where_the_tiles_are(api: Api, layer: str) -> None:
    answer = await api.client.get(f"/tiles/{layer}.json")
    content = answer.json()
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert content["tilejson"] == "3.0.0"
    assert content["tiles"][0].startswith(f"http://road.test/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?v=")
    assert [one["id"] for one in content["vector_layers"]] == [layer]
    assert content["minzoom"] < content["maxzoom"]
    assert content["bounds"] == (await api.client.get("/v1/network")).json()["bbox"]


@pytest.mark.parametrize("layer", ["roads", "clearance"])
async def test_fields_of_a_tile_are_those_that_its_tilejson_promises(api: Api, layer: str) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    promised = (await api.client.get(f"/tiles/{layer}.json")).json()["vector_layers"][0]["fields"]
    found = await features(api, layer, tile_at(api, street, 13))
    kinds = {"String": str, "Number": int}
    for properties in found.values():
        assert set(properties) <= set(promised)
        assert all(isinstance(value, kinds[promised[key]]) for key, value in properties.items())


async def test_labels_of_the_moment_are_in_the_clearance_tile(api: Api) -> None:
    street, _ = streets(api.town.network)
    tile = tile_at(api, street)
    before = await features(api, "clearance", tile)
    assert before[street] == {"label": "never", "share": 0}
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    after = await features(api, "clearance", tile)
    assert after[street]["share"] == 100
    assert after[street]["evidence"] == "blade"
    assert after[street]["label"] in ("done", "aged")
    assert before.keys() == after.keys()


@pytest.mark.parametrize("layer", ["roads", "clearance"])
async def test_a_tile_is_not_sent_again_while_it_is_the_same(api: Api, layer: str) -> None:
    path = f"/tiles/{layer}/{tile_at(api)}"
    first = await api.client.get(path)
    again = await api.client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]


async def test_a_new_number_is_a_new_clearance_tile_and_the_same_roads(api: Api) -> None:
    paths = {layer: f"/tiles/{layer}/{tile_at(api)}" for layer in ("roads", "clearance")}
    before = {layer: (await api.client.get(path)).headers["etag"] for layer, path in paths.items()}
    await api.town.work(int(api.town.network.segment_id[0]), EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    after = {layer: (await api.client.get(path)).headers["etag"] for layer, path in paths.items()}
    assert before["roads"] == after["roads"]
    assert before["clearance"] != after["clearance"]


async def test_ages_make_a_new_clearance_tile_each_minute(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    tile, told = tile_at(api, street), []
    for minutes in (59, 59.5, 60):
        now_us = EVENING_US + round(minutes * MINUTE_US)
        monkeypatch.setattr(wall_clock, "now_us", lambda now_us=now_us: now_us)
        etag = (await api.client.get(f"/tiles/clearance/{tile}")).headers["etag"]
        told.append((etag, (await features(api, "clearance", tile))[street]["age"]))
    assert told[0] == told[1]
    assert told[1][0] != told[2][0]
    assert [age for _, age in told] == [0, 0, 60]


async def test_an_empty_tile_is_no_content(api: Api) -> None:
    answer = await api.client.get("/tiles/roads/14/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "etag" in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("roads/5/0/0.mvt", 404),
        ("roads/17/0/0.mvt", 404),
        ("roads/14/-1/0.mvt", 404),
        ("roads/14/16384/0.mvt", 404),
        (f"roads/{10**20}/{10**20}/0.mvt", 404),
        ("rivers/14/0/0.mvt", 404),
        ("rivers.json", 404),
        ("roads/14/a/0.mvt", 422),
        ("roads/14/0.5/0.mvt", 422),
        ("roads/14/0/0.png", 404),
    ],
)
async def test_a_tile_that_is_none(api: Api, path: str, status: int) -> None:
    assert_problem(await api.client.get(f"/tiles/{path}"), status)
