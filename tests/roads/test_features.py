"""Files of lines: formats, layers, reference systems, ids, and all that can be wrong with them."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.roads.build import network_of
from snowtrack.roads.features import ReadFeatures, Reading, read_features
from snowtrack.roads.mapping import AttributeMapping
from tests.oracles.towns import point, shape
from tests.roads.line_files import write_lines

CROSS = [[(-60.0, 0.0), (0.0, 0.0), (60.0, 0.0)], [(0.0, -60.0), (0.0, 0.0), (0.0, 60.0)]]
PLAIN = Reading(mapping=AttributeMapping())
PLANE_7 = "EPSG:6675"
pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")


def network(read: ReadFeatures) -> Network:
    return network_of(read.lines, name="test", attribution="test")


def geojson(path: Path, *features: object) -> Path:
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return path


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def line(*coordinates: object) -> dict[str, object]:
    return {"type": "LineString", "coordinates": coordinates}


def assert_refused(path: Path, *words: str, reading: Reading = PLAIN) -> None:
    """In one line that names the file and says what is wrong."""
    with pytest.raises(NetworkDataError) as refused:
        read_features(path, reading)
    text = str(refused.value)
    assert str(path) in text
    assert "\n" not in text
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("name", "crs"),
    [("town.geojson", "EPSG:4326")]
    + [
        (name, crs)
        for name in ("town.gpkg", "town.shp", "town.fgb")
        for crs in ("EPSG:4326", PLANE_7, "EPSG:6668", "EPSG:32653")
    ],
)
def test_every_format_in_every_system_gives_the_same_lines(tmp_path: Path, name: str, crs: str) -> None:
    made = network(read_features(write_lines(tmp_path / name, CROSS, crs=crs), PLAIN))
    assert (len(made), len(made.node_lat_e7)) == (4, 5)
    expected = {point(*place) for one in CROSS for place in one}
    found = {place for row in range(4) for place in shape(made, row)}
    assert all(min(abs(y - b) + abs(x - a) for y, x in expected) <= 2 for b, a in found)


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    plain = write_lines(tmp_path / "town.geojson", CROSS)
    packed = tmp_path / "town.geojson.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert network(read_features(packed, PLAIN)).network_id == network(read_features(plain, PLAIN)).network_id


def test_the_way_to_degrees_is_told_with_its_accuracy(tmp_path: Path) -> None:
    read = read_features(write_lines(tmp_path / "town.gpkg", CROSS, crs=PLANE_7), PLAIN)
    assert "JGD2011 to WGS 84 (1)" in str(read.conversion)
    assert "stated accuracy 1 m" in str(read.conversion)
    assert str(read_features(write_lines(tmp_path / "d.gpkg", CROSS), PLAIN).conversion).startswith(
        "WGS 84: as they are"
    )


def test_the_parts_of_a_line_are_lines_of_one_feature(tmp_path: Path) -> None:
    (lat, lon), step = point(0, 0), 0.0005
    x, y = lon / 1e7, lat / 1e7
    parts = shapely.MultiLineString([[(x, y), (x + step, y)], [(x + step, y + step), (x, y + step)]])
    read = read_features(write_lines(tmp_path / "town.gpkg", [parts]), PLAIN)
    made = network(read)
    rows = np.argsort(made.source_from_mm)
    assert made.source_id.tolist() == [1, 1]
    assert made.source_from_mm[rows].tolist() == [0, made.length_mm[rows[0]]]


def test_heights_are_left_out(tmp_path: Path) -> None:
    path = geojson(tmp_path / "high.geojson", feature(line([136.65, 36.56, 20.5], [136.651, 36.56, 21.0])))
    assert read_features(path, PLAIN).lines.lat_e7.tolist() == [365_600_000, 365_600_000]


def test_what_is_no_line_is_left_out_and_counted(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "mixed.geojson",
        feature(line([136.65, 36.56], [136.651, 36.56])),
        feature({"type": "Point", "coordinates": [136.65, 36.56]}),
        feature(None),
    )
    read = read_features(path, PLAIN)
    assert len(read.lines) == 1
    assert [remark.split(" (")[0] for remark in read.remarks] == [
        "left out: 1 features without a geometry",
        "left out: 1 features that are no lines",
    ]


def test_of_several_layers_one_is_chosen(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.gpkg", CROSS[:1], layer="roads")
    write_lines(path, CROSS[1:], layer="rivers", append=True)
    assert_refused(path, "several layers", "roads", "rivers", "--layer")
    roads = read_features(path, Reading(mapping=AttributeMapping(), layer="roads"))
    assert roads.lines.lon_e7.tolist() == [point(*place)[1] for place in CROSS[0]]
    assert_refused(path, "no layer 'streets'", "roads", reading=Reading(mapping=AttributeMapping(), layer="streets"))


def test_a_file_without_a_reference_system_needs_one(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.shp", CROSS, crs=PLANE_7)
    path.with_suffix(".prj").unlink()
    assert_refused(path, "--crs")
    made = network(read_features(path, Reading(mapping=AttributeMapping(), crs=PLANE_7)))
    assert len(made.node_lat_e7) == 5
    assert_refused(path, "EPSG:999999", reading=Reading(mapping=AttributeMapping(), crs="EPSG:999999"))
    assert_refused(path, "nonsense", reading=Reading(mapping=AttributeMapping(), crs="nonsense"))


def test_a_shapefile_without_its_table_is_read(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.shp", CROSS, {"name": ["甲", "乙"]})
    path.with_suffix(".dbf").unlink()
    assert len(read_features(path, PLAIN).lines) == 2


def test_swapped_axes_are_refused(tmp_path: Path) -> None:
    degrees = geojson(tmp_path / "swapped.geojson", feature(line([36.56, 136.65], [36.56, 136.651])))
    assert_refused(degrees, "swapped")
    lat, lon = point(0, 0)
    metres = write_lines(tmp_path / "degrees.gpkg", [shapely.LineString([(lon / 1e7, lat / 1e7), (136.7, 36.6)])])
    assert_refused(metres, "JGD2011", "swapped", reading=Reading(mapping=AttributeMapping(), crs="EPSG:6684"))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_coordinate_that_is_no_number_is_refused_with_its_feature(tmp_path: Path, bad: float) -> None:
    with np.errstate(invalid="ignore"):
        wrong = shapely.LineString([(136.65, bad), (136.66, 36.5)])
    lines = [shapely.LineString([(136.65, 36.56), (136.66, 36.56)]), wrong]
    assert_refused(write_lines(tmp_path / "town.gpkg", lines), "feature 2", "not a number")


def test_a_line_of_one_point_is_refused_with_its_feature(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "short.geojson",
        feature(line([136.65, 36.56], [136.66, 36.56])),
        feature(line([136.65, 36.56])),
    )
    assert_refused(path, "feature 1 has a broken geometry")


def test_nothing_that_is_a_road_is_refused(tmp_path: Path) -> None:
    assert_refused(geojson(tmp_path / "none.geojson"), "no l")
    points = geojson(tmp_path / "points.geojson", feature({"type": "Point", "coordinates": [136.65, 36.56]}))
    assert_refused(points, "no la")
    assert_refused(write_lines(tmp_path / "empty.gpkg", []), "no line among 0 features")


@pytest.mark.parametrize("size", [0, 1, 40, 1_000, 2_000])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, size: int) -> None:
    for name in ("town.gpkg", "town.geojson", "town.shp"):
        path = write_lines(tmp_path / name, [[(x, 0.0), (x + 9.0, 0.0)] for x in map(float, range(99))])
        whole = path.read_bytes()
        assert len(whole) > size
        path.write_bytes(whole[:size])
        assert_refused(path)


def test_a_folder_and_a_text_are_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path)
    (tmp_path / "text.geojson").write_text("what is this")
    assert_refused(tmp_path / "text.geojson", "cannot be read")


def test_ids_are_those_of_the_features_or_of_a_column_and_texts_are_kept(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.gpkg", CROSS, {"number": [70, 80], "code": ["A-7", "8"]})
    assert read_features(path, PLAIN).lines.attributes.source_id.tolist() == [1, 2]
    by_number = read_features(path, Reading(mapping=AttributeMapping(columns={"source": "number"})))
    assert by_number.lines.attributes.source_id.tolist() == [70, 80]
    assert by_number.lines.attributes.source_text.tolist() == [-1, -1]
    by_code = read_features(path, Reading(mapping=AttributeMapping(columns={"source": "code"}))).lines
    assert by_code.attributes.source_id.tolist() == [1, 2]
    assert [by_code.texts[number] for number in by_code.attributes.source_text] == ["A-7", "8"]


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.gpkg", CROSS, {"name": ["甲", "乙"]})
    assert_refused(path, "'路線名'", "name", reading=Reading(mapping=AttributeMapping(columns={"name": "路線名"})))


def test_texts_are_read_in_the_encoding_that_the_mapping_says(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.shp", CROSS, {"路線名": ["国道雪国街道", "表示"]}, encoding="cp932")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    lines = read_features(path, Reading(mapping=AttributeMapping(columns={"name": "路線名"}, encoding="cp932"))).lines
    assert [lines.texts[number] for number in lines.attributes.name_text] == ["国道雪国街道", "表示"]
    assert_refused(path, "utf-8", reading=Reading(mapping=AttributeMapping(columns={"name": "x"}, encoding="utf-8")))


def test_bridges_of_a_file_make_no_false_junction(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.gpkg", CROSS, {"hashi": [0, 1]})
    flat, raised = (
        read_features(path, PLAIN),
        read_features(path, Reading(mapping=AttributeMapping(columns={"bridge": "hashi"}))),
    )
    assert [len(network(one)) for one in (flat, raised)] == [4, 2]


def test_the_original_is_left_alone(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "town.shp", CROSS)
    (tmp_path / "kept").mkdir()
    for file in tmp_path.glob("town.*"):
        shutil.copy(file, tmp_path / "kept" / file.name)
    before = {file.name: file.read_bytes() for file in (tmp_path / "kept").iterdir()}
    read_features(path, PLAIN)
    assert {file.name: file.read_bytes() for file in tmp_path.glob("town.*")} == before
