"""`snowtrack roads export --out FILE.pmtiles`: all tiles of a network's roads in one file, for whoever serves files."""

from collections.abc import Iterator
from gzip import compress
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from rich.console import Console
from rich.progress import track

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.tiles.layers import FIELDS, TileMaker
from snowtrack.tiles.window import ZOOM_MIN, TileKey
from snowtrack.whole_files import replacing

# Deeper in, maps draw these tiles larger: a unit is 0.5 m at 36° north.
ARCHIVE_ZOOM_MAX = 14
SEGMENTS_MAX = 50_000
LAYER = "roads"


def export_tiles(network: Network, path: Path) -> None:
    """Write them, whole or not at all."""
    tiles = TileMaker(network, SEGMENTS_MAX)
    keys = [key for zoom in _covering(tiles) for key in sorted(zoom, key=_number)]
    try:
        with replacing(path) as half, half.open("wb") as file:
            writer = Writer(file)
            for key in track(keys, "tiles", console=Console(stderr=True), transient=True):
                if content := tiles.roads(key):
                    writer.write_tile(_number(key), compress(content, mtime=0))
            writer.finalize(_header(network), _metadata(network))
    except OSError as error:
        raise NetworkDataError(f"{path}: cannot be written: {error.strerror}") from error
    print(f"{path}: {writer.addressed_tiles:,} tiles, zoom {ZOOM_MIN} to {ARCHIVE_ZOOM_MAX}")


def _covering(tiles: TileMaker) -> Iterator[list[TileKey]]:
    """Zoom by zoom, the tiles that have a segment near them."""
    side = 1 << ZOOM_MIN
    keys = [TileKey(ZOOM_MIN, x, y) for x in range(side) for y in range(side)]
    for _ in range(ZOOM_MIN, ARCHIVE_ZOOM_MAX + 1):
        keys = [key for key in keys if len(tiles.shapes.near(key.window))]
        yield keys
        keys = [
            TileKey(one.z + 1, 2 * one.x + right, 2 * one.y + down)
            for one in keys
            for right in (0, 1)
            for down in (0, 1)
        ]


def _number(key: TileKey) -> int:
    number: int = zxy_to_tileid(key.z, key.x, key.y)
    return number


def _header(network: Network) -> dict[str, object]:
    west, south, east, north = network.bbox_e7
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": (ZOOM_MIN + ARCHIVE_ZOOM_MAX) // 2,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(network: Network) -> dict[str, object]:
    """As the format wants it for vector tiles; `network` says to which a state array must belong."""
    layer = {"id": LAYER, "fields": FIELDS[LAYER], "minzoom": ZOOM_MIN, "maxzoom": ARCHIVE_ZOOM_MAX}
    return {
        "name": network.name,
        "network": network.network_id,
        "attribution": network.attribution,
        "type": "overlay",
        "version": "1",
        "vector_layers": [layer],
    }
