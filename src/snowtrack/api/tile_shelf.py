"""Tiles as they go over the wire, kept while they are the newest: what many maps ask for in a minute is made once.

They are answered before anything else looks at the request, since they are the same for everybody.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from isal.isal_zlib import decompress
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from snowtrack import wall_clock
from snowtrack.api.cross_origin import open_to_pages
from snowtrack.api.state import LiveState
from snowtrack.model.calendar import MINUTE_US

PREFIX = "/tiles/"
MEDIA_TYPE = b"application/vnd.mapbox-vector-tile"
GZIP = 31  # as zlib calls the form
# What a tile takes besides its bytes.
TILE_BYTES = 1_000


class Version(NamedTuple):
    """What a tile depends on, and for how many seconds it may be kept without asking."""

    etag: bytes
    fresh_s: int


class Tile(Response):
    """One tile, compressed; of one without anything to show there are no bytes. Answers to who has it that it is the
    same."""

    def __init__(self, version: Version, content: bytes) -> None:
        super().__init__()
        self.version, self.content = version, content
        self.said = [
            (b"etag", version.etag),
            (b"cache-control", b"public, max-age=%d" % version.fresh_s),
            (b"vary", b"accept-encoding"),
        ]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = dict(scope["headers"])
        status, said, content = 200, [*self.said, (b"content-type", MEDIA_TYPE)], self.content
        if asked.get(b"if-none-match") == self.version.etag or not content:
            status, said, content = (204 if not content else 304), self.said, b""
        elif b"gzip" in asked.get(b"accept-encoding", b""):
            said.append((b"content-encoding", b"gzip"))
        else:
            content = decompress(content, wbits=GZIP)
        if status == 200:
            said.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": content})


class TileShelf:
    """One per application. Who asks for a tile that is being made waits for it; the longest unasked ones go when there
    are too many."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.bytes = 0
        self.tiles: OrderedDict[str, Tile] = OrderedDict()
        self.making: dict[tuple[str, bytes], asyncio.Task[Tile]] = {}

    def find(self, path: str, version: Version) -> Tile | None:
        tile = self.tiles.get(path)
        if tile is None or tile.version != version:
            return None
        self.tiles.move_to_end(path)
        return tile

    async def of(self, path: str, version: Version, make: Callable[[], bytes]) -> Tile:
        """As it is kept, or as `make` makes it, compressed, beside the event loop."""
        tile = self.find(path, version)
        if tile is not None:
            return tile
        asked = path, version.etag
        if asked not in self.making:
            self.making[asked] = asyncio.create_task(self._make(path, version, make))
        # Whoever goes away takes it from nobody.
        return await asyncio.shield(self.making[asked])

    async def _make(self, path: str, version: Version, make: Callable[[], bytes]) -> Tile:
        try:
            tile = Tile(version, await asyncio.to_thread(make))
        finally:
            del self.making[path, version.etag]
        self._forget(path)
        self.tiles[path] = tile
        self.bytes += len(tile.content) + TILE_BYTES
        while self.bytes > self.bytes_max:
            self._forget(next(iter(self.tiles)))
        return tile

    def _forget(self, path: str) -> None:
        known = self.tiles.pop(path, None)
        self.bytes -= 0 if known is None else len(known.content) + TILE_BYTES


class TileVersions:
    """Of the layers' tiles: roads change with the network, labels with the public's cut, and their ages each minute."""

    ROADS_S, CLEARANCE_S = 86_400, 30

    def __init__(self, live: LiveState) -> None:
        self.live = live
        self.network_id = live.network.network_id
        self.roads = Version(f'"{self.network_id}"'.encode(), self.ROADS_S)
        self._latest = (-1, -1)
        self._clearance = self.roads

    def clearance(self, cut_us: int) -> Version:
        """As of now, with the labels of that cut."""
        minute = wall_clock.now_us() // MINUTE_US
        if self._latest != (cut_us, minute):
            self._latest = cut_us, minute
            self._clearance = Version(f'"{self.network_id}-{cut_us}-{minute}"'.encode(), self.CLEARANCE_S)
        return self._clearance


class KeptTiles:
    """Answers with a tile from the shelf, when it is there and surely the newest."""

    def __init__(self, app: ASGIApp, *, shelf: TileShelf, versions: TileVersions) -> None:
        self.app = app
        self.shelf = shelf
        self.versions = versions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tile = self._kept(scope)
        if tile is not None:
            open_to_pages(scope)
        await (tile or self.app)(scope, receive, send)

    def _kept(self, scope: Scope) -> Tile | None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PREFIX):
            return None
        if scope["path"].startswith("/tiles/roads/"):
            return self.shelf.find(scope["path"], self.versions.roads)
        cut = self.versions.live.known_cut
        return None if cut is None else self.shelf.find(scope["path"], self.versions.clearance(cut.cut_us))
