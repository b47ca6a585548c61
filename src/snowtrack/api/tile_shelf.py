"""Tiles as they go over the wire, kept while they are the newest: what many maps ask for in a minute is made once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from isal.isal_zlib import decompress
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from snowtrack.api.cross_origin import CROSS_ORIGIN
from snowtrack.serving import RAW_SECURITY_HEADERS
from snowtrack.tiles.window import TileKey

MEDIA_TYPE = b"application/vnd.mapbox-vector-tile"
GZIP = 31  # as zlib calls the form
# What a tile takes besides its bytes.
TILE_BYTES = 1_000
# From this zoom on a tile of a dense town takes half a millisecond: less than to wait for a thread.
SMALL_FROM = 13
# Others need threads, too.
MADE_AT_ONCE = 2

Name = tuple[str, TileKey]
"""Its layer and place, however they are spelt in an address."""


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
            CROSS_ORIGIN,
            *RAW_SECURITY_HEADERS,
        ]
        self.said_packed = [
            *self.said,
            (b"content-type", MEDIA_TYPE),
            (b"content-encoding", b"gzip"),
            (b"content-length", b"%d" % len(content)),
        ]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = dict(scope["headers"])
        status, said, content = 200, self.said_packed, self.content
        if not content:
            status, said = 204, self.said
        elif asked.get(b"if-none-match") == self.version.etag:
            status, said, content = 304, self.said, b""
        elif b"gzip" not in asked.get(b"accept-encoding", b""):
            content = decompress(content, wbits=GZIP)
            length = b"%d" % len(content)
            said = [*self.said, (b"content-type", MEDIA_TYPE), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": content})


class TileShelf:
    """One per application. Who asks for a tile that is being made waits for it; the longest unasked ones go when there
    are too many."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.bytes = 0
        self.tiles: OrderedDict[Name, Tile] = OrderedDict()
        self.room = asyncio.Semaphore(MADE_AT_ONCE)
        self.making: dict[tuple[Name, bytes], asyncio.Task[Tile]] = {}

    def find(self, name: Name, version: Version) -> Tile | None:
        tile = self.tiles.get(name)
        if tile is None or tile.version != version:
            return None
        self.tiles.move_to_end(name)
        return tile

    async def of(self, name: Name, version: Version, make: Callable[[], bytes]) -> Tile:
        """As it is kept, or as `make` makes it, compressed; beside the event loop where that may take long."""
        tile = self.find(name, version)
        if tile is not None:
            return tile
        if name[1].z >= SMALL_FROM:
            return self._keep(name, Tile(version, make()))
        asked = name, version.etag
        if asked not in self.making:
            self.making[asked] = asyncio.create_task(self._make(name, version, make))
        # Whoever goes away takes it from nobody.
        return await asyncio.shield(self.making[asked])

    async def _make(self, name: Name, version: Version, make: Callable[[], bytes]) -> Tile:
        try:
            async with self.room:
                tile = Tile(version, await asyncio.to_thread(make))
        finally:
            del self.making[name, version.etag]
        return self._keep(name, tile)

    def _keep(self, name: Name, tile: Tile) -> Tile:
        self._forget(name)
        self.tiles[name] = tile
        self.bytes += len(tile.content) + TILE_BYTES
        while self.bytes > self.bytes_max:
            self._forget(next(iter(self.tiles)))
        return tile

    def _forget(self, name: Name) -> None:
        known = self.tiles.pop(name, None)
        self.bytes -= 0 if known is None else len(known.content) + TILE_BYTES
