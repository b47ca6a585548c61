"""`/healthz`: this process lives; `/readyz`: all that it needs is there; `/metrics`: figures for Prometheus."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from psycopg import Error as DatabaseError

from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC, Operating
from snowtrack.api.ingests import FAULTS
from snowtrack.live.bus import News
from snowtrack.model.access import Right
from snowtrack.model.errors import StoreError

router = APIRouter(tags=["health"])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_READY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": {"ready": True, "faults": {}}}}},
    503: {
        "description": "Something is missing",
        "content": {"application/json": {"example": {"ready": False, "faults": {"database": "does not answer"}}}},
    },
}


@router.get("/healthz", dependencies=[PUBLIC])
async def healthz() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "ok"}


@router.get("/readyz", responses=_READY, dependencies=[PUBLIC])
async def readyz(request: Request, shared: Shared) -> JSONResponse:
    """503, with what is missing, while anything is; why, is for who may operate all of it."""
    faults = await _faults(shared)
    if faults and not await _operates(request, shared):
        faults = dict.fromkeys(faults, "is not well")
    return JSONResponse({"ready": not faults, "faults": faults}, 503 if faults else 200)


@router.get("/metrics", response_class=Response)
async def metrics(shared: Shared, _who: Operating) -> Response:
    """What the services of this instance last said of themselves."""
    registry = CollectorRegistry()
    for name, (text, value) in _gauges(shared).items():
        Gauge(name, text, registry=registry).set(value)
    rejects = Gauge("snowtrack_rejects_total", "Lines that could not be used", ["reason"], registry=registry)
    for reason, count in shared.live.ingest.get("rejects", {}).items():
        rejects.labels(reason).set(count)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE)


async def _operates(request: Request, shared: Context) -> bool:
    try:
        who = await shared.gate.who(request)
    except (DatabaseError, StoreError):
        return False
    return who is not None and who.scope(Right.OPERATE).is_every


async def _faults(shared: Context) -> dict[str, str]:
    faults = {}
    try:
        async with shared.pool.connection(timeout=2) as connection:
            await connection.execute("select 1")
    except (DatabaseError, StoreError):
        faults["database"] = "does not answer"
    for service in (News.INGEST, News.FOLD):
        if not shared.live.is_up(service):
            faults[str(service)] = "was not heard lately"
    ingest, fold = shared.live.ingest, shared.live.news.get(News.FOLD, {})
    said = {f"ingest {part}": ingest.get(part) for part in FAULTS} | {"fold fault": fold.get("fault")}
    faults |= {name: fault for name, fault in said.items() if fault}
    if lost := ingest.get("acknowledged_lost", 0):
        faults["ingest acknowledged_lost"] = f"{lost} places of the spool were damaged; what stood there is beside it"
    return faults


def _gauges(shared: Context) -> dict[str, tuple[str, float]]:
    live = shared.live
    ingest = live.ingest
    fresh = ingest.get("freshness_ms", {})
    return {
        "snowtrack_messages_total": ("Messages taken in", ingest.get("messages", 0)),
        "snowtrack_fixes_total": ("Fixes stored", ingest.get("fixes", 0)),
        "snowtrack_doubled_total": ("Fixes that were stored already", ingest.get("doubled", 0)),
        "snowtrack_waiting_messages": ("Messages in hand, not yet committed", ingest.get("waiting", 0)),
        "snowtrack_spool_bytes": ("On the disk, since the database could not take it", ingest.get("spool_bytes", 0)),
        "snowtrack_acknowledged_lost_total": ("Damaged places of the spool", ingest.get("acknowledged_lost", 0)),
        "snowtrack_strangers_total": ("Messages on topics that are no tracker's", ingest.get("strangers", 0)),
        "snowtrack_unsaid_total": ("Confirmations that the broker did not take at once", ingest.get("unsaid", 0)),
        "snowtrack_news_dropped_total": ("News to the API that were too many", ingest.get("news_dropped", 0)),
        "snowtrack_freshness_p99_ms": ("From receiving a message to its head", fresh.get("p99") or 0.0),
        "snowtrack_live_subscribers": ("Readers of /v1/live", len(live.hub.subscribers)),
        "snowtrack_delta_number": ("Number of the last delta", live.number),
        "snowtrack_ingest_workers": ("Ingest workers heard lately", ingest.get("workers", 0)),
        "snowtrack_ingest_up": ("Ingest was heard lately", int(live.is_up(News.INGEST))),
        "snowtrack_fold_up": ("The fold was heard lately", int(live.is_up(News.FOLD))),
    }
