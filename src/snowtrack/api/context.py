"""What routes share, put on the application at its start."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from snowtrack.api.board import LatestBoard
from snowtrack.api.season_desk import SeasonDesk
from snowtrack.api.state import LiveState
from snowtrack.network.arrays import Network
from snowtrack.settings import Settings
from snowtrack.store.database import StorePool
from snowtrack.tiles.layers import TileMaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One per application."""

    settings: Settings
    network: Network
    pool: StorePool
    live: LiveState
    tiles: TileMaker
    board: LatestBoard = field(default_factory=LatestBoard)
    season_desk: SeasonDesk = field(default_factory=SeasonDesk)


def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


Shared = Annotated[Context, Depends(_context)]
