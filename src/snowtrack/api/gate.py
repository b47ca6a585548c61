"""Who asks: by the session of a browser, or by a key that a program shows."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from fastapi import HTTPException, Request
from psycopg import Error as DatabaseError

from snowtrack import wall_clock
from snowtrack.model.access import Principal
from snowtrack.model.calendar import HOUR_US
from snowtrack.model.errors import StoreError
from snowtrack.settings import Access
from snowtrack.store.access import Lifetime, find_by_key, find_by_session
from snowtrack.store.database import StorePool
from snowtrack.store.secrets import SECRET_SIGNS_MAX, hashed

COOKIE = "snowtrack_session"
# What changes of somebody's rights is obeyed after so long.
KEPT_S = 5.0
# An open page asks several times in a minute.
BEFORE_S = 60.0
KEPT_MAX = 4_096
LOOK_UP_S = 2.0
DONE_S = 60.0
AT_ONCE = 2
READING = ("GET", "HEAD", "OPTIONS")


class Known(NamedTuple):
    """Who that is, and when the database said so."""

    principal: Principal | None
    said_s: float


@dataclass(slots=True)
class Gate:
    """One per application. Who was found is kept for a moment; who was not, too, elsewhere, so that many of them take
    nobody's place. Few are looked up at a time: the rest of the connections is for who was let in. `away_s` says since
    when the database is away, `asked_s` when it was asked last."""

    settings: Access
    pool: StorePool
    kept: OrderedDict[tuple[str, bytes], Known] = field(default_factory=OrderedDict)
    strangers: OrderedDict[tuple[str, bytes], Known] = field(default_factory=OrderedDict)
    done: OrderedDict[tuple[Principal, str], float] = field(default_factory=OrderedDict)
    away_s: float | None = None
    asked_s: float = float("-inf")
    looking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def lifetime(self) -> Lifetime:
        return Lifetime(
            whole_us=round(self.settings.session_h * HOUR_US), idle_us=round(self.settings.idle_h * HOUR_US)
        )

    async def who(self, request: Request) -> Principal | None:
        """Nobody, where nothing is shown, or nothing that is good."""
        kind, secret = _shown(request)
        if not secret or len(secret) > SECRET_SIGNS_MAX:
            return None
        found = await self._find(kind, hashed(secret))
        if found is not None and kind == COOKIE and request.method not in READING:
            expect_own_page(request)
        return found

    async def _find(self, kind: str, secret: bytes) -> Principal | None:
        now = time.monotonic()
        if (known := self._known(kind, secret, now)) is not None:
            return known.principal
        async with self.looking:
            # Others who showed the same may have been here meanwhile.
            if (known := self._known(kind, secret, time.monotonic())) is not None:
                return known.principal
            try:
                found = Known(await self._look_up(kind, secret), now)
            except (StoreError, DatabaseError):
                self.asked_s = time.monotonic()
                self.away_s = self.away_s or now
                if (known := self._known(kind, secret, self.asked_s)) is not None:
                    return known.principal
                raise
        self.away_s = None
        self.kept.pop((kind, secret), None)
        into = self.strangers if found.principal is None else self.kept
        into[kind, secret] = found
        into.move_to_end((kind, secret))
        while len(into) > KEPT_MAX:
            into.popitem(last=False)
        return found.principal

    def _known(self, kind: str, secret: bytes, now: float) -> Known | None:
        """Who was found a moment ago. While the database is away, for which it is asked again now and then, also who
        was found just before it went: what was revoked earlier stays so."""
        kept = self.kept.get((kind, secret)) or self.strangers.get((kind, secret))
        if kept is not None and now - kept.said_s < KEPT_S:
            return kept
        if self.away_s is None or now - self.asked_s >= KEPT_S:
            return None
        if kept is None or kept.said_s < self.away_s - BEFORE_S or now - self.away_s > self.settings.idle_h * 3_600:
            raise StoreError("who asks cannot be looked up just now")
        return kept

    async def _look_up(self, kind: str, secret: bytes) -> Principal | None:
        now_us = wall_clock.now_us()
        async with self.pool.connection(timeout=LOOK_UP_S) as connection:
            if kind == COOKIE:
                return await find_by_session(connection, secret, self.lifetime, now_us)
            return await find_by_key(connection, secret, now_us)

    def has_just_done(self, who: Principal, what: str) -> bool:
        """Did this one do the same within the last minute? From now on, yes."""
        now = time.monotonic()
        before = self.done.get((who, what), float("-inf"))
        if now - before < DONE_S:
            return True
        self.done[who, what] = now
        self.done.move_to_end((who, what))
        while len(self.done) > KEPT_MAX:
            self.done.popitem(last=False)
        return False

    def forget(self, secret: str) -> None:
        """Look anew when this is shown again."""
        self.kept.pop((COOKIE, hashed(secret)), None)


def expect_own_page(request: Request) -> None:
    """A browser says which page sends; what it adds of itself is worth nothing when that is a stranger's."""
    host = request.headers.get("host", "")
    if request.headers.get("origin") != f"{request.url.scheme}://{host}":
        raise HTTPException(403, "this is taken from pages of this server only")


def _shown(request: Request) -> tuple[str, str]:
    """A key stands over a session."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "bearer", key.strip()
    return COOKIE, request.cookies.get(COOKIE, "")
