"""The public view, kept for a moment: all of `/v1/segments`, as GeoJSON and by road."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from portal_bridge.roads import summarise_roads

PAGE = 10_000
PAGES_MAX = 200
FRESH_S = 20.0
AWAY_S = 2.0
TIMEOUT_S = 10.0


class SourceAwayError(Exception):
    """snowtrack does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicView:
    """Encoded once for all readers. `etag` is what snowtrack calls this cut."""

    etag: str
    geojson: bytes
    roads: bytes


@dataclass(slots=True)
class ViewReader:
    """Reads the view when it is older than `FRESH_S`; readers that come meanwhile wait for the same reading.

    They share its failure too: snowtrack is not asked again within `AWAY_S`, or each would wait for its own time-out.
    """

    client: httpx.AsyncClient
    view: PublicView | None = None
    fault: str | None = None
    read_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> PublicView:
        async with self.lock:
            if time.monotonic() - self.read_at > (FRESH_S if self.fault is None else AWAY_S):
                await self._refresh()
            if self.view is None or self.fault is not None:
                raise SourceAwayError(self.fault)
            return self.view

    async def _refresh(self) -> None:
        self.fault = None
        try:
            self.view = await self._fetch(self.view)
        except SourceAwayError as error:
            self.fault = str(error)
        self.read_at = time.monotonic()

    async def _fetch(self, known: PublicView | None) -> PublicView:
        try:
            first = await self._page(0, known)
            if first is None and known is not None:
                return known
            return await self._all(first)
        except (httpx.HTTPError, KeyError, TypeError, orjson.JSONDecodeError) as error:
            raise SourceAwayError(repr(error)) from error

    async def _all(self, first: httpx.Response | None) -> PublicView:
        """Follow the pages; a cut that changes in between is read from its start the next time."""
        pages: list[dict[str, Any]] = []
        response, etag = first, ""
        while response is not None and len(pages) < PAGES_MAX:
            etag = etag or response.headers.get("etag", "")
            pages.append(orjson.loads(response.content))
            response = await self._page(pages[-1]["next"], None) if pages[-1]["next"] else None
        features = [feature for page in pages for feature in page["features"]]
        head = {key: pages[0][key] for key in ("network", "cut_at", "attribution")}
        roads = summarise_roads(feature["properties"] for feature in features)
        return PublicView(
            etag=etag,
            geojson=orjson.dumps({"type": "FeatureCollection", **head, "features": features}),
            roads=orjson.dumps({**head, "roads": roads}),
        )

    async def _page(self, after: int, known: PublicView | None) -> httpx.Response | None:
        headers = {} if known is None else {"if-none-match": known.etag}
        response = await self.client.get("/v1/segments", params={"after": after, "limit": PAGE}, headers=headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        return response.raise_for_status()
