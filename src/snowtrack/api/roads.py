"""`/v1/roads`: "my road", found by its name or by where somebody is, or among all."""

import asyncio
from math import isfinite
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

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
ID_MAX = 2**53 - 1
FRESH_S = 30
FINISHED = (DONE, CLOSED)
Place = tuple[int, int | None]
"""Of a road among all, and how far away it is in millimetres where that was asked."""


class Asked(BaseModel):
    """Which roads."""

    q: Annotated[str | None, Field(max_length=TEXT_MAX, description="a name in kanji, kana or Latin letters")] = None
    near: Annotated[str | None, Field(max_length=TEXT_MAX, description="latitude,longitude in degrees")] = None
    within_m: Annotated[int, Field(ge=1, le=2_000, description="how far from there")] = 300
    after: Annotated[int | None, Field(ge=1, le=ID_MAX, description="continue after this road's id")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


@router.get("", dependencies=[PUBLIC])
async def roads(answer: Response, shared: Shared, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """Roads by name or by distance, best first, or else all, those that are cleared first, first; as the latest public
    cut has them: kilometres by label, when they were last worked on, and between when what is left may be done, with
    how sure that is.

    `next` names the id to continue after, while there is more.
    """
    if asked.q is not None and asked.near is not None:
        raise BadRequestError("expected q or near, not both")
    left = await asyncio.to_thread(_found, shared.roads, asked)
    cut = await shared.live.public_cut()
    board = await shared.public_board.of(shared.live, cut.cut_us)
    shown = left[: asked.limit]
    told = await asyncio.to_thread(lambda: [_told(shared.roads, place, cut, board) for place in shown])
    # Where somebody is stays with whom it was told.
    answer.headers["cache-control"] = "no-store" if asked.near is not None else f"public, max-age={FRESH_S}"
    return {
        "cut_at": cut.at,
        "roads": told,
        "next": told[-1]["id"] if len(left) > len(shown) else None,
    }


def _found(roads: Roads, asked: Asked) -> list[Place]:
    found: list[Place]
    if asked.near is not None:
        found = list(roads.near(*_degrees_e7(asked.near), asked.within_m))
    else:
        found = [(place, None) for place in (roads.urgent if asked.q is None else roads.called(asked.q))]
    if asked.after is None:
        return found
    ids = [roads.roads[place].id for place, _ in found]
    # What was read before is not among them after a change of the network; nothing follows it.
    return found[ids.index(asked.after) + 1 :] if asked.after in ids else []


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
        "bbox": [edge / 1e7 for edge in roads.bbox_e7(place)],
        "distance_m": None if distance_mm is None else distance_mm / 1000,
        "expected": when and when.as_json(),
    }
