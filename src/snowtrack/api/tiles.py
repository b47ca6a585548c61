"""`/tiles`: vector tiles and their TileJSON."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from snowtrack import wall_clock
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.errors import NotFoundError
from snowtrack.model.calendar import MINUTE_US
from snowtrack.tiles.window import ZOOM_MAX, ZOOM_MIN, TileKey

router = APIRouter(prefix="/tiles", tags=["tiles"])
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
ROADS_S = 86_400
FRESH_S = 30
FIELDS = {
    "roads": {
        "class": "String",
        "name": "String",
        "route": "String",
        "structure": "String",
        "oneway": "Number",
        "row": "Number",
    },
    "clearance": {
        "label": "String",
        "share": "Number",
        "evidence": "String",
        "confidence": "Number",
        "age": "Number",
    },
}


@router.get("/{layer}.json", dependencies=[PUBLIC])
async def tilejson(request: Request, shared: Shared, layer: str) -> dict[str, Any]:
    """TileJSON 3 of a layer: `roads` or `clearance`."""
    if layer not in FIELDS:
        raise NotFoundError(f"there is no layer {layer!r}; there are {', '.join(FIELDS)}")
    west, south, east, north = (edge / 1e7 for edge in shared.network.bbox_e7)
    version = shared.network.network_id
    return {
        "tilejson": "3.0.0",
        "name": f"{shared.network.name} {layer}",
        "attribution": shared.network.attribution,
        "tiles": [f"{request.base_url}tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?v={version}"],
        "minzoom": ZOOM_MIN,
        "maxzoom": ZOOM_MAX,
        "bounds": [west, south, east, north],
        "vector_layers": [{"id": layer, "fields": FIELDS[layer], "minzoom": ZOOM_MIN, "maxzoom": ZOOM_MAX}],
    }


@router.get("/{layer}/{z}/{x}/{y}.mvt", response_class=Response, dependencies=[PUBLIC])
async def tile(request: Request, shared: Shared, layer: str, z: int, x: int, y: int) -> Response:
    """One tile; 204 where there is nothing to show. Labels are those of the latest public cut."""
    key = TileKey(z, x, y)
    if layer not in FIELDS or not key.exists:
        raise NotFoundError(f"there is no tile {layer}/{z}/{x}/{y}; zooms are {ZOOM_MIN} to {ZOOM_MAX}")
    etag, fresh_s, make = await _version(shared, layer, key)
    headers = {"etag": etag, "cache-control": f"public, max-age={fresh_s}"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    content = await asyncio.to_thread(make)
    return Response(content, 200 if content else 204, media_type=MEDIA_TYPE if content else None, headers=headers)


async def _version(shared: Context, layer: str, key: TileKey) -> tuple[str, int, Callable[[], bytes]]:
    """What a tile depends on, for how long it may be kept without asking, and how it is made. Ages change with the
    minute."""
    network_id = shared.network.network_id
    if layer == "roads":
        return f'"{network_id}"', ROADS_S, partial(shared.tiles.roads, key)
    cut, now_us = await shared.live.public_cut(), wall_clock.now_us()
    etag = f'"{network_id}-{cut.cut_us}-{now_us // MINUTE_US}"'
    return etag, FRESH_S, partial(shared.tiles.clearance, key, cut.views, now_us)
