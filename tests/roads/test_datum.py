"""Positions to degrees: by which way, how exactly, and what is refused."""

import struct
from pathlib import Path

import numpy as np
import pytest

from snowtrack.model.errors import NetworkDataError
from snowtrack.roads.datum import Conversion, read_crs, to_degrees

SOURCE = Path("roads.shp")
TOKYO, TOKYO_PLANE_7, JGD2011 = "EPSG:4301", "EPSG:30167", "EPSG:6668"
# A point in Kanazawa in the old datum, and where it is by the grid of the Geospatial Information Authority.
OLD, NEW = (136.650000, 36.560000), (136.647122, 36.563033)


def converted(
    crs: str, east: float, north: float, *, grid: Path | None = None, accept: bool = False
) -> tuple[float, float, Conversion]:
    lon, lat, conversion = to_degrees(
        read_crs(crs, SOURCE), np.array([east]), np.array([north]), grid=grid, accept=accept, source=SOURCE
    )
    return float(lon[0]), float(lat[0]), conversion


def write_grid(path: Path, lat_shift_s: float, lon_shift_s: float) -> Path:
    """An NTv2 file over Ishikawa that shifts everything by so many seconds to the north and to the east."""

    def entry(name: str, value: int | float | str) -> bytes:
        if isinstance(value, str):
            return name.ljust(8).encode() + value.ljust(8).encode()
        packed = struct.pack("<i", value) + b"\0" * 4 if isinstance(value, int) else struct.pack("<d", value)
        return name.ljust(8).encode() + packed

    head: list[tuple[str, int | float | str]] = [
        ("NUM_OREC", 11), ("NUM_SREC", 11), ("NUM_FILE", 1), ("GS_TYPE", "SECONDS"), ("VERSION", "1"),
        ("SYSTEM_F", "TOKYO"), ("SYSTEM_T", "JGD"), ("MAJOR_F", 6377397.155), ("MINOR_F", 6356078.963),
        ("MAJOR_T", 6378137.0), ("MINOR_T", 6356752.314),
    ]  # fmt: skip
    south, north, east, west, step = 36.0, 37.0, 136.0, 137.0, 0.5
    part: list[tuple[str, int | float | str]] = [
        ("SUB_NAME", "ISHIKAWA"), ("PARENT", "NONE"), ("CREATED", "1"), ("UPDATED", "1"), ("S_LAT", south * 3600),
        ("N_LAT", north * 3600), ("E_LONG", -east * 3600), ("W_LONG", -west * 3600), ("LAT_INC", step * 3600),
        ("LONG_INC", step * 3600), ("GS_COUNT", 9),
    ]  # fmt: skip
    # Longitudes are positive to the west here.
    part[6], part[7] = ("E_LONG", -west * 3600), ("W_LONG", -east * 3600)
    shifts = struct.pack("<4f", lat_shift_s, -lon_shift_s, 0.1, 0.1) * 9
    path.write_bytes(b"".join(entry(*one) for one in head + part) + shifts + entry("END", 0.0))
    return path


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot((one[0] - other[0]) * 89_400, (one[1] - other[1]) * 111_000))


def test_the_plane_zones_of_today_are_exact_enough() -> None:
    lon, lat, conversion = converted("EPSG:6675", -46_000, 63_000)
    assert (round(lon, 3), round(lat, 3)) == (136.653, 36.567)
    assert conversion.accuracy_m == 1.0


@pytest.mark.parametrize(("crs", "place"), [(TOKYO, OLD), (TOKYO_PLANE_7, (-46_000.0, 62_000.0))])
def test_the_old_datum_is_refused_without_its_grid(crs: str, place: tuple[float, float]) -> None:
    with pytest.raises(NetworkDataError, match=r"stated accuracy 9 m.*worse than 1 m.*--grid.*--accept-accuracy"):
        converted(crs, *place)


def test_who_accepts_it_gets_it_with_its_accuracy_told() -> None:
    lon, lat, conversion = converted(TOKYO, *OLD, accept=True)
    assert metres((lon, lat), NEW) < 20
    assert conversion.accuracy_m == 9.0
    assert "Tokyo to WGS 84" in conversion.way


def test_a_grid_file_takes_the_place_of_what_is_built_in(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "tky2jgd.gsb", 10.92, -10.36)
    lon, lat, conversion = converted(TOKYO, *OLD, grid=grid)
    assert metres((lon, lat), NEW) < 0.1
    assert str(conversion) == f"Tokyo: by the grid {grid}"


def test_a_grid_that_is_not_here_is_named() -> None:
    """JGD2000 moved by metres in the north in 2011; the stated accuracy does not say so."""
    _, _, conversion = converted("EPSG:4612", 141.0, 38.5)
    assert "touhokutaiheiyouoki2011.gsb, which is not here (--grid)" in str(conversion)
    assert conversion.accuracy_m == 1.0


def test_a_grid_works_for_the_planes_of_its_datum_too(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "with space.gsb", 10.92, -10.36)
    flat = converted("EPSG:30167", -46_000, 62_000, accept=True)
    shifted = converted("EPSG:30167", -46_000, 62_000, grid=grid)
    assert 0 < metres(flat[:2], shifted[:2]) < 20


def test_a_position_outside_the_grid_is_refused(tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "tky2jgd.gsb", 10.92, -10.36)
    with pytest.raises(NetworkDataError, match="1 of 1 positions are outside"):
        converted(TOKYO, 139.7, 35.7, grid=grid)


def test_a_grid_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkDataError, match="no such grid file"):
        converted(TOKYO, *OLD, grid=tmp_path / "absent.gsb")
    (tmp_path / "text.gsb").write_text("no grid")
    with pytest.raises(NetworkDataError, match="cannot read this grid"):
        converted(TOKYO, *OLD, grid=tmp_path / "text.gsb")


def test_a_way_of_unknown_accuracy_is_refused() -> None:
    with pytest.raises(NetworkDataError, match="accuracy unknown"):
        converted("+proj=longlat +ellps=bessel +no_defs", 8.0, 47.0)


@pytest.mark.parametrize(("lon", "lat"), [(36.56, 136.65), (1000.0, 36.0)])
def test_degrees_that_are_nowhere_are_refused(lon: float, lat: float) -> None:
    with pytest.raises(NetworkDataError, match="nowhere on earth; are they swapped"):
        converted("EPSG:4326", lon, lat)


def test_positions_far_from_where_a_system_is_used_are_refused() -> None:
    with pytest.raises(NetworkDataError, match=r"JGD2011.*are the axes swapped"):
        converted(JGD2011, 36.0, 50.0)


@pytest.mark.parametrize("text", ["", "EPSG:0", "EPSG:nothing", "JGD", "+proj=nothing", "x" * 500])
def test_an_unknown_system_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(NetworkDataError, match="unknown reference system") as refused:
        read_crs(text, SOURCE)
    assert len(str(refused.value)) < 200
