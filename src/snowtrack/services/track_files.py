"""Tracks from files: CSV with a header, GPX, NMEA logs. One row per fix, in the order of the file."""

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import ParseError, iterparse

import numpy as np
import polars as pl
from pyproj import Geod

from snowtrack.model.calendar import FIRST_US, LAST_US, SECOND_US, read_instant
from snowtrack.model.errors import SourceError
from snowtrack.nmea.decode import Decoder
from snowtrack.services.decoding import LogDecoder, Reading, Tally
from snowtrack.services.nmea_log import blocks_and_last_time, opened, read_pieces
from snowtrack.tracks.sessions import NEVER_US

# What a track may say of a fix; the first three must be there.
COLUMNS = ("time", "lat", "lon", "vehicle", "kind", "speed_mps", "course_deg", "hdop")
NUMBERS = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0), "speed_mps": (0.0, 300.0), "course_deg": (0.0, 360.0)}
SCHEMA = pl.Schema(
    {"vehicle": pl.String, "time": pl.String, "time_us": pl.Int64, "lat": pl.Float64, "lon": pl.Float64}
    | {"kind": pl.String, "speed_mps": pl.Float64, "course_deg": pl.Float64, "hdop": pl.Float64}
)
PACE_MPS = 10.0
WGS84 = Geod(ellps="WGS84")


def read_tracks(path: Path) -> pl.DataFrame:
    """The fixes of a file as `SCHEMA` says; the vehicle is the file's name where it names none."""
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {".gpx": _read_gpx, ".csv": _read_csv}
    read = readers.get(path.suffix.lower(), _read_nmea)
    try:
        path.open("rb").close()  # whatever is in the way is told in the system's words
        frame = read(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if not len(frame):
        raise SourceError(f"{path}: there is no fix in it")
    return frame.with_columns(pl.col("vehicle").fill_null(path.stem)).select(SCHEMA.names()).cast(SCHEMA)


def _read_csv(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=False)
    except pl.exceptions.NoDataError:
        raise SourceError(f"{path}: the file is empty") from None
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{path}: is no CSV: {str(error).splitlines()[0]}") from error
    frame = frame.rename({name: name.strip().lower().lstrip("\ufeff") for name in frame.columns})
    missing = [name for name in COLUMNS[:3] if name not in frame.columns]
    if missing:
        has = ", ".join(frame.columns[:12])
        raise SourceError(f"{path}: there is no column {missing[0]!r}; the header names: {has}")
    given = frame.select([pl.col(name).str.strip_chars() for name in COLUMNS if name in frame.columns])
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in frame.columns]
    texts = given.with_columns(absent).with_columns(pl.when(pl.all().str.len_chars() > 0).then(pl.all()))
    numbers = [name for name in SCHEMA.names() if SCHEMA[name] == pl.Float64]
    values = texts.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
    for name in numbers:
        low, high = NUMBERS.get(name, (0.0, 1_000.0))
        wrong = texts[name].is_not_null() & ~values[name].is_between(low, high).fill_null(value=False)
        _refuse(path, name, texts[name], wrong)
    _refuse(path, "time", texts["time"], texts["time"].is_null())
    times = [_microseconds(text) for text in texts["time"].to_list()]
    time_us = pl.Series("time_us", times, pl.Int64)
    _refuse(path, "time", texts["time"], time_us.is_null())
    return values.with_columns(time_us)


def _refuse(path: Path, name: str, texts: pl.Series, wrong: pl.Series) -> None:
    """The first value that is wrong, by its line."""
    rows = wrong.arg_true()
    if len(rows):
        at = int(rows[0])
        raise SourceError(f"{path}: line {at + 2}: {texts[at] or 'nothing'!r} is no {name}")


def _microseconds(text: str) -> int | None:
    """Seconds, or ISO 8601; without a zone it is UTC."""
    try:
        time_us = float(text) * SECOND_US
        return round(time_us) if FIRST_US <= time_us < LAST_US else None
    except ValueError:
        pass
    try:
        return read_instant(text)
    except ValueError:
        return None


