"""`/v1/routes`: how far each route is, and the segments of one in planned order."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from snowtrack.api.context import Shared
from snowtrack.api.doors import Looking
from snowtrack.api.errors import NotFoundError
from snowtrack.api.paging import page
from snowtrack.clearance.routes import ID_SIGNS_MAX, Route
from snowtrack.indicators.progress import RouteState, place_labels
from snowtrack.model.access import Right
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import ABSENT_64, Bools
from snowtrack.model.states import LABELS
from snowtrack.store.routes import Board

router = APIRouter(prefix="/v1/routes", tags=["routes"])
Limit = Annotated[int, Query(ge=1, le=1_000)]


@router.get("")
async def routes(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    shared: Shared,
    who: Looking,
    agency: str | None = None,
    district: str | None = None,
    priority: Annotated[int | None, Query(ge=0, le=9)] = None,
    state: RouteState | None = None,
    after: Annotated[str, Query(max_length=2 * ID_SIGNS_MAX + 1, description="continue after this agency/route")] = "",
    limit: Limit = 200,
) -> dict[str, Any]:
    """Routes of one's agencies by agency and id, each with what is planned, done and left, who works on it, when it may
    be done with its confidence, and whether it is overdue. `registered` is false for those that the network itself
    comes to.

    `next` names the route to continue after, while there is more.
    """
    scope = who.scope(Right.LOOK)
    board = await shared.board.of(shared.live)
    wanted = {"agency": agency, "district": district, "priority": priority}
    asked = {name: value for name, value in wanted.items() if value is not None}
    chosen = [
        place
        for place, route in enumerate(board.roads.routes.routes)
        if route.agency in scope
        and all(getattr(route, name) == value for name, value in asked.items())
        and (state is None or board.progress.state(place) is state)
    ]
    shown, following = page(chosen, lambda place: board.roads.routes.routes[place].key, after, limit)
    return {**_moment(board), "routes": [_described(board, place) for place in shown], "next": following}


@router.get("/{agency}/{route}")
async def route(
    shared: Shared,
    who: Looking,
    agency: str,
    route: str,
    after: Annotated[int, Query(ge=0, description="continue after this position")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> dict[str, Any]:
    """One route, and its segments in planned order with their labels, each direction that counts by itself; without a
    label where another agency does not share the state of its roads."""
    board = await shared.board.of(shared.live)
    keys = [one.key for one in board.roads.routes.routes]
    if (agency, route) not in keys:
        raise NotFoundError(f"there is no route {agency}/{route}")
    place = keys.index((agency, route))
    segments = _segments(board, place, shared.live.shown(who.scope(Right.LOOK)))
    shown = segments[after : after + limit]
    more = after + limit < len(segments)
    return {
        **_moment(board),
        **_described(board, place),
        "segments": shown,
        "next": after + limit if more else None,
    }


def _moment(board: Board) -> dict[str, Any]:
    around = board.around
    return {"at": utc_text(around.now_us), "event_start": utc_text(around.event_us)}


def _described(board: Board, place: int) -> dict[str, Any]:
    one = board.roads.routes.routes[place]
    missing = int(board.roads.missing[place])
    return {**_named(one), **board.progress.as_json(place), "segments_not_on_map": missing}


def _named(one: Route) -> dict[str, Any]:
    return {
        "agency": one.agency,
        "route": one.id,
        "name": one.name,
        "district": one.district,
        "priority": one.priority,
        "contractor": one.contractor,
        "machine": one.machine,
        "registered": one.registered,
    }


def _segments(board: Board, place: int, shown: Bools) -> list[dict[str, Any]]:
    own = board.roads.places.take(board.roads.places.route == place)
    label, covered_mm, _ = place_labels(own, board.ledger, board.around, board.table)
    last_us = board.ledger.columns["last_us"][own.row, own.way]
    length_mm = board.roads.length_mm[own.row]
    share = covered_mm * 100 // np.maximum(length_mm, 1)
    both = board.roads.both_ways[own.row]
    direction = np.where(both, 1 - 2 * own.way, 0)
    columns = (board.roads.segment_id[own.row], direction, shown[own.row], label, length_mm, share, last_us)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        {
            "position": position,
            "id": id_,
            "direction": way,
            "label": str(LABELS[number]) if told else None,
            "length_m": mm / 1000,
            "share": percent if told else None,
            "last_at": utc_text(at_us) if told and at_us != ABSENT_64 else None,
        }
        for position, (id_, way, told, number, mm, percent, at_us) in enumerate(rows, start=1)
    ]
