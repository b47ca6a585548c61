"""Closed roads: what people decide of them, and see."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snowtrack.model.calendar import tokyo_minute
from snowtrack.model.errors import ConfigError
from snowtrack.network.arrays import Network
from snowtrack.roads.files import open_network
from snowtrack.services.events import deciding
from snowtrack.settings import Settings
from snowtrack.store.events import Closure, close_segments, end_closure, read_closures
from snowtrack.wall_clock import now_us


async def show_closures(settings: Settings) -> None:
    """One line for each that holds now or will."""
    async with deciding(settings) as connection:
        found = await read_closures(connection)
    coming = [one for one in found if one.until_us is None or one.until_us > max(now_us(), one.from_us)]
    for one in coming:
        until = "until further notice" if one.until_us is None else f"– {tokyo_minute(one.until_us)}"
        span = f"{tokyo_minute(one.from_us)} {until}"
        print(f"{one.number}: {span}, {len(one.segments)} segments: {one.reason} ({one.by})")
    if not coming:
        print("no road is closed")


async def close_roads(settings: Settings, closure: Closure, road: str | None) -> None:
    """Close the segments of a closure, and all of a road by its name or route."""
    if closure.until_us is not None and closure.until_us <= closure.from_us:
        raise ConfigError("--until has to be later than --from")
    network = open_network(settings.network_folder)
    segments = _known(network, closure.segments) | (set() if road is None else _of_road(network, road))
    if not segments:
        raise ConfigError("no segment is named; name some, or a road with --road")
    said = replace(closure, segments=tuple(sorted(segments)))
    async with deciding(settings) as connection:
        number = await close_segments(connection, said)
    print(f"closure {number}: {len(segments)} segments from {tokyo_minute(closure.from_us)}")


async def open_roads(settings: Settings, number: int, *, at_us: int, reason: str, by: str) -> None:
    """Say when a closure ends."""
    async with deciding(settings) as connection:
        if number not in {one.number for one in await read_closures(connection)}:
            raise ConfigError(f"there is no closure {number}; 'snowtrack closures list' lists them")
        await end_closure(connection, number, at_us, reason=reason, by=by)
    print(f"closure {number}: ends {tokyo_minute(at_us)}")


def _known(network: Network, segments: Sequence[int]) -> set[int]:
    for segment, row in zip(segments, network.rows_of(segments).tolist(), strict=True):
        if row < 0:
            raise ConfigError(f"there is no segment {segment} in network {network.network_id}")
    return set(segments)


def _of_road(network: Network, road: str) -> set[int]:
    texts = {number for number in range(len(network.text_offsets) - 1) if network.text(number) == road}
    named = np.isin(network.name_text, list(texts)) | np.isin(network.route_text, list(texts))
    if not named.any():
        raise ConfigError(f"no road is called {road!r}; expected its name or route as the map has it")
    return set(network.segment_id[named].tolist())
