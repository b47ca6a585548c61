"""`/v1/state/{network}.bin`: the latest public cut as one small array, for whole networks at once."""

from gzip import decompress
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.errors import NotFoundError

router = APIRouter(prefix="/v1", tags=["segments"])
MEDIA_TYPE = "application/vnd.snowtrack.state"
FRESH_S = 30


@router.get("/state/{network_id}.bin", response_class=Response, dependencies=[PUBLIC])
async def public_state(
    request: Request,
    shared: Shared,
    network_id: str,
    made: Annotated[
        int | None, Query(alias="cut", description="the cut that is expected; it may be kept for good")
    ] = None,
) -> Response:
    """Label, age and confidence of every segment, a byte each, in the order of the property `row` of the tiles of roads
    (docs/state-array.md)."""
    own_id = shared.network.network_id
    if network_id != own_id:
        raise NotFoundError(f"there is no state of network {network_id!r}; the network of this server is {own_id}")
    cut = await shared.live.public_cut()
    headers = {
        "etag": cut.etag(own_id),
        "cache-control": "public, max-age=86400, immutable" if made == cut.cut_us else f"public, max-age={FRESH_S}",
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    content = await shared.cut_array.of(own_id, cut)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(content, media_type=MEDIA_TYPE, headers=headers | {"content-encoding": "gzip"})
    return Response(decompress(content), media_type=MEDIA_TYPE, headers=headers)
