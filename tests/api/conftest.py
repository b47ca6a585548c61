"""The API over a real database with some work in it, in this process; and as the process that its user runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from snowtrack.api.app import create_app
from snowtrack.api.context import Context
from snowtrack.api.cut_stream import CutStream
from snowtrack.api.gate import Gate
from snowtrack.api.passwords import Passwords
from snowtrack.api.provider import provider_of
from snowtrack.api.state import LiveState
from snowtrack.api.tile_desk import TileDesk
from snowtrack.api.tile_shelf import TileShelf
from snowtrack.model.fixes import Decoded, Message
from snowtrack.network.arrays import Network
from snowtrack.network.roads import Roads
from snowtrack.nmea.decode import decode
from snowtrack.services.policies import load_policies
from snowtrack.services.snow import SnowReader
from snowtrack.settings import Settings
from snowtrack.store.database import connection_pool
from snowtrack.tiles.layers import TileMaker
from tests.keys import key_headers
from tests.services.town import Town, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One application and who asks it, who may do everything."""

    app: FastAPI
    client: httpx.AsyncClient
    live: LiveState
    town: Town


def read_as_standard(_agency: str, lines: bytes) -> Decoded:
    """As trackers of agencies without a dialect speak."""
    return decode([Message(0, 0, lines)])


@asynccontextmanager
async def serving(town: Town, settings: Settings, network: Network) -> AsyncIterator[Api]:
    async with connection_pool(settings.database.url, name="test", size=2) as pool:
        live = LiveState(settings, network, load_policies(settings), pool, SnowReader(network))
        await live.reload()
        tiles = TileMaker(network, settings.api.page_segments_max)
        context = Context(
            settings=settings,
            network=network,
            pool=pool,
            live=live,
            tile_desk=TileDesk(live, tiles, TileShelf(settings.api.tiles_kept_mb * 2**20)),
            roads=Roads.of(network),
            read_as=read_as_standard,
            gate=Gate(settings.access, pool),
            passwords=Passwords(settings.access),
            cut_stream=CutStream(live, settings.api),
            provider=provider_of(settings),
        )
        app = create_app(context)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        key = key_headers(settings.database.url)
        async with httpx.AsyncClient(transport=transport, base_url="http://road.test", headers=key) as client:
            yield Api(app=app, client=client, live=live, town=town)


@pytest.fixture
async def api(clean_database: str, network: Network) -> AsyncIterator[Api]:
    """Nothing is worked yet."""
    async with opened(clean_database, network) as town, serving(town, town.settings, network) as api:
        yield api
