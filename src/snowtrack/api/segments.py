"""`/v1/segments`: the public's view of all roads, and the facts of one segment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from math import nan
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC, Looking
from snowtrack.api.errors import RETRY, BadRequestError, NotFoundError
from snowtrack.api.formats import CSV, GEOJSON, MARK, csv_lines_of, feature
from snowtrack.clearance.ledger import Directions
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.public_segments import describe, public_segments
from snowtrack.model.access import Right
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import ABSENT_64, Int32s
from snowtrack.model.states import LABELS, States
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Network
from snowtrack.network.roads import Roads
from snowtrack.store.events import Closure

router = APIRouter(prefix="/v1", tags=["segments"])
ID_MAX = 2**53 - 1
FILE_S_MAX = 300.0
Box = tuple[float, float, float, float]
PORTION = 2_000


@router.get("/segments", response_class=Response, dependencies=[PUBLIC])
async def segments(
    request: Request,
    shared: Shared,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    after: Annotated[int, Query(ge=0, le=ID_MAX, description="continue after this segment id")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> Response:
    """GeoJSON of the latest public cut: made every few minutes, times rounded, no machines.

    `next` names the id to continue after, while there is more.
    """
    cut = await shared.live.public_cut()
    etag = cut.etag(shared.network.network_id)
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    box = None if bbox is None else _degrees(bbox)
    limit = min(limit, shared.settings.api.page_segments_max)
    content = await asyncio.to_thread(lambda: _page(shared.roads, cut, _rows(shared.roads, box, after), limit))
    headers = {"etag": etag, "cache-control": "public, max-age=30"}
    return Response(content, media_type=GEOJSON, headers=headers)


def _page(roads: Roads, cut: PublicCut, rows: Int32s, limit: int) -> bytes:
    network, shown = roads.network, rows[:limit]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "network": network.network_id,
            "attribution": network.attribution,
            "cut_at": cut.at,
            "next": int(network.segment_id[shown[-1]]) if len(shown) < len(rows) else None,
            "features": [feature(one) for one in public_segments(network, cut, shown)],
        }
    )


@router.get("/segments.csv", response_class=StreamingResponse, dependencies=[PUBLIC])
async def segments_csv(request: Request, shared: Shared) -> Response:
    """All of the latest public cut as CSV, each with its line as well-known text."""
    return await _whole(request, shared, CSV, _csv_parts)


@router.get("/segments.geojson", response_class=StreamingResponse, dependencies=[PUBLIC])
async def segments_geojson(request: Request, shared: Shared) -> Response:
    """All of the latest public cut as one GeoJSON document."""
    return await _whole(request, shared, GEOJSON, _geojson_parts)


async def _whole(
    request: Request, shared: Context, form: str, parts: Callable[[Network, PublicCut], Iterator[bytes]]
) -> Response:
    """Some segments at a time, made beside the event loop."""
    cut = await shared.live.public_cut()
    headers = {"etag": cut.etag(shared.network.network_id), "cache-control": "public, max-age=30"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if shared.dumps.locked():
        raise HTTPException(503, "others are fetching whole files just now", RETRY)
    return StreamingResponse(_in_turn(shared, parts(shared.network, cut)), media_type=form, headers=headers)


async def _in_turn(shared: Context, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Few files are made at once, and who reads too slowly leaves room to others."""
    async with shared.dumps, asyncio.timeout(FILE_S_MAX):
        async for part in iterate_in_threadpool(parts):
            yield part


def _csv_parts(network: Network, cut: PublicCut) -> Iterator[bytes]:
    yield MARK.encode()
    for place, rows in enumerate(_portions(network)):
        yield csv_lines_of(public_segments(network, cut, rows), header=place == 0).encode()


