"""The application: routes over a context that the service opens and closes."""

from pathlib import Path

from fastapi import FastAPI

from snowtrack import __doc__ as purpose
from snowtrack.api import (
    audit,
    closures,
    devices,
    events,
    health,
    indicators,
    live,
    machine_tiles,
    network,
    observations,
    openid,
    reported,
    roads,
    routes,
    segments,
    sign_in,
    snow,
    state_arrays,
    summaries,
    tiles,
    told_snow,
    trails,
)
from snowtrack.api.bodies import AddressesWithoutNul, BoundedBodies
from snowtrack.api.context import Context
from snowtrack.api.cross_origin import CrossOrigin
from snowtrack.api.description import describe, operation_id
from snowtrack.api.errors import add_error_handlers
from snowtrack.api.limits import RateLimits
from snowtrack.api.tile_desk import PublicTiles
from snowtrack.serving import CommonHeaders, mount_pages

PAGES = Path(__file__).with_name("pages")
PARTS = (
    network,
    segments,
    state_arrays,
    summaries,
    roads,
    devices,
    trails,
    live,
    machine_tiles,  # before those of all layers
    tiles,
    snow,
    told_snow,
    observations,
    reported,
    closures,
    events,
    routes,
    indicators,
    sign_in,
    openid,
    audit,
    health,
)


def create_routes() -> FastAPI:
    """All routes, which say of themselves what they are; without what they need to answer."""
    app = FastAPI(
        title="snowtrack",
        description=purpose or "",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    for part in PARTS:
        app.include_router(part.router)
    describe(app)
    return app


def create_app(context: Context) -> FastAPI:
    """All routes, and the pages at the root."""
    app = create_routes()
    app.state.context = context
    settings = context.settings
    app.add_middleware(BoundedBodies)
    app.add_middleware(CrossOrigin)
    app.add_middleware(AddressesWithoutNul)
    app.add_middleware(CommonHeaders)
    app.add_middleware(PublicTiles, desk=context.tile_desk)
    app.add_middleware(
        RateLimits,
        per_s=settings.api.requests_per_s,
        burst=settings.api.requests_burst,
        tries_per_min=settings.access.tries_per_min,
    )
    add_error_handlers(app)
    mount_pages(app, PAGES)
    return app
