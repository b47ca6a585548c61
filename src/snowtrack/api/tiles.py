"""`/tiles`: vector tiles and their TileJSON."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.errors import NotFoundError
from snowtrack.api.tile_desk import ROADS
from snowtrack.network.arrays import Network
from snowtrack.tiles.layers import FIELDS
from snowtrack.tiles.window import ZOOM_MAX, ZOOM_MIN, TileKey

router = APIRouter(prefix="/tiles", tags=["tiles"])
FRESH_S = 30


@router.get("/{layer}.json", dependencies=[PUBLIC])
async def tilejson(request: Request, answer: Response, shared: Shared, layer: str) -> dict[str, Any]:
    """TileJSON 3 of a layer: `roads` or `clearance`."""
    if layer not in FIELDS:
        raise NotFoundError(f"there is no layer {layer!r}; there are {', '.join(FIELDS)}")
    answer.headers["cache-control"] = f"public, max-age={FRESH_S}"
    return tilejson_of(request, shared.network, layer, FIELDS[layer])


def tilejson_of(request: Request, network: Network, layer: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Where the tiles of a layer are; at other addresses for another network."""
    west, south, east, north = (edge / 1e7 for edge in network.bbox_e7)
    return {
        "tilejson": "3.0.0",
        "name": f"{network.name} {layer}",
        "attribution": network.attribution,
        "tiles": [f"{request.base_url}tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?v={network.network_id}"],
        "minzoom": ZOOM_MIN,
        "maxzoom": ZOOM_MAX,
        "bounds": [west, south, east, north],
        "vector_layers": [{"id": layer, "fields": fields, "minzoom": ZOOM_MIN, "maxzoom": ZOOM_MAX}],
    }


@router.get("/{layer}/{z}/{x}/{y}.mvt", response_class=Response, dependencies=[PUBLIC])
async def tile(shared: Shared, layer: str, z: int, x: int, y: int) -> Response:
    """One tile; 204 where there is nothing to show. Labels are those of the latest public cut."""
    key = TileKey(z, x, y)
    if layer not in FIELDS or not key.exists:
        raise NotFoundError(f"there is no tile {layer}/{z}/{x}/{y}; zooms are {ZOOM_MIN} to {ZOOM_MAX}")
    if layer == ROADS:
        return await shared.tile_desk.roads(key)
    return await shared.tile_desk.clearance(key, await shared.live.public_cut())
