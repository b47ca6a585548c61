"""Lines as columns: where they meet by position, and what is chosen of them."""

from dataclasses import replace

import numpy as np
import pytest

from snowtrack.network.arrays import Structure
from snowtrack.roads.lines import Lines, RoadLine, as_columns
from tests.oracles.towns import Metres, point, road

GROUND = road((-100, 0), (0, 0), (100, 0))


def raised(*places: Metres, level: int = 0, structure: Structure = Structure.GROUND) -> RoadLine:
    return replace(road(*places), level=level, structure=structure)


def together(*roads: RoadLine) -> list[set[int]]:
    """For each place of the first line the other lines that meet it there."""
    lines = as_columns(roads)
    places = [set(lines.place[start:to].tolist()) for start, to in zip(lines.offsets, lines.offsets[1:], strict=False)]
    own = lines.place[: lines.offsets[1]].tolist()
    return [{number for number, other in enumerate(places[1:], start=1) if place in other} for place in own]


def test_lines_on_the_ground_meet_at_ends_and_on_the_way() -> None:
    assert together(GROUND, road((0, 0), (0, 50)), road((0, -50), (0, 0), (9, 50))) == [set(), {1, 2}, set()]


@pytest.mark.parametrize(
    "above",
    [
        raised((0, -50), (0, 0), (0, 50), level=1),
        raised((0, -50), (0, 0), (0, 50), level=-2),
        raised((0, -50), (0, 0), (0, 50), structure=Structure.BRIDGE),
        raised((0, -50), (0, 0), (0, 50), structure=Structure.TUNNEL),
    ],
)
def test_a_line_at_another_level_does_not_meet_what_it_only_crosses(above: RoadLine) -> None:
    assert together(GROUND, above) == [set(), set(), set()]


def test_a_bridge_meets_the_road_at_each_of_its_ends_and_on_the_ground_what_passes_there() -> None:
    bridge = raised((0, 0), (0, 50), structure=Structure.BRIDGE)
    assert together(GROUND, bridge) == [set(), {1}, set()]
    assert together(bridge, road((0, 50), (0, 90)), raised((0, 50), (30, 90), level=3)) == [set(), {1, 2}]


def test_a_road_that_ends_below_a_bridge_does_not_meet_it() -> None:
    assert together(road((0, -90), (0, 0)), raised((-50, 0), (0, 0), (50, 0), level=1)) == [set(), set()]


def test_a_ramp_meets_the_bridge_that_passes_at_its_level() -> None:
    assert together(raised((0, -90), (0, 0), level=1), raised((-50, 0), (0, 0), (50, 0), level=1)) == [set(), {1}]


def test_lines_of_several_sources_keep_their_texts() -> None:
    one = as_columns([replace(road((0, 0), (1, 0), name="甲"), district="東工区"), road((0, 0), (1, 0), name="乙")])
    other = as_columns([road((0, 0), (1, 0), name="乙", route="県道1号"), road((0, 0), (1, 0))])
    both = Lines.concat([one, other])
    names = [None if number < 0 else both.texts[number] for number in both.attributes.name_text]
    assert names == ["甲", "乙", "乙", None]
    assert both.texts[both.attributes.district_text[0]] == "東工区"
    assert both.texts[both.attributes.route_text[2]] == "県道1号"
    assert both.offsets.tolist() == [0, 2, 4, 6, 8]
    assert len(Lines.concat([])) == 0


def test_a_box_keeps_whole_lines_that_touch_it() -> None:
    lines = as_columns(
        [
            road((-500, 0), (500, 0), source_id=1),
            road((0, 5), (5, 5), (900, 900), source_id=2),
            road((300, 300), (400, 300), source_id=3),
        ]
    )
    (south, west), (north, east) = point(-10, -10), point(10, 10)
    kept = lines.within((west, south, east, north))
    assert kept.attributes.source_id.tolist() == [1, 2]
    assert kept.offsets.tolist() == [0, 2, 5]
    assert len(lines.within((0, 0, 1, 1))) == 0


def test_a_box_keeps_all_parts_of_a_feature() -> None:
    lines = as_columns([road((-500, 0), (500, 0)), road((300, 300), (400, 300)), road((300, 400), (400, 400))])
    parts = replace(lines, continues=np.array([False, True, False]))
    (south, west), (north, east) = point(290, 290), point(310, 310)
    assert len(lines.within((west, south, east, north))) == 1
    assert len(parts.within((west, south, east, north))) == 2
