"""`/v1/roads`: "my road", found by its name or by where somebody is."""

import asyncio
from math import isfinite
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.errors import BadRequestError
from snowtrack.clearance.groups import Groups
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.summaries import CLOSED, DONE, summarise
from snowtrack.indicators.expected import expected
from snowtrack.network.roads import Roads
from snowtrack.store.routes import Board

router = APIRouter(prefix="/v1/roads", tags=["segments"])
TEXT_MAX = 100
FINISHED = (DONE, CLOSED)
Place = tuple[int, int | None]
"""Of a road among all, and how far away it is in millimetres where that was asked."""


@router.get("", dependencies=[PUBLIC])
async def roads(
    shared: Shared,
    q: Annotated[str | None, Query(max_length=TEXT_MAX, description="a name in kanji, kana or Latin letters")] = None,
    near: Annotated[str | None, Query(max_length=TEXT_MAX, description="latitude,longitude in degrees")] = None,
    within_m: Annotated[int, Query(ge=1, le=2_000, description="how far from there")] = 300,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Roads by name or by distance, best first, as the latest public cut has them: kilometres by label, when they were
    last worked on, and between when what is left may be done, with how sure that is.

    `more` says that there are others besides.
    """
    if (q is None) == (near is None):
        raise BadRequestError("expected either q or near")
    found = await asyncio.to_thread(_found, shared.roads, q, near, within_m)
    cut = await shared.live.public_cut()
    board = await shared.public_board.of(shared.live, cut.cut_us)
    told = await asyncio.to_thread(lambda: [_told(shared.roads, place, cut, board) for place in found[:limit]])
    return {
        "cut_at": cut.at,
        "roads": told,
        "more": len(found) > limit,
    }


def _found(roads: Roads, q: str | None, near: str | None, within_m: int) -> list[Place]:
    if near is None:
        return [(place, None) for place in roads.called(q or "")]
    return list(roads.near(*_degrees_e7(near), within_m))


def _degrees_e7(near: str) -> tuple[int, int]:
    try:
        lat, lon = (float(part) for part in near.split(","))
    except ValueError:
        lat = lon = float("nan")
    if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise BadRequestError("near: expected latitude,longitude in degrees, such as 36.56,136.65")
    return round(lat * 1e7), round(lon * 1e7)


def _told(roads: Roads, found: Place, cut: PublicCut, board: Board) -> dict[str, Any]:
    place, distance_mm = found
    road, rows = roads.roads[place], roads.rows_of(place)
    own = Groups(names={str(road.id): road.name}, member=np.zeros(len(rows), np.int64), row=rows)
    (summary,) = summarise(own, cut.views, roads.network.length_mm)
    left = rows[~np.isin(cut.views.label[rows], FINISHED)]
    when = expected(board.roads, board.progress, left, board.around.now_us)
    return {
        **summary.as_json(),
        "reading": road.reading,
        "routes": road.routes,
        "district": road.district,
        "priority": road.priority or None,
        "distance_m": None if distance_mm is None else distance_mm / 1000,
        "expected": when and when.as_json(),
    }
