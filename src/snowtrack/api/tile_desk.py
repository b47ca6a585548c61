"""Public tiles, answered before anything else looks at the request, since they are the same for everybody."""

import re
from functools import lru_cache, partial

from isal.igzip import compress
from starlette.types import ASGIApp, Receive, Scope, Send

from snowtrack import wall_clock
from snowtrack.api.state import LiveState
from snowtrack.api.tile_shelf import Name, Tile, TileShelf, Version
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.model.calendar import MINUTE_US
from snowtrack.tiles.layers import TileMaker
from snowtrack.tiles.window import TileKey

ROADS, CLEARANCE = "roads", "clearance"
ROADS_S, CLEARANCE_S = 86_400, 30
PATH = re.compile(rf"/tiles/({ROADS}|{CLEARANCE})/([0-9]{{1,2}})/([0-9]{{1,5}})/([0-9]{{1,5}})\.mvt")
ADDRESSES_MAX, ADDRESS_SIGNS_MAX = 4_096, 40
# Of three; labels are made anew each minute.
ROADS_LEVEL, CLEARANCE_LEVEL = 3, 1


class TileDesk:
    """One per application. Roads change with the network, labels with the public's cut, and their ages each minute."""

    def __init__(self, live: LiveState, tiles: TileMaker, shelf: TileShelf) -> None:
        self.live = live
        self.tiles = tiles
        self.shelf = shelf
        self.network_id = live.network.network_id
        self.roads_version = Version(f'"{self.network_id}"'.encode(), ROADS_S)
        self._latest = (-1, -1)
        self._clearance_version = self.roads_version

    async def roads(self, key: TileKey) -> Tile:
        return await self.shelf.of(
            (ROADS, key), self.roads_version, lambda: _packed(self.tiles.roads(key), ROADS_LEVEL)
        )

    async def clearance(self, key: TileKey, cut: PublicCut) -> Tile:
        """As of now, with the labels of that cut."""
        now_us = wall_clock.now_us()
        minute = now_us // MINUTE_US
        if self._latest != (cut.cut_us, minute):
            self._latest = cut.cut_us, minute
            etag = f'"{self.network_id}-{cut.cut_us}-{minute}"'
            self._clearance_version = Version(etag.encode(), CLEARANCE_S)
        make = partial(self._make_clearance, key, cut, now_us)
        return await self.shelf.of((CLEARANCE, key), self._clearance_version, make)

    def _make_clearance(self, key: TileKey, cut: PublicCut, now_us: int) -> bytes:
        return _packed(self.tiles.clearance(key, cut.views, now_us), CLEARANCE_LEVEL)


class PublicTiles:
    """Answers with a tile as long as the fold says which cut is the newest; all else goes its way."""

    def __init__(self, app: ASGIApp, *, desk: TileDesk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._tile(scope) or self.app)(scope, receive, send)

    async def _tile(self, scope: Scope) -> Tile | None:
        if scope["type"] != "http" or scope["method"] != "GET" or len(scope["path"]) > ADDRESS_SIGNS_MAX:
            return None
        asked = _asked(scope["path"])
        if asked is None:
            return None
        layer, key = asked
        if layer == ROADS:
            return await self.desk.roads(key)
        cut = self.desk.live.known_cut
        return None if cut is None else await self.desk.clearance(key, cut)


@lru_cache(ADDRESSES_MAX)
def _asked(path: str) -> Name | None:
    """The tile that an address names."""
    found = PATH.fullmatch(path)
    if found is None:
        return None
    layer, *place = found.groups()
    key = TileKey(*map(int, place))
    return (layer, key) if key.exists else None


def _packed(content: bytes, level: int) -> bytes:
    return content and compress(content, level, mtime=0)
