"""`/v1/summaries/{by}`: the latest public cut by agency, district, area, route, class of road or cell; and, for who has
the right, this moment with machines and snow."""

import asyncio
from functools import partial
from itertools import islice
from typing import Annotated, Any, NamedTuple

import numpy as np
from fastapi import APIRouter, Query, Response

from snowtrack import wall_clock
from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC, Looking
from snowtrack.api.formats import CSV, MARK, csv_lines
from snowtrack.api.state import LiveState
from snowtrack.clearance.groups import CELL_RESOLUTIONS, By, Groups
from snowtrack.clearance.moments import GoingOn, Moment, moments
from snowtrack.clearance.summaries import Summary, summarise
from snowtrack.clearance.view import Views
from snowtrack.live.sight import Sight
from snowtrack.model.access import Right
from snowtrack.model.calendar import DAY_US, HOUR_US, utc_text
from snowtrack.model.columns import ABSENT_32, Bools, Int32s, Rows

router = APIRouter(prefix="/v1/summaries", tags=["segments"])
ID_MAX = 200
FRESH_S = 30
After = Annotated[str, Query(max_length=ID_MAX, description="continue after this id")]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Resolution = Annotated[
    int, Query(ge=CELL_RESOLUTIONS[0], le=CELL_RESOLUTIONS[-1], description="of H3, where it is by cell")
]


@router.get("/{by}.csv", response_class=Response, dependencies=[PUBLIC])
async def summaries_csv(shared: Shared, by: By, resolution: Resolution = 7) -> Response:
    """The same, all of it, as CSV."""
    cut = await shared.live.public_cut()
    groups = await shared.summary_desk.groups(shared.live, by, resolution)
    made = partial(csv_lines, summarise(groups, cut.views, shared.network.length_mm), header=True)
    headers = {"content-disposition": f'attachment; filename="summaries-{by}.csv"'}
    return Response(MARK + await asyncio.to_thread(made), media_type=CSV, headers=headers)


@router.get("/{by}", dependencies=[PUBLIC])
async def summaries(
    answer: Response,
    shared: Shared,
    by: By,
    resolution: Resolution = 7,
    after: After = "",
    limit: Limit = 200,
) -> dict[str, Any]:
    """Of each group its kilometres by label, the share that is done of what is open, when it was last worked on, and
    since when all is done that is. An area (工区) is what routes name as their district.

    `next` names the id to continue after, while there is more.
    """
    answer.headers["cache-control"] = f"public, max-age={FRESH_S}"
    cut = await shared.live.public_cut()
    groups = await shared.summary_desk.groups(shared.live, by, resolution)
    found = await asyncio.to_thread(lambda: list(summarise(groups, cut.views, shared.network.length_mm)))
    return {"by": by, "cut_at": cut.at} | _page([(one.id, one) for one in found], after, limit)


@router.get("/{by}/now")
async def summaries_now(
    shared: Shared, who: Looking, by: By, resolution: Resolution = 7, after: After = "", limit: Limit = 200
) -> dict[str, Any]:
    """The same as of this moment, of roads whose state one may see; with one's machines that are at work there, and the
    most that fell in the last hour and day, as far as a sensor near tells."""
    live, sight = shared.live, Sight(who.scope(Right.LOOK))
    groups = await shared.summary_desk.groups(live, by, resolution)
    now_us, number = wall_clock.now_us(), live.number
    seen = Seen(live.views, live.seen(sight), live.rows_at_work(sight))
    found = await asyncio.to_thread(_moments, live, groups, seen, now_us)
    page = _page([(one.summary.id, one) for one in found], after, limit)
    return {"by": by, "at": utc_text(now_us), "number": number} | page


class Seen(NamedTuple):
    """All under one number: the views, which rows are seen, and on which machines are at work."""

    views: Views
    rows: Bools
    working: Rows


def _moments(live: LiveState, groups: Groups, seen: Seen, now_us: int) -> list[Moment]:
    own = groups.within(seen.rows)
    going_on = GoingOn(
        working=seen.working, new_1h_mm=_fallen_mm(live, HOUR_US, now_us), new_24h_mm=_fallen_mm(live, DAY_US, now_us)
    )
    return list(moments(own, summarise(own, seen.views, live.network.length_mm), going_on))


def _fallen_mm(live: LiveState, us: int, now_us: int) -> Int32s:
    segments = len(live.network)
    if live.outlook.snow is None:
        return np.full(segments, ABSENT_32, np.int32)
    return live.outlook.snow.fallen_mm(np.arange(segments), np.full(segments, now_us - us), now_us)


def _page(found: list[tuple[str, Summary]] | list[tuple[str, Moment]], after: str, limit: int) -> dict[str, Any]:
    """So many of them, in the order of their ids."""
    shown = list(islice((one for one in found if one[0] > after), limit))
    more = bool(shown) and shown[-1][0] != found[-1][0]
    return {"summaries": [one.as_json() for _, one in shown], "next": shown[-1][0] if more else None}
