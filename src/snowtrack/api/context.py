"""What routes share, put on the application at its start."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from snowtrack.api.board import LatestBoard
from snowtrack.api.cut_array import CutArray
from snowtrack.api.cut_stream import CutStream
from snowtrack.api.gate import Gate
from snowtrack.api.passwords import Passwords
from snowtrack.api.provider import Provider
from snowtrack.api.season_desk import SeasonDesk
from snowtrack.api.state import LiveState
from snowtrack.api.summary_desk import SummaryDesk
from snowtrack.api.tile_desk import TileDesk
from snowtrack.model.fixes import Decoded
from snowtrack.network.arrays import Network
from snowtrack.network.roads import Roads
from snowtrack.settings import Settings
from snowtrack.store.database import StorePool

UPLOADS_MAX = 4
DUMPS_MAX = 2
TRAILS_MAX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One per application. `read_as` reads lines as the trackers of an agency speak; of `trails` and `uploads`
    there are few at a time."""

    settings: Settings
    network: Network
    pool: StorePool
    live: LiveState
    tile_desk: TileDesk
    roads: Roads
    read_as: Callable[[str, bytes], Decoded]
    gate: Gate
    passwords: Passwords
    cut_stream: CutStream
    provider: Provider | None = None
    board: LatestBoard = field(default_factory=LatestBoard)
    public_board: LatestBoard = field(default_factory=LatestBoard)
    cut_array: CutArray = field(default_factory=CutArray)
    summary_desk: SummaryDesk = field(default_factory=SummaryDesk)
    season_desk: SeasonDesk = field(default_factory=SeasonDesk)
    dumps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DUMPS_MAX))
    trails: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TRAILS_MAX))
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_MAX))


async def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


Shared = Annotated[Context, Depends(_context)]
