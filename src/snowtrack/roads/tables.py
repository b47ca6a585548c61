"""A network as tables for people and other programs: a summary, and one row for each segment."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from snowtrack.model.columns import Int32s, UInt8s
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure
from snowtrack.whole_files import replacing

LAYER = "segments"


def summary(network: Network) -> dict[str, Any]:
    """What a network holds: counts, and kilometres by what they are."""
    west, south, east, north = (edge / 1e7 for edge in network.bbox_e7)
    return {
        "name": network.name,
        "network_id": network.network_id,
        "attribution": network.attribution,
        "segments": len(network),
        "nodes": len(network.node_lat_e7),
        "km": _km(network, np.ones(len(network), np.bool_)),
        "bbox": [west, south, east, north],
        "km_by_class": _by_word(network, network.road_class, RoadClass),
        "km_by_manager": _by_word(network, network.manager, Manager),
        "km_by_kind": _by_word(network, network.kind, Kind),
        "km_by_structure": _by_word(network, network.structure, Structure),
        "km_oneway": _km(network, network.oneway != 0),
        "km_named": _km(network, network.name_text >= 0),
        "h3_resolution": network.h3_resolution,
        "candidate_radius_m": network.candidate_radius_m,
    }


def _km(network: Network, chosen: npt.NDArray[np.bool_]) -> float:
    return round(int(network.length_mm[chosen].sum(dtype=np.int64)) / 1e6, 3)


def _by_word(network: Network, column: UInt8s, words: type[IntEnum]) -> dict[str, float]:
    return {word.name.lower(): _km(network, column == word) for word in words if (column == word).any()}


def segments(network: Network) -> pl.DataFrame:
    """One row for each segment, named like the columns of an attribute mapping."""
    columns = {
        "id": network.segment_id,
        "source_id": network.source_id,
        "source": _texts(network, network.source_text),
        "from_m": network.source_from_mm / 1000,
        "length_m": network.length_mm / 1000,
        "class": _words(network.road_class, RoadClass),
        "manager": _words(network.manager, Manager),
        "kind": _words(network.kind, Kind),
        "oneway": network.oneway,
        "structure": _words(network.structure, Structure),
        "level": network.level,
        "lanes": network.lanes,
        "width_m": network.width_mm / 1000,
        "priority": network.priority,
        "name": _texts(network, network.name_text),
        "reading": _texts(network, network.reading_text),
        "route": _texts(network, network.route_text),
        "district": _texts(network, network.district_text),
        "from_node": network.from_node,
        "to_node": network.to_node,
    }
    return pl.DataFrame(
        {name: column if isinstance(column, pl.Series) else np.array(column) for name, column in columns.items()}
    )


def _words(column: UInt8s, words: type[IntEnum]) -> pl.Series:
    named = pl.Series([word.name.lower() for word in words])
    return named.gather(np.array(column, np.uint32))


def _texts(network: Network, column: Int32s) -> pl.Series:
    """Each text is read once."""
    used = np.unique(column)
    read = pl.Series([network.text(number) for number in used.tolist()], dtype=pl.String)
    return read.gather(np.searchsorted(used, column).astype(np.uint32))


def export(network: Network, path: Path) -> None:
    """Write the segments as GeoJSON, GeoPackage or CSV with WKT, whole or not at all."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise NetworkDataError(f"{path}: unknown kind of file; there are {', '.join(WRITERS)}")
    try:
        with replacing(path) as half:
            writer(segments(network), _lines(network), half)
    except (OSError, DataSourceError) as error:
        raise NetworkDataError(f"{path}: cannot be written: {(str(error).splitlines() or ['?'])[0]}") from error


def _lines(network: Network) -> npt.NDArray[np.object_]:
    row = np.repeat(np.arange(len(network)), np.diff(network.shape_offsets))
    points = np.stack([network.shape_lon_e7 / 1e7, network.shape_lat_e7 / 1e7], axis=1)
    lines: npt.NDArray[np.object_] = shapely.linestrings(points, indices=row)
    return lines


def _write_features(table: pl.DataFrame, lines: npt.NDArray[np.object_], path: Path) -> None:
    pyogrio.raw.write(
        str(path),
        geometry=shapely.to_wkb(lines),
        field_data=[
            series.to_numpy() if series.dtype.is_numeric() else np.array(series.to_list(), object) for series in table
        ],
        fields=table.columns,
        geometry_type="LineString",
        crs="EPSG:4326",
        layer=LAYER,
    )


def _write_csv(table: pl.DataFrame, lines: npt.NDArray[np.object_], path: Path) -> None:
    shapes = pl.Series("wkt", shapely.to_wkt(lines, rounding_precision=7).tolist(), dtype=pl.String)
    table.with_columns(shapes).write_csv(path)


Writer = Callable[[pl.DataFrame, npt.NDArray[np.object_], Path], None]
WRITERS: Mapping[str, Writer] = {".geojson": _write_features, ".gpkg": _write_features, ".csv": _write_csv}
