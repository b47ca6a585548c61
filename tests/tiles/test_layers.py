"""What a tile shows, against the network and Mercator's own formula."""

from functools import cache
from math import floor

import mapbox_vector_tile
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, box, from_geojson
from shapely.geometry.base import BaseGeometry

from snowtrack.clearance.view import Views
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.states import LABELS, Label
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Kind, Network, RoadClass, Structure
from snowtrack.tiles.layers import CLASS_ZOOM, FOOTWAY_ZOOM, TileMaker
from snowtrack.tiles.simplify import HALF_A_PIXEL
from snowtrack.tiles.window import BUFFER, EXTENT, ZOOM_MAX, ZOOM_MIN, TileKey
from tests.oracles.mercator import in_world, key_at
from tests.oracles.towns import point, road, sample_town, shape, town

# To whole units of the finest tiles first, then to those of the tile; in both directions.
ROUNDED = 1.1
ZOOMS = st.integers(ZOOM_MIN, ZOOM_MAX)
EACH = town(
    *(road((0, 30.0 * number), (400, 30.0 * number), road_class=one) for number, one in enumerate(RoadClass)),
    road((0, 300), (400, 300), kind=Kind.FOOTWAY, road_class=RoadClass.NATIONAL),
)


@cache
def maker() -> TileMaker:
    return TileMaker(sample_town(), 10_000)


def untouched() -> Views:
    return Views.untouched(len(sample_town()))


@cache
def ends_in_world() -> list[list[tuple[float, float]]]:
    """Where each segment of the sample town begins and ends."""
    network = sample_town()
    return [
        [in_world(place) for place in (shape(network, row)[0], shape(network, row)[-1])] for row in range(len(network))
    ]


def features(tile: bytes, layer: str) -> dict[int, dict[str, object]]:
    """Features by segment id."""
    if not tile:
        return {}
    content = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    found = {feature["id"]: feature for feature in content[layer]["features"]}
    assert len(found) == len(content[layer]["features"])
    return found


def shown_line(feature: dict[str, object]) -> BaseGeometry:
    geometry = feature["geometry"]
    assert isinstance(geometry, dict)
    return from_geojson(orjson.dumps(geometry))


@given(st.integers(0, 10_000), ZOOMS)
def test_a_segment_is_where_mercator_puts_it(number: int, zoom: int) -> None:
    network = sample_town()
    row = number % len(network)
    key = key_at(shape(network, row)[0], zoom)
    feature = features(maker().roads(key), "roads").get(int(network.segment_id[row]))
    places = [in_world(place) for place in shape(network, row)]
    line = LineString([((x * 2**zoom - key.x) * EXTENT, (y * 2**zoom - key.y) * EXTENT) for x, y in places])
    shown = maker().zoom[row] <= zoom
    if feature is None:
        west, north, east, south = line.bounds
        assert not shown or max(east - west, south - north) < 2 * ROUNDED
        return
    assert shown
    expected = line.intersection(box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER))
    assert shown_line(feature).hausdorff_distance(expected) <= HALF_A_PIXEL + ROUNDED
    assert Point(line.coords[0]).distance(shown_line(feature)) <= ROUNDED


@given(st.integers(0, 10_000), st.integers(13, ZOOM_MAX))
def test_a_tile_holds_every_segment_with_a_point_in_it(number: int, zoom: int) -> None:
    network = sample_town()
    key = key_at(shape(network, number % len(network))[0], zoom)
    inside = {
        int(network.segment_id[row])
        for row, ends in enumerate(ends_in_world())
        if any((floor(x * 2**zoom), floor(y * 2**zoom)) == (key.x, key.y) for x, y in ends)
    }
    assert inside <= features(maker().roads(key), "roads").keys()


def test_a_road_tile_says_what_the_network_says() -> None:
    network = sample_town()
    found = features(maker().roads(key_at(shape(network, 2_000)[0], 14)), "roads")
    assert len(found) > 50
    for segment, feature in found.items():
        row = int(network.rows_of([segment])[0])
        footway = network.kind[row] == Kind.FOOTWAY
        expected = {
            "class": "footway" if footway else RoadClass(int(network.road_class[row])).name.lower(),
            "structure": Structure(int(network.structure[row])).name.lower(),
            "oneway": int(network.oneway[row]),
            "name": network.text(int(network.name_text[row])),
            "route": network.text(int(network.route_text[row])),
            "row": row,
        }
        assert feature["properties"] == {key: value for key, value in expected.items() if value is not None}