def _read_gpx(path: Path) -> pl.DataFrame:
    """All track points; the vehicle is the track's name."""
    rows: list[dict[str, object]] = []
    vehicle: str | None = None
    try:
        for _, element in iterparse(path):  # noqa: S314 - expat itself refuses floods of entities
            match element.tag.rpartition("}")[2]:
                case "trkpt":
                    rows.append(_point(path, element.attrib, {one.tag.rpartition("}")[2]: one.text for one in element}))
                    element.clear()
                case "trk":
                    names = [one.text for one in element if one.tag.rpartition("}")[2] == "name"]
                    vehicle = names[0].strip() if names and names[0] else None
                    for row in rows:
                        row.setdefault("vehicle", vehicle)
                    element.clear()
    except ParseError as error:
        raise SourceError(f"{path}: is no GPX: {error}") from error
    points = pl.DataFrame(rows, {name: dtype for name, dtype in SCHEMA.items() if name != "kind"})
    points = points.with_columns(kind=pl.lit(None, pl.String))
    if not points["time_us"].null_count():
        return points
    if points["time_us"].null_count() < len(points):
        raise SourceError(f"{path}: some points have a time and some have none")
    return _timed(points)


def _timed(points: pl.DataFrame) -> pl.DataFrame:
    """A way that was drawn and not driven has no times; they are made, as if it were driven at a steady pace."""
    lat, lon = points["lat"].to_numpy(), points["lon"].to_numpy()
    step_m = np.asarray(WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])
    seconds = np.concatenate([[0], np.cumsum(np.maximum(np.rint(step_m / PACE_MPS), 1))]).astype(np.int64)
    texts = pl.Series(seconds).cast(pl.String)
    return points.with_columns(time=texts, time_us=pl.Series(seconds * SECOND_US))


def _point(path: Path, attributes: dict[str, str], said: dict[str, str | None]) -> dict[str, object]:
    time = (said.get("time") or "").strip()
    time_us = _microseconds(time) if time else None
    if time and time_us is None:
        raise SourceError(f"{path}: {time!r} is no time")
    optional = {"speed_mps": said.get("speed"), "course_deg": said.get("course"), "hdop": said.get("hdop")}
    try:
        numbers = {name: float(text) if text else None for name, text in optional.items()}
        place = {"lat": float(attributes["lat"]), "lon": float(attributes["lon"])}
    except (KeyError, ValueError) as error:
        raise SourceError(f"{path}: the point of {time or 'no time'} cannot be read: {error}") from error
    if not (abs(place["lat"]) <= 90 and abs(place["lon"]) <= 180):
        raise SourceError(
            f"{path}: the point of {time or 'no time'} is not on the earth: {place['lat']}, {place['lon']}"
        )
    return {"time": time, "time_us": time_us, **place, **numbers}


def _read_nmea(path: Path) -> pl.DataFrame:
    """The fixes of a log that have an instant and a position."""
    reading = Reading(decoder=Decoder())
    frames: list[pl.DataFrame] = []
    with opened(path) as source:
        blocks, last_us = blocks_and_last_time(source, reading.decode)
        log = LogDecoder(reading, NEVER_US if last_us is None else last_us, Tally())
        for piece in read_pieces(blocks, reading.decode):
            frames.append(log.decode(piece.content)[0])
        frames.append(log.release(ended=True))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    fixes = pl.concat(frames).filter(pl.col("time").is_not_null() & pl.col("lat").is_not_null())
    times = pl.Series("time_us", [_microseconds(text) for text in fixes["time"].to_list()], pl.Int64)
    absent = [pl.lit(None, pl.String).alias(name) for name in ("vehicle", "kind")]
    return fixes.select("time", "lat", "lon", "speed_mps", "course_deg", "hdop").with_columns(times, *absent)
