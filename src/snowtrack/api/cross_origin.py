"""Pages of other servers may read what is public, and nothing else: partners put it onto their own maps."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CROSS_ORIGIN = (b"access-control-allow-origin", b"*")
OPEN = "open"


def open_to_pages(scope: Scope) -> None:
    """The answer to this request is public."""
    scope.setdefault("state", {})[OPEN] = True


class CrossOrigin:
    """Says so in the answers, also to those that ask amiss. Cookies are never taken from other pages, so nothing of
    anybody's can be in these."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start" and scope.get("state", {}).get(OPEN):
                others = (one for one in message.get("headers", ()) if one != CROSS_ORIGIN)
                message["headers"] = [*others, CROSS_ORIGIN]
            await send(message)

        await self.app(scope, receive, send_open if scope["type"] == "http" else send)
