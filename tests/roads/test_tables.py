"""Networks as tables: what is exported can be brought back, and a summary adds up."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyogrio
import pytest
import shapely

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Kind, RoadClass, Structure
from snowtrack.roads.build import network_of
from snowtrack.roads.features import Reading, read_features
from snowtrack.roads.mapping import read_mapping
from snowtrack.roads.tables import export, segments, summary
from tests.oracles.towns import built, road, sample_town, shape

MAPPING = read_mapping(Path(__file__).parents[2] / "config" / "roads" / "snowtrack.toml")
TOWN = built(
    replace(
        road((0, 0), (80, 0), source_id=7, name="雪国街道", route="国道900号", road_class=RoadClass.NATIONAL, oneway=1),
        structure=Structure.BRIDGE,
        level=1,
        lanes=4,
        width_mm=14_500,
        priority=2,
        reading="ゆきぐにかいどう",
        district="東工区",
        source="7-A",
    ),
    road((0, 30), (80, 30), source_id=8, kind=Kind.FOOTWAY),
)


def test_each_segment_is_a_row_in_words() -> None:
    first, second = segments(TOWN).sort("source_id").rows(named=True)
    row = int(TOWN.rows_of([first["id"]])[0])
    assert first == first | {
        "source_id": 7, "source": "7-A", "from_m": 0.0, "length_m": TOWN.length_mm[row] / 1000, "class": "national",
        "manager": "municipality", "kind": "carriageway", "oneway": 1, "structure": "bridge", "level": 1, "lanes": 4,
        "width_m": 14.5, "priority": 2, "name": "雪国街道", "reading": "ゆきぐにかいどう", "route": "国道900号",
        "district": "東工区",
    }  # fmt: skip
    assert second["kind"] == "footway"
    assert [second[text] for text in ("name", "reading", "route", "district", "source")] == [None] * 5


@pytest.mark.parametrize("name", ["town.geojson", "town.gpkg"])
def test_what_was_exported_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    export(TOWN, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    lines = read_features(tmp_path / name, Reading(mapping=MAPPING)).lines
    again = network_of(lines, name="test", attribution="test")
    columns = [name for name in segments(TOWN).columns if name not in ("source", "from_node", "to_node")]
    assert segments(again).sort("id").select(columns).equals(segments(TOWN).sort("id").select(columns))
    lines_of = [{tuple(shape(network, row)) for row in range(2)} for network in (again, TOWN)]
    assert lines_of[0] == lines_of[1]


def test_a_csv_has_the_lines_as_text(tmp_path: Path) -> None:
    export(sample_town(), tmp_path / "town.csv")
    table = pl.read_csv(tmp_path / "town.csv", infer_schema_length=None)
    assert table["id"].to_list() == sample_town().segment_id.tolist()
    for row in (0, 777, len(sample_town()) - 1):
        points = shapely.get_coordinates(shapely.from_wkt(table["wkt"][row])).tolist()
        assert [(round(lat * 1e7), round(lon * 1e7)) for lon, lat in points] == shape(sample_town(), row)


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    export(sample_town(), path)
    export(TOWN, path)
    assert pyogrio.read_info(path)["features"] == 2


def test_an_unknown_kind_of_file_or_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkDataError, match=r"there are \.geojson, \.gpkg, \.csv"):
        export(TOWN, tmp_path / "town.shp")
    for name in ("town.gpkg", "town.csv"):
        with pytest.raises(NetworkDataError, match="cannot be written"):
            export(TOWN, tmp_path / "absent" / name)


def test_a_summary_adds_up() -> None:
    said = summary(sample_town())
    for key in ("km_by_class", "km_by_manager", "km_by_kind", "km_by_structure"):
        assert abs(sum(said[key].values()) - said["km"]) < 0.01
    assert said["segments"] == len(sample_town())
    assert said["km_by_kind"].keys() == {"carriageway", "footway"}
    assert 0 < said["km_oneway"] < said["km"]
