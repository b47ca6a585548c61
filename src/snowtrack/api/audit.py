"""`/v1/audit`: who did what, and who looked at where machines were."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from snowtrack.api.context import Shared
from snowtrack.api.doors import Reviewing
from snowtrack.model.access import EVERY, Right
from snowtrack.model.calendar import utc_text
from snowtrack.store.access import read_audit

router = APIRouter(prefix="/v1/audit", tags=["session"])
ENTRY_MAX = 2**53 - 1


@router.get("")
async def audit(
    shared: Shared,
    who: Reviewing,
    before: Annotated[int, Query(ge=1, le=ENTRY_MAX, description="continue before this id")] = ENTRY_MAX,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """Entries of one's agencies, newest first; signing in is told to who reviews all agencies. `next` names the id to
    continue before, while there is more."""
    scope = who.scope(Right.REVIEW)
    async with shared.pool.connection() as connection:
        found = await read_audit(connection, scope, before=before, limit=limit + 1)
    return {
        "entries": [
            {
                "id": one.number,
                "at": utc_text(one.at_us),
                "who": one.who,
                "action": one.action,
                "agencies": [agency for agency in one.agencies if agency in scope or agency == EVERY],
                "what": one.what,
            }
            for one in found[:limit]
        ],
        "next": found[limit - 1].number if len(found) > limit else None,
    }
