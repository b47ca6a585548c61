"""The doors of the API: each route names one, and a test goes from door to door.

Where an address names an agency, the right must be given for that one. Where it does not, the route shows what belongs
to the agencies of `Principal.scope`, and nothing else.
"""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from psycopg import Error as DatabaseError

from snowtrack import wall_clock
from snowtrack.api.context import Context, Shared
from snowtrack.api.cross_origin import open_to_pages
from snowtrack.api.gate import COOKIE
from snowtrack.model.access import Principal, Right, Scope
from snowtrack.model.errors import StoreError
from snowtrack.store.access import Entry, note

WHAT_SIGNS_MAX = 500
NOTE_S = 2.0

log = structlog.get_logger()

_BEARER = Depends(HTTPBearer(auto_error=False, scheme_name="key", description="a key of `snowtrack keys make`"))
_SESSION = Depends(APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="who signed in"))


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in who has the right. `noted`: positions are seen behind it, so that each look is written down; of those
    that have a name `as_one`, one in a minute. `by_contractor`: the route itself looks at what a contractor may see.
    `of_every`: agencies cannot be told apart."""

    right: Right | None
    noted: bool = False
    as_one: str = ""
    by_contractor: bool = False
    of_every: bool = False

    async def __call__(
        self, request: Request, shared: Shared, _bearer: object = _BEARER, _session: object = _SESSION
    ) -> Principal:
        who = await shared.gate.who(request)
        if who is None:
            raise HTTPException(401, "sign in, or show a key", {"www-authenticate": "Bearer"})
        if self.right is not None:
            agency = request.path_params.get("agency")
            scope = who.scope(self.right)
            if not self._opens(who, agency, scope):
                raise HTTPException(403, f"the right to {self.right}{f' at {agency}' if agency else ''} is not given")
            what = self.as_one or request.url.path + (f"?{request.url.query}" if request.url.query else "")
            if self.noted and not (self.as_one and shared.gate.has_just_done(who, what)):
                await _write_down(shared, who, scope if agency is None else Scope(frozenset({agency})), what)
        return who

    def _opens(self, who: Principal, agency: str | None, scope: Scope) -> bool:
        if agency is None:
            return scope.is_every if self.of_every else bool(scope)
        by_contractor = self.by_contractor and self.right is not None and who.contractors(self.right, agency)
        return agency in scope or bool(by_contractor)


async def _write_down(shared: Context, who: Principal, scope: Scope, what: str) -> None:
    """Note who looks at what; while the database is away, in the process's log: the map goes on then."""
    entry = Entry(who=who.name, action="look", agencies=tuple(sorted(scope.agencies)), what=what[:WHAT_SIGNS_MAX])
    try:
        async with shared.pool.connection(timeout=NOTE_S) as connection:
            await note(connection, entry, wall_clock.now_us())
    except (StoreError, DatabaseError):
        log.error("api: a look that the database could not note", who=entry.who, what=entry.what)


async def _public(request: Request) -> None:
    """Open to all, on pages of other servers, too: what is behind it comes from the public's cut, or never changes."""
    open_to_pages(request.scope)


PUBLIC = Depends(_public)
SignedIn = Annotated[Principal, Depends(Door(None))]
Looking = Annotated[Principal, Depends(Door(Right.LOOK))]
Watching = Annotated[Principal, Depends(Door(Right.LOOK, noted=True))]
WatchingTiles = Annotated[Principal, Depends(Door(Right.LOOK, noted=True, as_one="/tiles/machines"))]
Reporting = Annotated[Principal, Depends(Door(Right.REPORT, noted=True, by_contractor=True))]
Telling = Annotated[Principal, Depends(Door(Right.TELL))]
Deciding = Annotated[Principal, Depends(Door(Right.TELL, of_every=True))]
Sending = Annotated[Principal, Depends(Door(Right.SEND))]
Reviewing = Annotated[Principal, Depends(Door(Right.REVIEW))]
Operating = Annotated[Principal, Depends(Door(Right.OPERATE, of_every=True))]
