"""Positions of any reference system to WGS84 degrees, and how exactly that can be said.

PROJ always finds some way, in silence one that is tens of metres wrong where a grid is missing. So the way is named,
its stated accuracy is shown, and more than a metre is refused unless somebody has asked for it.
"""

from dataclasses import dataclass
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from snowtrack.model.columns import Floats
from snowtrack.model.errors import NetworkDataError

WGS84 = CRS.from_epsg(4326)
ACCURACY_M_MAX = 1.0
OUTSIDE_DEG = 1.0
GRID_STEPS = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    '+step +proj=hgridshift +grids="{}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How positions of a source became degrees. An accuracy that nobody states is none, as that of a grid file is."""

    crs: str
    way: str = ""
    accuracy_m: float | None = None
    missing_grid: str | None = None
    grid: Path | None = None

    def __str__(self) -> str:
        if self.grid is not None:
            return f"{self.crs}: by the grid {self.grid}"
        stated = "accuracy unknown" if self.accuracy_m is None else f"stated accuracy {self.accuracy_m:g} m"
        missing = f"; there is a grid for this area, {self.missing_grid}, which is not here (--grid)"
        return f"{self.crs}: {self.way}, {stated}{missing if self.missing_grid else ''}"


def read_crs(text: str, source: Path) -> CRS:
    """A reference system by any name that PROJ knows."""
    try:
        return CRS.from_user_input(text).to_2d()
    except CRSError as error:
        shown = text if len(text) < 80 else f"{text[:80]}…"
        raise NetworkDataError(f"{source}: unknown reference system {shown!r}; name it as EPSG:6675") from error


def to_degrees(
    crs: CRS, east: Floats, north: Floats, *, grid: Path | None, accept: bool, source: Path
) -> tuple[Floats, Floats, Conversion]:
    """Longitudes and latitudes, refused where they are too inexact or cannot be."""
    try:
        own_lon, own_lat = Transformer.from_crs(crs, crs.geodetic_crs or WGS84, always_xy=True).transform(east, north)
        _check_area(crs, np.asarray(own_lon), np.asarray(own_lat), source)
        if grid is None:
            transformer, conversion = _best(crs, np.asarray(own_lon), np.asarray(own_lat))
            lon, lat = transformer.transform(east, north)
        else:
            conversion = Conversion(crs=crs.name, grid=grid)
            lon, lat = _by_grid(grid, own_lon, own_lat)
    except ProjError as error:
        raise NetworkDataError(f"{source}: positions cannot be converted from {crs.name}: {error}") from error
    accuracy_m = conversion.accuracy_m
    if not accept and grid is None and (accuracy_m is None or accuracy_m > ACCURACY_M_MAX):
        raise NetworkDataError(
            f"{source}: {conversion}; that is worse than {ACCURACY_M_MAX:g} m: "
            "give the grid file of this datum with --grid, or take it as it is with --accept-accuracy"
        )
    return np.asarray(lon), np.asarray(lat), conversion


def _best(crs: CRS, lon: Floats, lat: Floats) -> tuple[Transformer, Conversion]:
    """The most exact way that can be gone here, for the area that the positions are in."""
    finite = np.isfinite(lon) & np.isfinite(lat)
    area = None
    if finite.any():
        area = AreaOfInterest(lon[finite].min(), lat[finite].min(), lon[finite].max(), lat[finite].max())
    with catch_warnings():
        simplefilter("ignore")  # that the best way is not available is said in our own words
        group = TransformerGroup(crs, WGS84, always_xy=True, area_of_interest=area)
    if not group.transformers:
        raise ProjError("there is no way to WGS84")
    chosen = group.transformers[0]
    steps = [step for step in chosen.description.split(" + ") if not step.startswith(("axis order", "Null "))]
    others = sorted((one for one in group.unavailable_operations if one.accuracy >= 0), key=lambda one: one.accuracy)
    missing = [grid.short_name for one in others[:1] for grid in one.grids if not grid.available]
    return chosen, Conversion(
        crs=crs.name,
        way=" + ".join(steps) or "as they are",
        accuracy_m=chosen.accuracy if chosen.accuracy >= 0 else None,
        missing_grid=missing[0] if missing else None,
    )


def _by_grid(grid: Path, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    if not grid.is_file():
        raise NetworkDataError(f"{grid}: there is no such grid file")
    try:
        shift = Transformer.from_pipeline(GRID_STEPS.format(grid.absolute()))
    except ProjError as error:
        raise NetworkDataError(f"{grid}: PROJ cannot read this grid file") from error
    lon, lat = (np.asarray(axis) for axis in shift.transform(lon, lat))
    outside = int((~np.isfinite(lon)).sum())
    if outside:
        raise NetworkDataError(f"{grid}: {outside:,} of {len(lon):,} positions are outside this grid")
    return lon, lat


def _check_area(crs: CRS, lon: Floats, lat: Floats, source: Path) -> None:
    """Most positions are where the reference system is used; who swaps axes is usually elsewhere."""
    wrong = (np.abs(lat) > 90) | (np.abs(lon) > 360)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise NetworkDataError(
            f"{source}: latitude {lat[at]:g}, longitude {lon[at]:g} are nowhere on earth; are they swapped, "
            "or not in degrees (--crs)?"
        )
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return
    inside = (lon >= area.west - OUTSIDE_DEG) & (lon <= area.east + OUTSIDE_DEG)
    inside &= (lat >= area.south - OUTSIDE_DEG) & (lat <= area.north + OUTSIDE_DEG)
    if 2 * inside.sum() < len(lon):
        raise NetworkDataError(
            f"{source}: {crs.name} is for {area.name.rstrip('.')}, and the lines are near latitude "
            f"{np.median(lat):.2f}, longitude {np.median(lon):.2f}; are the axes swapped, or is it another --crs?"
        )
