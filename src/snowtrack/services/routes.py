"""`snowtrack routes`: how far each route is, and what routes the network itself comes to, as files to start from."""

from pathlib import Path

import numpy as np
import orjson

from snowtrack import wall_clock
from snowtrack.clearance.routes import NOBODYS, Routes, with_derived
from snowtrack.fleet.sheets import write_sheet
from snowtrack.fleet.tables import BY_NAME
from snowtrack.indicators.progress import Sure
from snowtrack.indicators.texts import OVERDUE, ROUTE_HEADERS, STATES, SURE
from snowtrack.model.calendar import SECOND_US, tokyo_minute, tokyo_text
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.errors import ConfigError
from snowtrack.roads.files import open_network
from snowtrack.services.instance import database_url
from snowtrack.services.policies import load_policies
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.services.snow import SnowReader
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.fleet import Row
from snowtrack.store.outlook import Outlook
from snowtrack.store.routes import Board, RouteBook, make_board, read_night
from snowtrack.whole_files import replacing


async def show_routes(settings: Settings, *, as_json: bool) -> None:
    """All routes now."""
    url, book = database_url(settings), _book(settings)
    async with connect(url, name="routes") as connection:
        with store_errors("cannot read the routes"):
            now_us = wall_clock.now_us()
            await book.outlook.refresh(connection)
            snow = SnowReader(book.outlook.network)
            await snow.look(connection, now_us)
            book.outlook.snow = snow.segment_snow(book.outlook.reach_m(now_us))
            night = await read_night(connection, book, now_us)
    board = make_board(book, night)
    if as_json:
        said = [
            {"agency": route.agency, "route": route.id, "name": route.name, **board.progress.as_json(place)}
            for place, route in enumerate(board.roads.routes.routes)
        ]
        print(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(board)


async def propose_routes(settings: Settings, folder: Path) -> None:
    """Write what the roads of each agency come to, whether it registered routes or not, as `fleet import` reads it."""
    url, book = database_url(settings), _book(settings)
    async with connect(url, name="routes") as connection:
        with store_errors("cannot read the registry"):
            await book.outlook.refresh(connection)
    outlook = book.outlook
    agencies = [agency.id for agency in outlook.fleet.agencies]
    routes = with_derived(Routes.of([]), outlook.network, agencies, outlook.managers)
    lined = [one for one in routes.lined() if one[0].agency != NOBODYS]
    tables: dict[str, list[Row]] = {"routes": [], "route_segments": []}
    for route, segments, directions in lined:
        nothing = {"contractor": None, "machine": None, "due_min": None}
        named: Row = {"agency": route.agency, "route": route.id}
        tables["routes"].append(
            {**named, "name": route.name, "district": route.district, "priority": route.priority, **nothing}
        )
        for position, (segment, way) in enumerate(zip(segments.tolist(), directions.tolist(), strict=True), start=1):
            tables["route_segments"].append({**named, "position": position, "segment_id": segment, "direction": way})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            table = BY_NAME[name]
            with replacing(folder / table.file) as half:
                half.write_bytes(write_sheet(table, rows, private=False))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from error
    print(f"{folder}: {len(lined):,} routes, {len(tables['route_segments']):,} segments")
    nobodys = int(np.count_nonzero(outlook.managers < 0))
    if nobodys:
        print(f"{nobodys:,} segments are left out: no registered agency manages them")


def _book(settings: Settings) -> RouteBook:
    network = open_network(settings.network_folder)
    return RouteBook(Outlook(network, load_policies(settings), round(settings.engine.silence_s * SECOND_US)))


def _show(board: Board) -> None:
    """What needs looking at first stands first."""
    now_us, own = board.around.now_us, board.progress
    table = make_table(*ROUTE_HEADERS)
    states = list(STATES)
    late = own.overdue_mm > 0
    places = range(len(board.roads.routes))
    for place in sorted(places, key=lambda one: (not late[one], states.index(own.state(one)), one)):
        route, said = board.roads.routes.routes[place], own.as_json(place)
        due_us = int(own.due_us[place])
        due = "" if due_us == ABSENT_64 else tokyo_text(due_us, "%m-%d %H:%M")
        table.add_row(
            route.agency,
            route.name,
            route.district or "",
            STATES[own.state(place)],
            "" if said["percent"] is None else str(said["percent"]),
            f"{said['left_m'] / 1000:.1f}",
            str(said["machines"] or ""),
            _times(now_us, said["early_s"], said["late_s"]) if said["left_m"] else "",
            SURE[Sure(int(own.sure[place]))],
            f"{due} {OVERDUE}" if late[place] else due,
        )
    print(f"{tokyo_minute(board.around.event_us)} –")
    show_table(table)


def _times(now_us: int, early_s: int | None, late_s: int | None) -> str:
    first, last = (
        "" if seconds is None else tokyo_text(now_us + seconds * SECOND_US, "%H:%M") for seconds in (early_s, late_s)
    )
    return f"{first}–{last}" if first or last else ""