@pytest.mark.parametrize("zoom", range(ZOOM_MIN, ZOOM_MAX + 1))
def test_a_class_of_road_is_shown_from_its_zoom_on(zoom: int) -> None:
    shown = classes_around(TileMaker(EACH, 100), key_at(point(50, 100), zoom))
    expected = {one.name.lower() for one in RoadClass if CLASS_ZOOM[one] <= zoom}
    assert shown == expected | ({"footway"} if zoom >= FOOTWAY_ZOOM else set())


def classes_around(tiles: TileMaker, key: TileKey) -> set[str]:
    """In this tile and its neighbours, since a border may run through."""
    around = [TileKey(key.z, key.x + dx, key.y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    shown = [feature["properties"] for one in around for feature in features(tiles.roads(one), "roads").values()]
    return {one["class"] for one in shown if isinstance(one, dict)}


def test_the_most_important_roads_are_kept_when_there_are_too_many() -> None:
    few = TileMaker(sample_town(), 300)
    key = key_at(shape(sample_town(), 2_000)[0], 12)
    all_of_it, found = features(maker().roads(key), "roads"), features(few.roads(key), "roads")
    assert len(all_of_it) > 300 >= len(found) > 250
    rows = sample_town().rows_of(list(found)).tolist()
    assert rows == sorted(rows)
    zoom = dict(zip(sample_town().segment_id.tolist(), few.zoom.tolist(), strict=True))
    assert max(zoom[one] for one in found) <= min(zoom[one] for one in all_of_it.keys() - found.keys())


def test_labels_are_shown_with_their_evidence_and_all_else_as_never_worked() -> None:
    network = sample_town()
    segment = int(network.segment_id[2_000])
    worked = Views.from_rows([(LABELS.index(Label.PARTLY), 40, MINUTE_US, Evidence.INFERRED, 85)])
    views = Views.untouched(len(network)).replaced(np.array([2_000]), worked)
    found = features(maker().clearance(key_at(shape(network, 2_000)[0], 14), views, 61 * MINUTE_US), "clearance")
    expected = {"label": "partly", "share": 40, "evidence": "inferred", "confidence": 85, "age": 60}
    assert found.pop(segment)["properties"] == expected
    assert found
    assert all(feature["properties"] == {"label": "never", "share": 0} for feature in found.values())


def test_both_layers_show_the_same_segments() -> None:
    key = key_at(shape(sample_town(), 100)[0], 15)
    roads = features(maker().roads(key), "roads")
    clearance = features(maker().clearance(key, untouched(), 0), "clearance")
    assert roads.keys() == clearance.keys()
    assert [one["geometry"] for one in roads.values()] == [one["geometry"] for one in clearance.values()]


@pytest.mark.parametrize("key", [TileKey(14, 0, 0), TileKey(8, 0, 0), TileKey(16, 2**16 - 1, 2**16 - 1)])
def test_a_tile_without_roads_is_empty(key: TileKey) -> None:
    assert maker().roads(key) == maker().clearance(key, untouched(), 0) == b""


@pytest.mark.parametrize(
    ("key", "exists"),
    [
        ((ZOOM_MIN, 0, 0), True),
        ((ZOOM_MIN, 2**ZOOM_MIN - 1, 2**ZOOM_MIN - 1), True),
        ((ZOOM_MIN, 2**ZOOM_MIN, 0), False),
        ((ZOOM_MIN, 0, 2**ZOOM_MIN), False),
        ((ZOOM_MIN, -1, 0), False),
        ((ZOOM_MIN, 0, -1), False),
        ((ZOOM_MIN - 1, 0, 0), False),
        ((ZOOM_MAX, 0, 0), True),
        ((ZOOM_MAX + 1, 0, 0), False),
    ],
)
def test_which_tiles_there_are(key: tuple[int, int, int], exists: bool) -> None:
    assert TileKey(*key).exists is exists


def test_the_same_tile_is_the_same_bytes() -> None:
    network: Network = sample_town()
    key = key_at(shape(network, 3_000)[0], 13)
    assert TileMaker(network, 10_000).roads(key) == maker().roads(key)
