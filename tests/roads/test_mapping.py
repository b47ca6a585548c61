"""Attribute mappings: files, words, numbers, and what is said of values that nobody understands."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Kind, Manager, RoadClass, Structure
from snowtrack.roads.attributes import AttributeReader
from snowtrack.roads.lines import LineAttributes
from snowtrack.roads.mapping import AttributeMapping, read_mapping

EXAMPLES = sorted((Path(__file__).parents[2] / "config" / "roads").glob("*.toml"))


def mapping(tmp_path: Path, text: str) -> AttributeMapping:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    return read_mapping(path)


def read(mapping: AttributeMapping, **columns: list[object]) -> tuple[LineAttributes, list[str], list[str]]:
    table = {name: pl.Series(name, values, strict=False) for name, values in columns.items()}
    count = len(next(iter(columns.values()))) if columns else 1
    reader = AttributeReader(mapping, table, np.arange(100, 100 + count))
    attributes, texts = reader.read()
    return attributes, texts, reader.remarks


def test_a_whole_mapping_is_read(tmp_path: Path) -> None:
    found = mapping(
        tmp_path,
        """
        attribution = "石川県"
        encoding = "cp932"
        [columns]
        name = "路線名"
        manager = "KANRI"
        [values.manager]
        "1" = "nation"
        "2" = "prefecture"
        [defaults]
        class = "local"
        width_m = 5.5
        """,
    )
    assert found == AttributeMapping(
        columns={"name": "路線名", "manager": "KANRI"},
        values={"manager": {"1": Manager.NATION, "2": Manager.PREFECTURE}},
        defaults={"class": RoadClass.LOCAL, "width_m": 5_500},
        attribution="石川県",
        encoding="cp932",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colums = {}", "'colums' is unknown; there are attribution, encoding, columns"),
        ('[columns]\nnam = "x"', "columns: 'nam' is unknown; there are name"),
        ("[columns]\nname = 3", "columns.name: expected the name of a column"),
        ('columns = "name"', "columns must be a table"),
        ('[values.name]\n"a" = "b"', "values: 'name' is unknown"),
        ('[values]\nmanager = "x"', "values.manager must be a table"),
        ('[values.manager]\n"1" = "county"', "values.manager.1: 'county' is unknown; there are unknown, nation"),
        ('[defaults]\nclass = "wide"', "defaults.class: 'wide' is unknown"),
        ("[defaults]\nlanes = 99", "defaults.lanes: expected a number from 0 to 20, found 99"),
        ("[defaults]\nlanes = true", "defaults.lanes: expected a number"),
        ("[defaults]\nname = 3", "defaults: 'name' is unknown"),
        ("attribution = 3", "attribution: expected a text"),
        ('encoding = "cp0"', "encoding: 'cp0' is unknown"),
        ("encoding = 932", "encoding: expected a text"),
        ("[columns", "cannot be read"),
    ],
)
def test_a_wrong_key_is_refused_by_its_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(NetworkDataError) as refused:
        mapping(tmp_path, text)
    assert said in str(refused.value)
    assert "mapping.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkDataError, match="no such mapping"):
        read_mapping(tmp_path / "absent.toml")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_mapping(path: Path) -> None:
    assert read_mapping(path).columns


def test_without_a_mapping_nothing_is_known() -> None:
    attributes, texts, remarks = read(AttributeMapping())
    assert (texts, remarks) == ([], [])
    row = dict(zip(LineAttributes.dtypes(), attributes.rows()[0], strict=True))
    assert row.pop("source_id") == 100
    assert {value for name, value in row.items() if name.endswith("_text")} == {-1}
    assert {value for name, value in row.items() if not name.endswith("_text")} == {0}


def test_values_are_words_of_the_mapping_or_our_own_or_the_default() -> None:
    known = AttributeMapping(
        columns={"manager": "kanri", "class": "kubun", "oneway": "ippo"},
        values={"manager": {"国": 1, "県": 2}, "oneway": {"順": 1, "逆": -1}},
        defaults={"manager": Manager.MUNICIPALITY},
    )
    attributes, _, remarks = read(
        known,
        kanri=["国", " 県 ", "Prefecture", None, "", "村"],
        kubun=["national", "local", None, None, "ramp", "main"],
        ippo=["順", "逆", "1", "-1", "0", None],
    )
    assert attributes.manager.tolist() == [1, 2, 2, 3, 3, 3]
    assert attributes.road_class.tolist() == [1, 4, 0, 0, 5, 3]
    assert attributes.oneway.tolist() == [1, -1, 1, -1, 0, 0]
    assert remarks == ["manager: not understood in column 'kanri' of 1 lines: '村'"]


def test_numbers_that_are_codes_are_matched_as_they_are_written() -> None:
    known = AttributeMapping(columns={"class": "code"}, values={"class": {"3": 1, "10": 2}})
    assert read(known, code=[3, 10])[0].road_class.tolist() == [1, 2]
    assert read(known, code=[3.0, None, 10.0])[0].road_class.tolist() == [1, 0, 2]
    assert read(known, code=["3", "10"])[0].road_class.tolist() == [1, 2]


def test_numbers_are_taken_within_their_limits() -> None:
    known = AttributeMapping(
        columns={"lanes": "l", "width_m": "w", "priority": "p", "level": "z"}, defaults={"lanes": 2}
    )
    attributes, _, remarks = read(
        known, l=[4, None, 99], w=["5.5", "wide", None], p=[1.0, 3.0, float("nan")], z=[-1, 0, 1]
    )
    assert attributes.lanes.tolist() == [4, 2, 2]
    assert attributes.width_mm.tolist() == [5_500, 0, 0]
    assert attributes.priority.tolist() == [1, 3, 0]
    assert attributes.level.tolist() == [-1, 0, 1]
    assert remarks == [
        "lanes: not understood in column 'l' of 1 lines: '99'",
        "width_m: not understood in column 'w' of 1 lines: 'wide'",
    ]


def test_flags_make_footways_bridges_and_tunnels() -> None:
    known = AttributeMapping(columns={"footway": "f", "bridge": "b", "tunnel": "t"})
    attributes, _, _ = read(known, f=[True, False, None], b=["yes", "no", "0"], t=[0, 0, 1])
    assert attributes.kind.tolist() == [Kind.FOOTWAY, Kind.CARRIAGEWAY, Kind.CARRIAGEWAY]
    assert attributes.structure.tolist() == [Structure.BRIDGE, Structure.GROUND, Structure.TUNNEL]


def test_texts_are_kept_once_and_nothing_is_none() -> None:
    known = AttributeMapping(columns={"name": "n", "district": "d", "reading": "r", "route": "c"})
    attributes, texts, _ = read(
        known, n=["甲", None, " 甲 "], d=["東", "", "西"], r=["こう", None, None], c=[8, None, 157]
    )
    names = [None if number < 0 else texts[number] for number in attributes.name_text]
    assert names == ["甲", None, "甲"]
    assert [None if number < 0 else texts[number] for number in attributes.district_text] == ["東", None, "西"]
    assert [None if number < 0 else texts[number] for number in attributes.route_text] == ["8", None, "157"]
