"""Closed roads: what people decide of them, and see."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from psycopg import AsyncConnection

from snowtrack.clearance.credit import agencies_of, segment_agencies
from snowtrack.model.calendar import MINUTE_US, tokyo_minute
from snowtrack.model.errors import ConfigError
from snowtrack.model.texts import plain
from snowtrack.network.arrays import Network
from snowtrack.network.roads import called, plain_names
from snowtrack.roads.files import open_network
from snowtrack.services.console import note_at_console
from snowtrack.services.events import deciding
from snowtrack.settings import Settings
from snowtrack.store.events import Closure, close_segments, end_closure, read_closures
from snowtrack.store.fleet import read_fleet
from snowtrack.wall_clock import now_us

NEAR_NAMES = 3


async def show_closures(settings: Settings, *, ended: bool) -> None:
    """One line for each that holds now or will; for those that have ended only when they are asked for."""
    async with deciding(settings) as connection:
        found = await read_closures(connection)
    instant_us = now_us()
    shown = [one for one in found if ended or not _is_over(one, instant_us)]
    for one in shown:
        until = "until further notice" if one.until_us is None else f"– {tokyo_minute(one.until_us)}"
        over = ", ended" if _is_over(one, instant_us) else ""
        span = f"{tokyo_minute(one.from_us)} {until}{over}"
        print(f"{one.number}: {span}, {len(one.segments)} segments: {one.reason} ({one.by})")
    if not shown:
        print("no road was ever closed" if ended else "no road is closed")


async def close_roads(settings: Settings, closure: Closure, road: str | None) -> None:
    """Close the segments of a closure, and all of a road by its name or route."""
    if closure.until_us is not None and closure.until_us <= closure.from_us:
        raise ConfigError("--until has to be later than --from")
    async with deciding(settings) as connection:
        network = open_network(settings.network_folder)
        segments = _known(network, closure.segments) | (set() if road is None else _of_road(network, road))
        if not segments:
            raise ConfigError("no segment is named; name some, or a road with --road")
        said = replace(closure, segments=tuple(sorted(segments)))
        async with connection.transaction():
            number = await close_segments(connection, said)
            await _note(connection, network, said.segments, f"closure {number}")
    print(f"closure {number}: {len(segments)} segments from {tokyo_minute(closure.from_us)}")


async def open_roads(settings: Settings, number: int, *, at_us: int, reason: str, by: str) -> None:
    """Say when a closure ends. One that ends in the minute in which it begins never held."""
    async with deciding(settings) as connection:
        closure = next((one for one in await read_closures(connection) if one.number == number), None)
        if closure is None:
            raise ConfigError(f"there is no closure {number}; 'snowtrack closures list --all' lists them")
        if at_us // MINUTE_US < closure.from_us // MINUTE_US:
            begins = tokyo_minute(closure.from_us)
            raise ConfigError(
                f"closure {number} begins {begins} and cannot end {tokyo_minute(at_us)}, before that; to take it back"
                f" as a whole, end it with --at '{begins}'"
            )
        at_us = max(at_us, closure.from_us)
        network = open_network(settings.network_folder)
        async with connection.transaction():
            await end_closure(connection, number, at_us, reason=reason, by=by)
            await _note(connection, network, closure.segments, f"end of closure {number}")
    print(f"closure {number}: ends {tokyo_minute(at_us)}")


async def _note(connection: AsyncConnection, network: Network, segments: Sequence[int], what: str) -> None:
    """Of the agencies whose roads these are."""
    fleet, rows = await read_fleet(connection), network.rows_of(segments)
    agencies = agencies_of(segment_agencies(network, fleet)[rows[rows >= 0]], fleet)
    await note_at_console(connection, "tell", agencies, what)


def _is_over(closure: Closure, at_us: int) -> bool:
    return closure.until_us is not None and closure.until_us <= max(at_us, closure.from_us)


def _known(network: Network, segments: Sequence[int]) -> set[int]:
    for segment, row in zip(segments, network.rows_of(segments).tolist(), strict=True):
        if row < 0:
            raise ConfigError(f"there is no segment {segment} in network {network.network_id}")
    return set(segments)


def _of_road(network: Network, road: str) -> set[int]:
    """The segments that have this name or route; full-width signs and spaces around it make no other one of it."""
    wanted = plain(road)
    if not wanted:
        raise ConfigError("--road names no road; expected a name or route as the map has it")
    named = called(network, road)
    if not named.any():
        near = get_close_matches(wanted, sorted(set(plain_names(network).values())), NEAR_NAMES)
        instead = f"did you mean {' or '.join(near)}?" if near else "expected its name or route as the map has it"
        raise ConfigError(f"no road is called {wanted!r}; {instead}")
    return set(network.segment_id[named].tolist())
