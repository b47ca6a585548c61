"""`/v1/summaries/{by}`: the latest public cut by agency, district, area, route, class of road or cell."""

import asyncio
from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.formats import CSV, MARK, csv_lines
from snowtrack.clearance.groups import CELL_RESOLUTIONS, By
from snowtrack.clearance.summaries import summarise

router = APIRouter(prefix="/v1/summaries", tags=["segments"])
ID_MAX = 200
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
    shared: Shared,
    by: By,
    resolution: Resolution = 7,
    after: Annotated[str, Query(max_length=ID_MAX, description="continue after this id")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> dict[str, Any]:
    """Of each group its kilometres by label, the share that is done of what is open, when it was last worked on, and
    since when all is done that is. An area (工区) is what routes name as their district.

    `next` names the id to continue after, while there is more.
    """
    cut = await shared.live.public_cut()
    groups = await shared.summary_desk.groups(shared.live, by, resolution)
    found = await asyncio.to_thread(lambda: list(summarise(groups, cut.views, shared.network.length_mm)))
    shown = list(islice((one for one in found if one.id > after), limit))
    return {
        "by": by,
        "cut_at": cut.at,
        "summaries": [one.as_json() for one in shown],
        "next": shown[-1].id if shown and shown[-1].id != found[-1].id else None,
    }
