"""`snowtrack match`: tracks to where on the roads they were, one row per fix, and the way driven."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from snowtrack.matching.matcher import Matcher
from snowtrack.matching.path import path_of
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_32, Int32s, Int64s
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import Source
from snowtrack.model.fleet import FOREVER_US, Fleet, Mountings
from snowtrack.model.matches import DrivenBatch, MatchBatch, MatchStatus
from snowtrack.model.tracks import ObservedBatch, TimeTrust
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import EnginePolicy
from snowtrack.roads.files import open_network
from snowtrack.services.track_files import read_tracks
from snowtrack.whole_files import replacing

CUT_US = EnginePolicy().cut_us
# Vehicles are matched together up to so many fixes.
FIXES_AT_ONCE = 100_000
# Segments of one feature meet to the millimetre, but for rounding.
JOINED_MM = 1
FORMATS = ("csv", "jsonl", "geojson")
# What a machine of such a kind keeps to; all others keep to the carriageway.
FOOTWAY_KINDS = ("foot", "sidewalk", "歩道")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """An answer per fix, in the order of the fixes; and the way driven, by vehicle."""

    answers: pl.DataFrame
    path: pl.DataFrame


def match_files(
    network_folder: Path, files: Sequence[Path], *, lag_s: float | None, form: str, path_file: Path | None
) -> None:
    """Answers to standard output; the way driven to a file, whole or not at all."""
    if path_file is not None and not path_file.absolute().parent.is_dir():
        raise SourceError(f"{path_file}: there is no such folder")
    network = open_network(network_folder)
    fixes = pl.concat([read_tracks(file) for file in files])
    matched = match_fixes(network, fixes, lag_s)
    if path_file is not None:
        _write_whole(matched.path.write_csv().encode(), path_file)
    try:
        write_answers(matched.answers, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def match_fixes(network: Network, fixes: pl.DataFrame, lag_s: float | None) -> Matched:
    """Match the vehicles of a frame of fixes (`track_files.SCHEMA`), each on its own, by its fixes in order of time."""
    numbers = fixes["vehicle"].rank("dense").to_numpy().astype(np.int32) - 1
    placed = (fixes["lat"].is_not_null() & fixes["lon"].is_not_null()).to_numpy()
    time_us = fixes["time_us"].to_numpy()
    order = np.lexsort((np.arange(len(fixes)), time_us, numbers))
    order = order[placed[order]]
    lag_us = None if lag_s is None else round(lag_s * SECOND_US)
    matcher = Matcher(network, lag_us=lag_us, cut_us=CUT_US, silence_us=CUT_US)
    matcher.fleet = _fleet(fixes, numbers)
    parts = list(_match_all(matcher, _observed(fixes, numbers).take(order)))
    return Matched(
        answers=_answers(network, fixes, order, MatchBatch.concat(settled for settled, _ in parts)),
        path=_path(network, fixes["vehicle"].unique().sort(), parts),
    )


def _match_all(matcher: Matcher, observed: ObservedBatch) -> Iterator[tuple[MatchBatch, DrivenBatch]]:
    """Settled answers and what was driven, vehicles after vehicles."""
    ends = np.append(np.flatnonzero(np.diff(observed.device)) + 1, len(observed))
    columns = (TextColumn("matching"), BarColumn(), TimeRemainingColumn())
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as progress:
        task = progress.add_task("", total=len(observed))
        start = 0
        while start < len(observed):
            whole = np.searchsorted(ends, start + FIXES_AT_ONCE, side="right") - 1
            to = int(ends[max(whole, np.searchsorted(ends, start, side="right"))])
            yield _match_some(matcher, observed.take(np.arange(start, to)))
            progress.update(task, completed=to)
            start = to


def _match_some(matcher: Matcher, observed: ObservedBatch) -> tuple[MatchBatch, DrivenBatch]:
    """Whole vehicles, one after the other."""
    matches = matcher.on_batch(observed, ended=True)
    for device in matches.ended:
        matcher.forget(device)
    return matches.settled, matches.driven


def _observed(fixes: pl.DataFrame, numbers: Int32s) -> ObservedBatch:
    """As the matcher takes them; the order of the file stands for what else tells fixes apart."""
    count = len(fixes)

    def scaled(name: str, factor: float) -> Int32s:
        values = (fixes[name] * factor).round().to_numpy().astype(np.float64)
        known = np.isfinite(values)
        return np.where(known, np.where(known, values, 0), ABSENT_32).astype(np.int32)

    time_us = fixes["time_us"].to_numpy()
    since_us = time_us - time_us.min() + SECOND_US
    return ObservedBatch.of(
        count,
        device=numbers,
        observed_us=since_us,
        digest=np.arange(count, dtype=np.int64),
        received_us=since_us,
        lat_e7=scaled("lat", 1e7),
        lon_e7=scaled("lon", 1e7),
        speed_mmps=scaled("speed_mps", 1_000),
        course_cdeg=scaled("course_deg", 100),
        trust=np.full(count, TimeTrust.STATED, np.int8),
        sources=np.full(count, Source.RMC, np.int16),
        hdop_centi=scaled("hdop", 100),
    )


def _fleet(fixes: pl.DataFrame, numbers: Int32s) -> Fleet:
    """The machines that keep to footways."""
    on_foot = fixes["kind"].str.to_lowercase().str.contains_any(list(FOOTWAY_KINDS)).fill_null(value=False)
    device = np.unique(numbers[on_foot.to_numpy()])
    always = {"from_us": np.zeros(len(device), np.int64), "to_us": np.full(len(device), FOREVER_US)}
    footways = np.ones(len(device), np.int8)
    return Fleet(mountings=Mountings.of(len(device), device=device, footways=footways, **always))


def _answers(network: Network, fixes: pl.DataFrame, order: Int64s, settled: MatchBatch) -> pl.DataFrame:
    """A row per fix, in the order of the fixes; those without a position have no answer."""
    found = settled.row >= 0
    row = np.maximum(settled.row, 0)
    along_mm = network.source_from_mm[row] + settled.along_mm.astype(np.int64)

    def where_found(values: npt.NDArray[Any]) -> pl.Series:
        return pl.Series(values).set(pl.Series(~found), None)

    answers = pl.DataFrame(
        {
            "at": order,
            "segment": where_found(network.segment_id[row]),
            "source_id": _source_ids(network, settled.row),
            "along_m": where_found(along_mm / 1_000),
            "direction": where_found(settled.direction),
            "snapped_lat": where_found(settled.lat_e7 / 1e7),
            "snapped_lon": where_found(settled.lon_e7 / 1e7),
            "distance_m": where_found(settled.distance_mm / 1_000),
            "status": pl.Series(
                [MatchStatus(status).name.lower() for status in settled.status.tolist()], dtype=pl.String
            ),
            "confidence": settled.confidence / 1_000,
        }
    )
    return (
        fixes.with_row_index("at")
        .with_columns(pl.col("at").cast(pl.Int64))
        .join(answers, on="at", how="left", maintain_order="left")
        .select(
            "vehicle",
            "time",
            "segment",
            "source_id",
            "along_m",
            "direction",
            pl.coalesce("snapped_lat", "lat").alias("lat"),
            pl.coalesce("snapped_lon", "lon").alias("lon"),
            "distance_m",
            pl.col("status").fill_null("no_candidate"),
            pl.col("confidence").fill_null(0.0),
        )
    )


def _source_ids(network: Network, rows: Int32s) -> pl.Series:
    """The source's own ids: numbers, or what stands for them in its text."""
    used = np.maximum(rows, 0)
    known = pl.Series(rows >= 0)
    if np.all(network.source_text[used] < 0):
        return pl.Series(network.source_id[used]).set(~known, None)
    texts = [network.text(int(text)) if text >= 0 else str(id_) for text, id_ in _pairs(network, used)]
    return pl.Series(texts, dtype=pl.String).set(~known, None)


