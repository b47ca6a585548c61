"""`snowtrack snow show`, `proposals` and `notices`: what the sensors say and what was said of it, for a terminal."""

import orjson
from rich.table import Table

from snowtrack import wall_clock
from snowtrack.model.calendar import DAY_US, tokyo_minute
from snowtrack.notices.targets import masked, without_target
from snowtrack.services.instance import database_url
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.notices import NoticeRow, count_notices, read_notices
from snowtrack.store.snow import count_proposals, read_proposals, sensor_rows

SHOWN = 50
SEASON_US = 365 * DAY_US


async def show_sensors(settings: Settings, *, as_json: bool) -> None:
    """All registered sensors, and those that nobody registered."""
    async with connect(database_url(settings), name="snow") as connection:
        with store_errors("cannot read the sensors"):
            rows = await sensor_rows(connection, wall_clock.now_us())
    if as_json:
        print(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = make_table("sensor", "name", "state", "depth cm", "new 1 h", "new 24 h", "age min", "readings")
    for row in rows:
        table.add_row(
            f"{row['agency']}/{row['sensor']}",
            row.get("name", "(registered by nobody)"),
            row.get("state", "-"),
            *(_centimetres(row.get(key)) for key in ("depth_mm", "new_1h_mm", "new_24h_mm")),
            "-" if row.get("age_s") is None else str(row["age_s"] // 60),
            f"{row.get('readings', 0):,}",
        )
    _print(table, "no sensor is registered, and none was heard")


async def show_proposals(settings: Settings) -> None:
    """What the sensors proposed, newest first."""
    now_us = wall_clock.now_us()
    async with connect(database_url(settings), name="snow") as connection:
        with store_errors("cannot read the proposals"):
            proposals = await read_proposals(connection, now_us - SEASON_US, now_us + 1, SHOWN)
            counts = await count_proposals(connection, now_us - SEASON_US, now_us + 1)
    table = make_table("at (Tokyo)", "sensor", "road classes", "criterion cm", "new cm", "since")
    for one in proposals:
        at, since = (tokyo_minute(us) for us in (one.at_us, one.since_us))
        classes, snow = ", ".join(one.road_classes), (_centimetres(one.criterion_mm), _centimetres(one.new_mm))
        table.add_row(at, str(one.sensor), classes, *snow, since)
    _print(table, "the sensors have proposed nothing")
    for agency, count in counts.items():
        print(f"{agency}: {count:,} in a year")


async def show_notices(settings: Settings) -> None:
    """What was sent and what could not be, newest first."""
    now_us = wall_clock.now_us()
    async with connect(database_url(settings), name="snow") as connection:
        with store_errors("cannot read the notices"):
            notices = await read_notices(connection, SHOWN)
            counts = await count_notices(connection, now_us - SEASON_US, now_us + 1)
    table = make_table("notice", "made (Tokyo)", "agency", "to", "attempts", "state")
    for one in notices:
        made = tokyo_minute(one.made_us)
        table.add_row(
            str(one.number), made, one.agency, f"{one.way} {masked(one.target)}", str(one.attempts), _state(one)
        )
    _print(table, "there was nothing to send")
    for (agency, way), (made_count, sent, given_up) in counts.items():
        print(f"{agency}: {way}: {made_count:,} in a year, {sent:,} sent, {given_up:,} given up")


def _state(notice: NoticeRow) -> str:
    if notice.sent_us is not None:
        return f"sent {tokyo_minute(notice.sent_us)}"
    fault = without_target(notice.fault or "", notice.target)
    return f"{'given up' if notice.ended_us is not None else 'waits'}{f': {fault}' if fault else ''}"


def _centimetres(millimetres: object) -> str:
    return f"{millimetres / 10:.1f}" if isinstance(millimetres, int) else "-"


def _print(table: Table, instead: str) -> None:
    if table.row_count:
        show_table(table)
    else:
        print(instead)
