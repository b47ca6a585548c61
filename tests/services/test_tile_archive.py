"""A network's tiles in one file, read by the format's own reader."""

from gzip import decompress
from pathlib import Path

import mapbox_vector_tile
import pyogrio.raw
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.services.tile_archive import ARCHIVE_ZOOM_MAX, export_tiles
from snowtrack.tiles.layers import FIELDS, TileMaker
from snowtrack.tiles.window import ZOOM_MIN, TileKey


def test_it_has_every_tile_as_the_server_makes_it(
    network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "town.pmtiles"
    export_tiles(network, path)
    tiles = TileMaker(network, 50_000)
    rows: set[int] = set()
    with path.open("rb") as file:
        source = MmapSource(file)
        reader = Reader(source)
        header, metadata = reader.header(), reader.metadata()
        found = dict(all_tiles(source))
        for (z, x, y), content in found.items():
            assert decompress(content) == tiles.roads(TileKey(z, x, y))
            assert reader.get(z, x, y) == content
            if z == ARCHIVE_ZOOM_MAX:
                layer = mapbox_vector_tile.decode(decompress(content))["roads"]
                rows |= {feature["properties"]["row"] for feature in layer["features"]}
    assert rows == set(range(len(network)))
    assert {z for z, _, _ in found} == set(range(ZOOM_MIN, ARCHIVE_ZOOM_MAX + 1))
    assert (header["tile_type"], header["tile_compression"]) == (TileType.MVT, Compression.GZIP)
    assert header["clustered"]
    edges = (header["min_lon_e7"], header["min_lat_e7"], header["max_lon_e7"], header["max_lat_e7"])
    assert edges == network.bbox_e7
    assert metadata["network"] == network.network_id
    assert metadata["vector_layers"][0]["id"] == "roads"
    assert f"{len(found):,} tiles" in capsys.readouterr().out


def test_gdal_opens_it_and_so_qgis_does(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "town.pmtiles"
    export_tiles(network, path)
    meta, _, _, columns = pyogrio.raw.read(path, layer="roads", read_geometry=False)
    found = dict(zip(meta["fields"], columns, strict=True))
    assert set(found) >= {"mvt_id", *FIELDS["roads"]}
    assert set(found["mvt_id"].tolist()) == set(network.segment_id.tolist())


def test_the_same_network_makes_the_same_file(network: Network, tmp_path: Path) -> None:
    for name in ("one", "other"):
        export_tiles(network, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_where_it_cannot_be_written_nothing_is_left(network: Network, tmp_path: Path) -> None:
    with pytest.raises(NetworkDataError, match="cannot be written"):
        export_tiles(network, tmp_path / "no" / "town.pmtiles")
    assert list(tmp_path.iterdir()) == []
