"""The residents' page, and what it reads: the API's public routes, passed on."""

import time
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from portal_bridge.answers import GZIP, Question
from portal_bridge.compressed_pages import CompressedPages
from portal_bridge.cut_words import CutWords
from portal_bridge.public_routes import LIVE, address_at_source
from portal_bridge.source import Source, SourceAwayError
from snowtrack.serving import CommonHeaders, mount_pages, network_of

PAGES = Path(__file__).with_name("pages")
STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def create_app(source: Source, words: CutWords) -> Starlette:
    """Everything here is public and the same for everyone."""

    async def passed_on(request: Request) -> Response:
        address = address_at_source(request.scope["path"], request.query_params)
        if address is None:
            return _problem(404, "there is nothing for residents at this address")
        encoding = GZIP if GZIP in request.headers.get("accept-encoding", "") else "identity"
        # A TileJSON says where tiles are, as whoever asks sees this server.
        host = request.headers.get("host", "") if address.endswith(".json") else ""
        if not host.isascii():
            return _problem(400, "expected the name of this host in ASCII")
        question = Question(address, host, encoding)
        answer = await source.ask(question, _caller(request))
        return answer.respond(request.headers.get("if-none-match", ""), time.monotonic())

    async def live(request: Request) -> Response:
        reader = network_of("" if request.client is None else request.client.host)
        if words.is_full(reader):
            return _problem(503, "too many listen just now")
        events = words.events(reader, request.headers.get("last-event-id", ""))
        return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def source_away(_request: Request, _error: Exception) -> Response:
        return _problem(503, "the road state cannot be read just now")

    app = Starlette(
        routes=[
            Route(LIVE, live),
            Route("/v1/{rest:path}", passed_on),
            Route("/tiles/{rest:path}", passed_on),
            Route("/healthz", healthz),
        ],
        exception_handlers={SourceAwayError: source_away},
    )
    app.add_middleware(CompressedPages, folder=PAGES)
    app.add_middleware(CommonHeaders)
    mount_pages(app, PAGES)
    return app


def _caller(request: Request) -> dict[str, str]:
    """Whose question it is, as a proxy says it: each resident has its own share of what the API answers."""
    address = "" if request.client is None else request.client.host
    return {"x-forwarded-for": address, "x-forwarded-proto": request.url.scheme}


def _problem(status: int, detail: str) -> Response:
    headers = {"retry-after": "5"} if status == 503 else None
    return JSONResponse({"status": status, "detail": detail}, status, headers, "application/problem+json")