def _geojson_parts(network: Network, cut: PublicCut) -> Iterator[bytes]:
    head = {"type": "FeatureCollection", "network": network.network_id, "attribution": network.attribution}
    yield orjson.dumps(head | {"cut_at": cut.at, "features": []})[:-2]
    for place, rows in enumerate(_portions(network)):
        features = [feature(one) for one in public_segments(network, cut, rows)]
        yield (b"," if place else b"") + orjson.dumps(features)[1:-1]
    yield b"]}"


def _portions(network: Network) -> Iterator[Int32s]:
    """All rows by id."""
    for begin in range(0, len(network), PORTION):
        yield network.rows_by_id[begin : begin + PORTION]


@router.get("/segments/{segment_id}")
async def segment(shared: Shared, who: Looking, segment_id: Annotated[int, Path(ge=1, le=ID_MAX)]) -> dict[str, Any]:
    """The facts of one segment, each direction with what is covered, since when and by what evidence; of one's own
    agencies, and of those that share the state of their roads."""
    row = int(shared.network.rows_of([segment_id])[0])
    if row < 0:
        raise NotFoundError(f"there is no segment {segment_id} in network {shared.network.network_id}")
    if not shared.live.shown(who.scope(Right.LOOK))[row]:
        raise HTTPException(403, "whoever manages this road does not share its state of this moment")
    states, directions, closures = await shared.live.segment(row)
    view = shared.live.views.take(np.array([row])).as_json(np.array([segment_id]))[0]
    return {
        **describe(shared.network, row).as_json(),
        "length_m": int(shared.network.length_mm[row]) / 1000,
        **{key: value for key, value in view.items() if key != "id"},
        "directions": [_direction(states, at, directions) for at in range(len(states))],
        "closures": [_closure(one) for one in closures],
    }


def _rows(roads: Roads, box: Box | None, after: int) -> Int32s:
    """Segments in the order of their ids, those after the given one; with a box, those whose extent meets it."""
    chosen = roads.network.segment_id > after
    if box is not None:
        west, south, east, north = (edge * 1e7 for edge in box)
        own_west, own_south, own_east, own_north = roads.edges
        chosen = chosen & (own_east >= west) & (own_west <= east) & (own_north >= south) & (own_south <= north)
    return roads.network.rows_by_id[chosen[roads.network.rows_by_id]]


def _degrees(bbox: str) -> Box:
    try:
        west, south, east, north = (float(edge) for edge in bbox.split(","))
    except ValueError:
        west = south = east = north = nan
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadRequestError("bbox: expected west,south,east,north in degrees, such as 136.6,36.5,136.7,36.6")
    return west, south, east, north


def _direction(states: States, at: int, directions: Directions) -> dict[str, Any]:
    """What was driven in a direction that is not known has no label where each direction counts."""
    facts = states.facts
    direction, evidence = int(facts.direction[at]), int(facts.evidence[at])
    labelled = direction != 0 or not directions.counts[0, 1]
    return {
        "direction": direction,
        "label": str(LABELS[directions.label[0, int(direction < 0)]]) if labelled else None,
        "share": int(facts.covered_mm[at]) * 100 // int(facts.length_mm[at]),
        "done_at": _time(facts.done_us[at]),
        "as_of": _time(facts.fresh_us[at]),
        "last_at": _time(facts.last_us[at]),
        "passes": int(facts.passes[at]),
        "evidence": Evidence(evidence).name.lower() if evidence >= 0 else None,
        "confidence": int(facts.confidence[at]) // 10,
        "spread_at": _time(facts.spread_us[at]),
        "spreads": int(facts.spreads[at]),
        "intervals_m": [[start / 1000, to / 1000] for start, to in states.covered.of(at)],
    }


def _closure(closure: Closure) -> dict[str, Any]:
    until = None if closure.until_us is None else utc_text(closure.until_us)
    return {"from": utc_text(closure.from_us), "until": until, "reason": closure.reason}


def _time(time_us: np.int64) -> str | None:
    return None if time_us == ABSENT_64 else utc_text(int(time_us))
