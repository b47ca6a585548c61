"""What tags say of a road."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.arrays import Kind, Manager, RoadClass, Structure
from snowtrack.roads.osm_tags import CARRIAGEWAYS, FOOTWAYS, is_road, read_road, read_texts


def fields(tags: dict[str, str]) -> dict[str, int]:
    names = ("road_class", "manager", "kind", "oneway", "structure", "level", "lanes", "width_mm")
    return dict(zip(names, read_road({"highway": "residential"} | tags), strict=True))


@pytest.mark.parametrize(
    "highway", ["residential", "trunk", "service", "motorway_link", "footway", "pedestrian", "cycleway"]
)
def test_what_is_ploughed_is_a_road(highway: str) -> None:
    assert is_road({"highway": highway})


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "steps"},
        {"highway": "path"},
        {"highway": "proposed"},
        {"highway": "construction"},
        {"highway": "bus_stop"},
        {"highway": "pedestrian", "area": "yes"},
        {"highway": "service", "service": "driveway"},
        {"highway": "service", "service": "parking_aisle"},
    ],
)
def test_what_is_not_ploughed_is_none(tags: dict[str, str]) -> None:
    assert not is_road(tags)


@pytest.mark.parametrize(
    ("highway", "road_class", "manager"),
    [
        ("motorway", RoadClass.NATIONAL, Manager.UNKNOWN),
        ("trunk", RoadClass.NATIONAL, Manager.NATION),
        ("primary", RoadClass.PREFECTURAL, Manager.PREFECTURE),
        ("secondary", RoadClass.PREFECTURAL, Manager.PREFECTURE),
        ("tertiary", RoadClass.MAIN, Manager.MUNICIPALITY),
        ("unclassified", RoadClass.LOCAL, Manager.MUNICIPALITY),
        ("trunk_link", RoadClass.RAMP, Manager.UNKNOWN),
    ],
)
def test_class_and_manager_follow_from_the_highway(highway: str, road_class: RoadClass, manager: Manager) -> None:
    found = fields({"highway": highway})
    assert (found["road_class"], found["manager"], found["kind"]) == (road_class, manager, Kind.CARRIAGEWAY)


@pytest.mark.parametrize(
    ("tags", "oneway"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "1"}, 1),
        ({"oneway": "true"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "reverse"}, -1),
        ({"oneway": "no"}, 0),
        ({"oneway": "reversible"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "circular"}, 1),
        ({"junction": "roundabout", "oneway": "-1"}, -1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway_link"}, 0),
        ({"highway": "cycleway", "oneway": "yes"}, 0),
    ],
)
def test_one_way_is_said_or_implied(tags: dict[str, str], oneway: int) -> None:
    assert fields(tags)["oneway"] == oneway


@pytest.mark.parametrize(
    ("tags", "structure"),
    [
        ({"bridge": "yes"}, Structure.BRIDGE),
        ({"bridge": "viaduct"}, Structure.BRIDGE),
        ({"bridge": "no"}, Structure.GROUND),
        ({"tunnel": "yes"}, Structure.TUNNEL),
        ({"tunnel": "avalanche_protector"}, Structure.TUNNEL),
        ({"tunnel": "no", "bridge": "yes"}, Structure.BRIDGE),
        ({}, Structure.GROUND),
    ],
)
def test_bridges_and_tunnels(tags: dict[str, str], structure: Structure) -> None:
    assert fields(tags)["structure"] == structure


@pytest.mark.parametrize(
    ("tag", "text", "field", "value"),
    [
        ("layer", "-2", "level", -2),
        ("layer", "+1", "level", 1),
        ("layer", "99", "level", 20),
        ("layer", "high", "level", 0),
        ("lanes", "2", "lanes", 2),
        ("lanes", "2;3", "lanes", 2),
        ("lanes", "many", "lanes", 0),
        ("width", "3.5", "width_mm", 3_500),
        ("width", "3,5 m", "width_mm", 3_500),
        ("width", "12'", "width_mm", 3_658),
        ("width", "narrow", "width_mm", 0),
        ("width", "3500", "width_mm", 0),
        ("est_width", "4", "width_mm", 4_000),
    ],
)
def test_numbers_are_read_as_far_as_they_are_numbers(tag: str, text: str, field: str, value: int) -> None:
    assert fields({tag: text})[field] == value


@pytest.mark.parametrize(
    ("tags", "texts"),
    [
        ({}, (None, None, None)),
        ({"name": "雪国街道", "name:ja_kana": "ゆきぐにかいどう"}, ("雪国街道", "ゆきぐにかいどう", None)),
        ({"name": "大通り", "name:ja-Hira": "おおどおり"}, ("大通り", "おおどおり", None)),
        ({"highway": "trunk", "ref": "8"}, (None, None, "国道8号")),
        ({"highway": "trunk", "ref": "8;157"}, (None, None, "国道8号・国道157号")),
        ({"highway": "primary", "ref": "10"}, (None, None, "県道10号")),
        ({"highway": "residential", "ref": "12"}, (None, None, "12")),
        ({"highway": "primary", "ref": "CG-2"}, (None, None, "CG-2")),
    ],
)
def test_texts(tags: dict[str, str], texts: tuple[str | None, ...]) -> None:
    assert read_texts({"highway": "residential"} | tags) == texts


WILD = st.dictionaries(
    st.sampled_from(["oneway", "bridge", "tunnel", "layer", "lanes", "width", "est_width", "junction", "ref", "name"]),
    st.text(max_size=8),
)


@given(st.sampled_from([*CARRIAGEWAYS, *sorted(FOOTWAYS)]), WILD)
def test_whatever_people_write_the_numbers_fit_their_columns(highway: str, tags: dict[str, str]) -> None:
    found = fields(tags | {"highway": highway})
    assert found["oneway"] in (-1, 0, 1)
    assert -20 <= found["level"] <= 20
    assert 0 <= found["lanes"] <= 20
    assert 0 <= found["width_mm"] <= 100_000
    read_texts(tags | {"highway": highway})