def _pairs(network: Network, rows: Int32s) -> Iterator[tuple[int, int]]:
    return zip(network.source_text[rows].tolist(), network.source_id[rows].tolist(), strict=True)


def _path(network: Network, names: pl.Series, parts: Sequence[tuple[MatchBatch, DrivenBatch]]) -> pl.DataFrame:
    """The path of each vehicle by source features; what goes on along one is one row."""
    paths: dict[str, DrivenBatch] = {}
    for settled, driven in parts:
        device = settled.device[driven.match]
        for vehicle in np.unique(device).tolist():
            paths[names[vehicle]] = path_of(network, driven.take(device == vehicle))
    frames = [_by_feature(network, vehicle, path) for vehicle, path in paths.items()]
    return pl.concat(frames, how="vertical_relaxed") if frames else _by_feature(network, "", DrivenBatch.empty())


def _by_feature(network: Network, vehicle: str, path: DrivenBatch) -> pl.DataFrame:
    begins_mm, source = network.source_from_mm[path.row].astype(np.int64), network.source_id[path.row]
    from_mm, to_mm = begins_mm + path.from_mm, begins_mm + path.to_mm
    starts = np.ones(len(path), np.bool_)
    same = (source[1:] == source[:-1]) & (path.direction[1:] == path.direction[:-1])
    starts[1:] = ~(same & (np.abs(from_mm[1:] - to_mm[:-1]) <= JOINED_MM))
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(path))[: len(first)] - 1
    return pl.DataFrame(
        {
            "vehicle": pl.Series([vehicle] * len(first), dtype=pl.String),
            "source_id": _source_ids(network, path.row[first]),
            "direction": path.direction[first],
            "from_m": from_mm[first] / 1_000,
            "to_m": to_mm[last] / 1_000,
        }
    )


def write_answers(answers: pl.DataFrame, form: str, out: BinaryIO) -> None:
    """As CSV, lines of JSON, or GeoJSON points."""
    if form == "csv":
        out.write(answers.write_csv().encode())
    elif form == "jsonl":
        out.write(answers.write_ndjson().encode())
    else:
        out.write(b'{"type":"FeatureCollection","features":[\n')
        for at, row in enumerate(answers.iter_rows(named=True)):
            lat, lon = row.pop("lat"), row.pop("lon")
            place = None if lat is None else {"type": "Point", "coordinates": [lon, lat]}
            feature = {"type": "Feature", "geometry": place, "properties": row}
            out.write((b",\n" if at else b"") + orjson.dumps(feature))
        out.write(b"\n]}\n")


def _write_whole(content: bytes, path: Path) -> None:
    try:
        with replacing(path) as half:
            half.write_bytes(content)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written: {error.strerror}") from error
