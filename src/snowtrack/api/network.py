"""`/v1/network`: which roads this server speaks of."""

from typing import Any

from fastapi import APIRouter, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import PUBLIC

router = APIRouter(prefix="/v1", tags=["network"])
FRESH_S = 30


@router.get("/network", dependencies=[PUBLIC])
async def network(answer: Response, shared: Shared) -> dict[str, Any]:
    """Name, version and extent of the road network."""
    roads = shared.network
    answer.headers["cache-control"] = f"public, max-age={FRESH_S}"
    return {
        "name": roads.name,
        "network_id": roads.network_id,
        "bbox": [edge / 1e7 for edge in roads.bbox_e7],
        "segments": len(roads),
        "attribution": roads.attribution,
    }
