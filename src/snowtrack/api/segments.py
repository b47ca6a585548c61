"""`/v1/segments`: the public's view of all roads, and the facts of one segment."""

from math import nan
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from snowtrack.api.context import Shared
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.clearance.labels import label_direction
from snowtrack.clearance.view import untouched
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import Int32s
from snowtrack.model.states import DirectionFacts, Label
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass
from snowtrack.store.devices import devices_silent_since
from snowtrack.store.instants import to_us
from snowtrack.store.states import read_public_cut, read_states_of

router = APIRouter(prefix="/v1", tags=["segments"])
ID_MAX = 2**53 - 1
NEVER = {key: value for key, value in untouched(0).as_json().items() if key != "id"}


@router.get("/segments", response_class=Response)
async def public_segments(
    request: Request,
    shared: Shared,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    after: Annotated[int, Query(ge=0, le=ID_MAX, description="continue after this segment id")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> Response:
    """GeoJSON of the latest public cut: made every few minutes, times rounded, no machines.

    `next` names the id to continue after, while there is more.
    """
    async with shared.pool.connection() as connection:
        cut = await read_public_cut(connection, shared.network.network_id)
    cut_us = 0 if cut is None else to_us(cut[0])
    etag = f'"{shared.network.network_id}-{cut_us}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    views = {view["id"]: view for view in orjson.loads(cut[1])} if cut else {}
    rows = _rows(shared.network, bbox, after)
    shown = rows[: min(limit, shared.settings.api.page_segments_max)]
    content = {
        "type": "FeatureCollection",
        "network": shared.network.network_id,
        "attribution": shared.network.attribution,
        "cut_at": None if cut is None else utc_text(cut_us),
        "next": int(shared.network.segment_id[shown[-1]]) if len(shown) < len(rows) else None,
        "features": [_feature(shared.network, row, views) for row in shown.tolist()],
    }
    headers = {"etag": etag, "cache-control": "public, max-age=30"}
    return Response(orjson.dumps(content), media_type="application/geo+json", headers=headers)


@router.get("/segments/{segment_id}")
async def segment(shared: Shared, segment_id: Annotated[int, Path(ge=1, le=ID_MAX)]) -> dict[str, Any]:
    """The facts of one segment, each direction with what is covered, since when and by what evidence."""
    row = int(shared.network.rows_of([segment_id])[0])
    if row < 0:
        raise NotFoundError(f"there is no segment {segment_id} in network {shared.network.network_id}")
    async with shared.pool.connection() as connection:
        facts = await read_states_of(connection, segment_id)
        now_us = shared.live.now_us()
        silent = await devices_silent_since(connection, now_us - shared.live.silence_us)
    labels = [
        label_direction(one, now_us=now_us, silent=one.last_device in silent, policy=shared.live.policy)
        for one in facts
    ]
    view = shared.live.views.get(segment_id, untouched(segment_id))
    return {
        **_describe(shared.network, row),
        "length_m": int(shared.network.length_mm[row]) / 1000,
        **{key: value for key, value in view.as_json().items() if key != "id"},
        "directions": [_direction(one, label) for one, label in zip(facts, labels, strict=True)],
    }


def _rows(network: Network, bbox: str | None, after: int) -> Int32s:
    """Segments in the order of their ids, those after the given one; with a box, those whose extent meets it."""
    chosen = network.segment_id > after
    if bbox is not None:
        west, south, east, north = _degrees(bbox)
        first = network.shape_offsets[:-1]
        lat, lon = network.shape_lat_e7 / 1e7, network.shape_lon_e7 / 1e7
        chosen = chosen & (np.maximum.reduceat(lon, first) >= west) & (np.minimum.reduceat(lon, first) <= east)
        chosen = chosen & (np.maximum.reduceat(lat, first) >= south) & (np.minimum.reduceat(lat, first) <= north)
    return network.rows_by_id[chosen[network.rows_by_id]]


def _degrees(bbox: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(edge) for edge in bbox.split(","))
    except ValueError:
        west = south = east = north = nan
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadRequestError("bbox: expected west,south,east,north in degrees, such as 136.6,36.5,136.7,36.6")
    return west, south, east, north


def _feature(network: Network, row: int, views: dict[int, dict[str, Any]]) -> dict[str, Any]:
    part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
    lons, lats = (network.shape_lon_e7[part] / 1e7).tolist(), (network.shape_lat_e7[part] / 1e7).tolist()
    described = _describe(network, row)
    return {
        "type": "Feature",
        "id": described["id"],
        "geometry": {"type": "LineString", "coordinates": list(zip(lons, lats, strict=True))},
        "properties": {
            **NEVER,
            **described,
            "length_m": int(network.length_mm[row]) / 1000,
            **views.get(described["id"], {}),
        },
    }


def _describe(network: Network, row: int) -> dict[str, Any]:
    footway = network.kind[row] == Kind.FOOTWAY
    return {
        "id": int(network.segment_id[row]),
        "name": network.text(int(network.name_text[row])),
        "route": network.text(int(network.route_text[row])),
        "class": "footway" if footway else RoadClass(int(network.road_class[row])).name.lower(),
        "manager": Manager(int(network.manager[row])).name.lower(),
    }


def _direction(facts: DirectionFacts, label: Label) -> dict[str, Any]:
    return {
        "direction": facts.direction,
        "label": str(label),
        "share": facts.share_permille // 10,
        "done_at": None if facts.done_us is None else utc_text(facts.done_us),
        "last_at": utc_text(facts.last_us),
        "passes": facts.passes,
        "evidence": facts.evidence.name.lower(),
        "intervals_m": [[start / 1000, to / 1000] for start, to in facts.covered_mm],
    }
