"""The residents' page and the two views that it reads."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal_bridge.public_view import PublicView, SourceAwayError, ViewReader
from snowtrack.serving import CommonHeaders, mount_pages

PAGES = Path(__file__).with_name("pages")
CACHE = "public, max-age=20"


def create_app(reader: ViewReader) -> Starlette:
    """Everything here is public and the same for everyone."""

    async def segments(request: Request) -> Response:
        view = await reader.read()
        return _answer(request, view, view.geojson, "application/geo+json")

    async def roads(request: Request) -> Response:
        view = await reader.read()
        return _answer(request, view, view.roads, "application/json")

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def source_away(_request: Request, _error: Exception) -> Response:
        content = {"status": 503, "detail": "the road state cannot be read just now"}
        return JSONResponse(content, 503, media_type="application/problem+json")

    app = Starlette(
        routes=[Route("/segments.geojson", segments), Route("/roads.json", roads), Route("/healthz", healthz)],
        exception_handlers={SourceAwayError: source_away},
    )
    app.add_middleware(CommonHeaders)
    mount_pages(app, PAGES)
    return app


def _answer(request: Request, view: PublicView, content: bytes, media_type: str) -> Response:
    headers = {"etag": view.etag, "cache-control": CACHE}
    if request.headers.get("if-none-match") == view.etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
