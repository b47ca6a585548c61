"""`snowtrack report`: write one daily report to a file, whole or not at all."""

from datetime import date
from pathlib import Path

import orjson

from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.model.ids import DeviceId
from snowtrack.reports.workbook import write_workbook
from snowtrack.roads.files import open_network
from snowtrack.services.instance import database_url
from snowtrack.settings import Settings
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.database import connect, store_errors
from snowtrack.whole_files import replacing

FORMATS = (".xlsx", ".json")


async def write_report(settings: Settings, device: str, day: date, out: Path) -> None:
    """The report of a day, in the format that the file's name asks for."""
    try:
        wanted = DeviceId.parse(device)
    except ValueError as error:
        raise ConfigError(f"device {device!r}: expected agency/device; {error}") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ConfigError(f"day {day}: expected one from {FIRST_DAY} to {LAST_DAY}")
    if out.suffix not in FORMATS:
        raise ConfigError(f"--out {out}: expected a name ending in {' or '.join(FORMATS)}")
    network = open_network(settings.network_folder)
    async with connect(database_url(settings), name="report") as connection:
        with store_errors("cannot read the report's fixes"):
            report = await read_daily_report(connection, network, wanted, day)
    if report is None:
        raise StoreError(f"there is no device {wanted} in this database")
    content = (
        write_workbook(report) if out.suffix == ".xlsx" else orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2)
    )
    try:
        with replacing(out) as half:
            half.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error.strerror}") from error
    print(f"{out}: {wanted}, {day.isoformat()}, {report.worked_km:.3f} km worked, {report.driven_km:.3f} km driven")
