"""How often a caller may ask: by address, since who has no right can make up anything else."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from snowtrack.api.errors import problem
from snowtrack.serving import CALLERS_MAX, SECURITY_HEADERS, network_of

TRIES = "/v1/session"
OPENID = f"{TRIES}/openid"
# Asked by whoever watches over this process.
FREE = ("/healthz", "/readyz")
ROUNDING = 1e-9


@dataclass(slots=True)
class Buckets:
    """Each caller's, full at first; a request takes one out, and `per_s` come back, up to `full`. Who asked longest ago
    is forgotten when there are many."""

    per_s: float
    full: float
    clock: Callable[[], float]
    levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait_s(self, caller: str) -> float:
        """Nothing, when there was one to take; else how long until there is."""
        now = self.clock()
        level, then = self.levels.get(caller, (self.full, now))
        level = min(self.full, level + (now - then) * self.per_s)
        taken = level >= 1 - ROUNDING
        self.levels[caller] = (level - 1 if taken else level, now)
        self.levels.move_to_end(caller)
        if len(self.levels) > CALLERS_MAX:
            self.levels.popitem(last=False)
        return 0.0 if taken else (1 - level) / self.per_s


class RateLimits:
    """Answers 429 to who asks more than a page or a program has to; tries to sign in are counted by themselves, too."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_s: float,
        burst: float,
        tries_per_min: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.requests = Buckets(per_s, burst, clock)
        self.tries = Buckets(tries_per_min / 60, tries_per_min, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait_s = self._wait_s(scope) if scope["type"] == "http" and scope["path"] not in FREE else 0.0
        if wait_s > 0:
            retry = {**SECURITY_HEADERS, "retry-after": str(int(wait_s) + 1)}
            await problem(429, "too many requests from this address; wait a moment", retry)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _wait_s(self, scope: Scope) -> float:
        caller = network_of(scope["client"][0] if scope.get("client") else "")
        wait_s = self.requests.wait_s(caller)
        tries = scope["path"].startswith(OPENID) or (scope["method"] == "POST" and scope["path"].startswith(TRIES))
        if not wait_s and tries:
            return self.tries.wait_s(caller)
        return wait_s
