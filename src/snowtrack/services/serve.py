"""The API and the dispatch page: follows the other services over the bus, answers over HTTP."""

import asyncio
from collections.abc import Callable

import structlog

from snowtrack.api.app import create_app
from snowtrack.api.context import Context
from snowtrack.api.cut_stream import CutStream
from snowtrack.api.gate import Gate
from snowtrack.api.passwords import Passwords
from snowtrack.api.provider import provider_of
from snowtrack.api.state import LiveState
from snowtrack.api.tile_desk import TileDesk
from snowtrack.api.tile_shelf import TileShelf
from snowtrack.background import running
from snowtrack.live.bus import Bus
from snowtrack.model.errors import StoreError
from snowtrack.model.fixes import Decoded, Message
from snowtrack.network.roads import Roads
from snowtrack.nmea.decode import Decoder
from snowtrack.roads.files import open_network
from snowtrack.services.dialects import load_dialects
from snowtrack.services.heap import look_for_garbage
from snowtrack.services.machine_code import load_tiles
from snowtrack.services.news import keep_bus
from snowtrack.services.policies import load_policies
from snowtrack.services.snow import SnowReader
from snowtrack.serving import have_room_for_streams, listen, serve_until_stopped
from snowtrack.settings import Settings
from snowtrack.store.database import connection_pool
from snowtrack.tiles.layers import TileMaker

TICK_S = 1.0
LOOK_S = 60.0

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Until told to stop."""
    have_room_for_streams()
    network = open_network(settings.network_folder)
    with listen(settings.api.host, settings.api.port) as listener:
        async with connection_pool(settings.database.url, name="api", size=settings.api.connections) as pool:
            snow = SnowReader(network)
            state = LiveState(settings, network, load_policies(settings), pool, snow)
            await state.reload()
            tiles = TileMaker(network, settings.api.page_segments_max)
            load_tiles(network, tiles)
            cut_stream = CutStream(state, settings.api)
            context = Context(
                settings=settings,
                network=network,
                pool=pool,
                live=state,
                tile_desk=TileDesk(state, tiles, TileShelf(settings.api.tiles_kept_mb * 2**20)),
                roads=Roads.of(network),
                read_as=_reader(settings),
                gate=Gate(settings.access, pool),
                passwords=Passwords(settings.access),
                cut_stream=cut_stream,
                provider=provider_of(settings),
            )
            bus = Bus(addresses=settings.broker_addresses, name="api", listener=state.on_news)
            kept = (keep_bus(settings, bus), _tick(state), _look_around(state), cut_stream.watch(), look_for_garbage())
            async with running(*kept):
                await serve_until_stopped(create_app(context), listener)


def _reader(settings: Settings) -> Callable[[str, bytes], Decoded]:
    """Reads lines as ingest will."""
    dialects = load_dialects(settings.ingest.dialects)
    decoder = Decoder(dialects.dialects)
    return lambda agency, lines: decoder.decode([Message(0, 0, lines, dialects.number(agency))])


async def _look_around(state: LiveState) -> None:
    """What fell, as the fold sees it: for the labels of single segments, and so that little is to be read anew; and who
    may see what."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await state.look_around()
        except StoreError as error:
            log.warning("api: cannot read the registry and the snow", error=str(error))


async def _tick(state: LiveState) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        state.tick()
