"""Files of lines as GDAL writes them, drawn in metres."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyproj import Transformer

from tests.oracles.towns import Metres, point

Line = Sequence[Metres]
DEGREES = "EPSG:4326"


def write_lines(
    path: Path,
    lines: Sequence[Line | shapely.Geometry | None],
    columns: Mapping[str, Sequence[object]] | None = None,
    *,
    crs: str | None = DEGREES,
    layer: str | None = None,
    append: bool = False,
    encoding: str | None = None,
) -> Path:
    """A layer of lines; what is a geometry already is written as it is."""
    to_crs = Transformer.from_crs(DEGREES, crs or DEGREES, always_xy=True)
    shapes = [one if one is None or isinstance(one, shapely.Geometry) else _shape(one, to_crs) for one in lines]
    names = list(columns or {})
    pyogrio.raw.write(
        str(path),
        geometry=np.array([None if one is None else shapely.to_wkb(one) for one in shapes], object),
        field_data=[np.array(list((columns or {})[name])) for name in names],
        fields=names,
        geometry_type="Unknown"
        if any(one is None or one.geom_type != "LineString" for one in shapes)
        else "LineString",
        crs=crs,
        layer=layer,
        append=append,
        encoding=encoding,
    )
    return path


def _shape(line: Line, to_crs: Transformer) -> shapely.Geometry:
    degrees = [point(*place) for place in line]
    return shapely.LineString([to_crs.transform(lon / 1e7, lat / 1e7) for lat, lon in degrees])
