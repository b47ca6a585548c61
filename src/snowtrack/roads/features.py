"""GeoPackage, Shapefile, GeoJSON and what else GDAL reads, to lines. Lines meet where vertices coincide exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from snowtrack.model.columns import Floats, Int32s, Int64s
from snowtrack.model.errors import NetworkDataError
from snowtrack.roads.attributes import AttributeReader
from snowtrack.roads.datum import Conversion, read_crs, to_degrees
from snowtrack.roads.lines import Lines, levels, places_by_position
from snowtrack.roads.mapping import AttributeMapping

Objects = npt.NDArray[np.object_]

SHAPEFILE = (9994).to_bytes(4)
LINE_TYPES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is read; `crs` stands over what the file says."""

    mapping: AttributeMapping
    crs: str | None = None
    layer: str | None = None
    grid: Path | None = None
    accept_accuracy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeatures:
    """The lines of a file, how they became degrees, and what is odd, in words."""

    lines: Lines
    conversion: Conversion
    remarks: Sequence[str]


def read_features(path: Path, reading: Reading) -> ReadFeatures:
    """Every line of a layer."""
    _check_whole(path)
    place = f"/vsigzip/{path.absolute()}" if path.suffix == ".gz" else str(path)
    try:
        layer = _layer(path, place, reading.layer)
        encoding = reading.mapping.encoding
        there = pyogrio.read_info(place, layer=layer, encoding=encoding)["fields"].tolist()
        columns = _columns(path, reading.mapping, there)
        meta, fids, wkb, fields = pyogrio.raw.read(
            place, layer=layer, encoding=encoding, columns=columns, return_fids=True
        )
    except UnicodeDecodeError as error:
        raise NetworkDataError(
            f"{path}: texts are not {error.encoding}; say in the mapping what encoding they have"
        ) from error
    except (DataSourceError, DataLayerError) as error:
        raise NetworkDataError(f"{path}: cannot be read: {_first_line(error)}") from error
    feature, shapes, remarks = _line_shapes(path, fids, wkb)
    crs = reading.crs or meta["crs"]
    if not crs:
        raise NetworkDataError(f"{path}: does not say its reference system; name it with --crs, such as EPSG:6675")
    points, at = shapely.get_coordinates(shapes, return_index=True)
    counts = np.bincount(at, minlength=len(shapes))
    _check_numbers(path, fids[feature], points, at)
    lon, lat, conversion = to_degrees(
        read_crs(crs, path), points[:, 0], points[:, 1], grid=reading.grid, accept=reading.accept_accuracy, source=path
    )
    table = {name: _series(name, values)[feature] for name, values in zip(meta["fields"].tolist(), fields, strict=True)}
    reader = AttributeReader(reading.mapping, table, fids[feature].astype(np.int64))
    attributes, texts = reader.read()
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    lat_e7, lon_e7 = _as_e7(path, lat), _as_e7(path, (lon + 180) % 360 - 180)
    lines = Lines(
        offsets=offsets,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        place=places_by_position(offsets, lat_e7, lon_e7, levels(attributes)),
        continues=np.diff(feature, prepend=-1) == 0,
        attributes=attributes,
        texts=texts,
    )
    return ReadFeatures(lines=lines, conversion=conversion, remarks=[*remarks, *reader.remarks])


def _check_whole(path: Path) -> None:
    """GDAL reads what is left of a Shapefile that was cut off, without a word."""
    if path.suffix.lower() != ".shp":
        return
    with path.open("rb") as file:
        head = file.read(28)
    stated = 2 * int.from_bytes(head[24:])
    if head.startswith(SHAPEFILE) and path.stat().st_size < stated:
        raise NetworkDataError(f"{path}: is cut off: {path.stat().st_size:,} of {stated:,} bytes are there")


def _layer(path: Path, place: str, wanted: str | None) -> str:
    """The named layer, or the only one that could hold lines."""
    layers: list[tuple[str, str | None]] = [(str(name), kind) for name, kind in pyogrio.list_layers(place)]
    names = [name for name, _ in layers]
    if wanted is not None:
        if wanted not in names:
            raise NetworkDataError(f"{path}: there is no layer {wanted!r}; there are {', '.join(names) or 'none'}")
        return wanted
    lines = [name for name, kind in layers if kind is not None and ("LineString" in kind or kind == "Unknown")]
    if not lines:
        raise NetworkDataError(f"{path}: there is no layer of lines; there are {', '.join(names) or 'none'}")
    if len(lines) > 1:
        raise NetworkDataError(f"{path}: several layers have lines: {', '.join(lines)}; choose one with --layer")
    return lines[0]


def _columns(path: Path, mapping: AttributeMapping, there: Sequence[str]) -> list[str]:
    for ours, theirs in mapping.columns.items():
        if theirs not in there:
            known = ", ".join(there) or "none"
            raise NetworkDataError(f"{path}: there is no column {theirs!r} (mapping: {ours}); there are {known}")
    return sorted(set(mapping.columns.values()))


def _line_shapes(path: Path, fids: Int64s, wkb: Objects) -> tuple[Int64s, Objects, list[str]]:
    """Single lines, each with the number of its feature in the file; what is no line is left out and counted."""
    with np.errstate(invalid="ignore"):  # what is no number is refused later, with its feature
        shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    absent = shapely.is_missing(shapes)
    broken = absent & np.array([one is not None for one in wkb], np.bool_)
    if broken.any():
        raise NetworkDataError(f"{path}: feature {fids[int(np.argmax(broken))]} has a broken geometry")
    kinds = shapely.get_type_id(shapes)
    missing = absent | shapely.is_empty(shapes)
    is_line = np.isin(kinds, LINE_TYPES) & ~missing
    if not is_line.any():
        raise NetworkDataError(f"{path}: there is no line among {len(fids):,} features")
    remarks = []
    for what, where in (("without a geometry", missing), ("that are no lines", ~is_line & ~missing)):
        if where.any():
            shown = ", ".join(str(fid) for fid in fids[where][:3].tolist())
            remarks.append(f"left out: {int(where.sum()):,} features {what} ({shown}{' …' if where.sum() > 3 else ''})")
    parts, of = shapely.get_parts(shapes[is_line], return_index=True)
    return np.flatnonzero(is_line)[of], parts, remarks


def _check_numbers(path: Path, fids: Int64s, points: Floats, at: Int64s) -> None:
    wrong = ~np.isfinite(points).all(axis=1)
    if wrong.any():
        first = int(at[int(np.argmax(wrong))])
        raise NetworkDataError(f"{path}: feature {fids[first]} has a coordinate that is not a number")


def _as_e7(path: Path, degrees: Floats) -> Int32s:
    if not np.isfinite(degrees).all():
        raise NetworkDataError(
            f"{path}: {int((~np.isfinite(degrees)).sum()):,} positions cannot be converted to degrees"
        )
    return np.rint(degrees * 1e7).astype(np.int32)


def _series(name: str, values: npt.NDArray[np.generic]) -> pl.Series:
    strict = values.dtype != object
    return pl.Series(name, values if strict else values.tolist(), strict=strict)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
