"""`snowtrack snow import` and `export`: readings from files, all or nothing, and into a file."""

import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

from snowtrack import wall_clock
from snowtrack.model.calendar import tokyo_minute
from snowtrack.model.errors import ConfigError, SnowtrackError
from snowtrack.model.snow import DepthBatch, SensorId
from snowtrack.services.instance import database_url
from snowtrack.settings import Settings
from snowtrack.snow.listings import PROBLEMS_MAX, Given, Listing, read_listing, write_header, write_rows
from snowtrack.snow.series import DEPTH_MM, out_of_range
from snowtrack.store.database import connect, store_errors
from snowtrack.store.snow import Kept, keep_all, read_depths, read_heard, read_sensors

FILE_BYTES_MAX = 128 * 1024 * 1024
ROWS_MAX = 1_000_000
ROWS_AT_ONCE = 5_000
SHOWN = 50
# What has no ending is a pipe.
FORMATS = (".csv", ".json", "")


class ListingError(SnowtrackError):
    """Files with problems; nothing of them was taken."""


async def import_depths(
    settings: Settings, files: Sequence[Path], agency: str | None, sensor: str | None, *, dry_run: bool
) -> None:
    """All readings of all files, or nothing; each problem is said."""
    given = Given(agency=agency, sensor=sensor, now_us=wall_clock.now_us(), rows_max=ROWS_MAX)
    listings = {file: read_listing(_content(file), given) for file in files}
    problems = [f"{file}: {problem}" for file, listing in listings.items() for problem in _problems(listing)]
    for problem in problems[:PROBLEMS_MAX]:
        print(problem, file=sys.stderr)
    if problems:
        raise ListingError(f"snow: {len(problems)} problem{'s' if len(problems) > 1 else ''}; nothing was taken")
    readings = _together(listings.values())
    total = sum(map(len, readings.values()))
    kept = Kept()
    async with connect(database_url(settings), name="snow") as connection:
        with store_errors("cannot take the readings"):
            if not dry_run:
                kept = await keep_all(connection, readings, given.now_us)
            known = {registered.id for registered in await read_sensors(connection)}
    if dry_run:
        print(f"{total:,} readings of {len(readings)} sensors; nothing was taken (--dry-run)")
    else:
        print(f"{total:,} readings of {len(readings)} sensors: {kept.new:,} new, {total - kept.new:,} known already")
    if kept.conflicts:
        print(f"{kept.conflicts:,} say otherwise than what is kept of their instant, which stays as it is")
    _warn(readings, known, "would be kept" if dry_run else "kept")


def _problems(listing: Listing) -> Sequence[str]:
    if listing.rows or listing.problems:
        return listing.problems
    return ("there is no reading in it, not a single row",)


def _warn(readings: Mapping[SensorId, DepthBatch], known: Container[SensorId], kept: str) -> None:
    """Of what is kept and serves nobody."""
    if strangers := sorted(str(one) for one in readings if one not in known):
        print(f"{kept}, but registered by nobody: {', '.join(strangers[:SHOWN])}")
    strange = [
        f"{sensor} {tokyo_minute(time_us)} {depth_mm / 10:,.1f} cm"
        for sensor, batch in readings.items()
        for time_us, depth_mm, *_ in batch.take(out_of_range(batch.depth_mm)).rows()
    ]
    if strange:
        lowest, highest = (mm // 10 for mm in DEPTH_MM)
        more = f" and {len(strange) - SHOWN:,} more" if len(strange) > SHOWN else ""
        print(
            f"{kept}, but never used, since no depth is below {lowest} or above {highest:,} cm: "
            f"{', '.join(strange[:SHOWN])}{more}"
        )


def _content(file: Path) -> bytes:
    if file.suffix.lower() not in FORMATS:
        raise ListingError(f"{file}: expected a file of readings, .csv or .json")
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise ListingError(f"{file}: larger than {FILE_BYTES_MAX // 2**20} MB; import it in parts")
        return file.read_bytes()
    except OSError as error:
        raise ListingError(f"{file}: {error.strerror}") from error


def _together(listings: Iterable[Listing]) -> dict[SensorId, DepthBatch]:
    """The readings of all files by sensor, in the files' order."""
    parts: dict[SensorId, list[DepthBatch]] = {}
    for listing in listings:
        for sensor, readings in listing.readings.items():
            parts.setdefault(sensor, []).append(readings)
    return {sensor: DepthBatch.concat(batches) for sensor, batches in parts.items()}


async def export_depths(settings: Settings, sensors: Sequence[SensorId], from_us: int, to_us: int) -> None:
    """CSV on standard output; of all sensors that were ever heard, where none is named."""
    async with connect(database_url(settings), name="snow") as connection:
        with store_errors("cannot read the readings"):
            heard = [one.sensor for one in await read_heard(connection)]
            known = {*heard, *(registered.id for registered in await read_sensors(connection))}
            for sensor in sensors:
                if sensor not in known:
                    raise ConfigError(f"there is no sensor {sensor}; 'snowtrack snow show' lists them")
            _write(write_header())
            for sensor in sensors or heard:
                begin_us = from_us
                while len(part := await read_depths(connection, sensor, begin_us, to_us, ROWS_AT_ONCE)):
                    _write(write_rows(sensor, part))
                    begin_us = int(part.time_us[-1]) + 1


def _write(text: str) -> None:
    """UTF-8, whatever the terminal is."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
