"""`snowtrack indicators`: the figures of a period, shown or written to a file."""

from datetime import date
from pathlib import Path

import orjson

from snowtrack import wall_clock
from snowtrack.indicators.figures import Figure
from snowtrack.indicators.period import Period
from snowtrack.indicators.tables import rows, write_csv, write_workbook
from snowtrack.indicators.texts import HEADERS
from snowtrack.model.calendar import SECOND_US, day_range_us
from snowtrack.model.errors import ConfigError
from snowtrack.roads.files import open_network
from snowtrack.services.instance import database_url
from snowtrack.services.policies import load_policies
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.settings import Settings
from snowtrack.store.daily import FIRST_DAY, LAST_DAY
from snowtrack.store.database import connect, store_errors
from snowtrack.store.indicators import DAYS_MAX, read_indicators
from snowtrack.store.outlook import Outlook
from snowtrack.store.routes import RouteBook
from snowtrack.whole_files import replacing

FORMATS = (".csv", ".xlsx", ".json")
_SHOWN = (1, 2, 3, 4, 5)


async def show_indicators(settings: Settings, days: tuple[date, date], *, as_json: bool, out: Path | None) -> None:
    """Of all days from the first to the last."""
    first, last = days
    if not FIRST_DAY <= first <= last <= LAST_DAY or (last - first).days >= DAYS_MAX:
        raise ConfigError(f"--from {first} --to {last}: expected --from not after --to, and at most {DAYS_MAX} days")
    if out is not None and out.suffix not in FORMATS:
        raise ConfigError(f"--out {out}: expected a name ending in {', '.join(FORMATS)}")
    figures = await _figures(settings, first, last)
    if out is not None:
        _write(figures, days, out)
    elif as_json:
        print(_json(figures).decode())
    else:
        _show(figures)


async def _figures(settings: Settings, first: date, last: date) -> list[Figure]:
    url, network = database_url(settings), open_network(settings.network_folder)
    book = RouteBook(Outlook(network, load_policies(settings), round(settings.engine.silence_s * SECOND_US)))
    period = Period(from_us=day_range_us(first)[0], to_us=day_range_us(last)[1], now_us=wall_clock.now_us())
    async with connect(url, name="indicators") as connection:
        with store_errors("cannot read the indicators"):
            return await read_indicators(connection, book, period)


def _write(figures: list[Figure], days: tuple[date, date], out: Path) -> None:
    if out.suffix == ".csv":
        content = write_csv(figures)
    else:
        content = write_workbook(figures, *days) if out.suffix == ".xlsx" else _json(figures)
    try:
        with replacing(out) as half:
            half.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error.strerror}") from error
    print(f"{out}: {len(figures):,} figures")


def _json(figures: list[Figure]) -> bytes:
    return orjson.dumps([one.as_json() for one in figures], option=orjson.OPT_INDENT_2)


def _show(figures: list[Figure]) -> None:
    """What is told apart by hours and days is for files."""
    table = make_table(*(HEADERS[column] for column in _SHOWN))
    short = [one for one in figures if not one.definition.key.endswith(("_by_hour", "_by_day"))]
    for cells in rows(short):
        table.add_row(*("" if cells[column] is None else str(cells[column]) for column in _SHOWN))
    show_table(table)
