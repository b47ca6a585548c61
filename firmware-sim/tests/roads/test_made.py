"""Made-up roads hang together, at every size."""

from pathlib import Path

import numpy as np
import pytest

from ploughsim.errors import NetworkError
from ploughsim.roads.lanes import road_graph
from ploughsim.roads.made import NetworkSettings, draw_roads, make_network
from ploughsim.roads.read import BRIDGE, CARRIAGEWAY, GROUND, TUNNEL, read_network


@pytest.mark.parametrize("kind", ["town", "parallel", "pass"])
@pytest.mark.parametrize("segments", [1_000, 12_000])
def test_one_gets_from_everywhere_to_everywhere(kind: str, segments: int, tmp_path: Path) -> None:
    make_network(NetworkSettings(kind=kind, segments=segments, seed=3), tmp_path / "made")
    network = read_network(tmp_path / "made")
    assert abs(len(network) / segments - 1) < 0.07
    carriageway = network.kind == CARRIAGEWAY
    allowed = 2 * int(carriageway.sum()) - int((network.oneway[carriageway] != 0).sum())
    # A dropped street leaves a crossing alone here and there.
    assert len(road_graph(network).leaving) > 0.995 * allowed


def test_a_mountain_road_has_hairpins_tunnels_and_bridges() -> None:
    lines = draw_roads(NetworkSettings(kind="pass", segments=1_000))
    structure = lines.looks["structure"]
    assert {GROUND, BRIDGE, TUNNEL} == set(structure.tolist())
    assert (lines.looks["level"][structure == TUNNEL] == -1).all()
    assert (lines.looks["level"][structure == BRIDGE] == 1).all()
    pass_line = np.flatnonzero(lines.looks["name"] == lines.texts.index("雪見峠線"))
    reversals = 0
    for line in pass_line.tolist():
        points = slice(int(lines.offsets[line]), int(lines.offsets[line + 1]))
        heading = np.unwrap(np.arctan2(np.diff(lines.north_m[points]), np.diff(lines.east_m[points])))
        if len(heading) > 8:
            reversals += int((np.abs(heading[8:] - heading[:-8]) > 2.5).any())
            # No corner is sharper than a machine can go round.
            assert np.abs(np.diff(heading)).max() < 1.2
    assert reversals >= 2


def test_roads_of_a_pair_stay_ten_to_forty_metres_apart() -> None:
    lines = draw_roads(NetworkSettings(kind="parallel", segments=1_000))
    main, side = (lines.looks["name"] == lines.texts.index(name) for name in ("雪国街道", "並木農道"))
    counts = np.diff(lines.offsets)
    of_main, of_side = (np.repeat(which, counts) for which in (main, side))
    east, north = lines.east_m, lines.north_m
    for place in np.flatnonzero(of_side)[::20].tolist():
        apart = np.hypot(east[of_main] - east[place], north[of_main] - north[place]).min()
        assert 8 < apart < 41


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with pytest.raises(NetworkError, match="exists already"):
        make_network(NetworkSettings(segments=1_000), tmp_path / "made")
    assert [*(tmp_path / "made").iterdir()] == []


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NetworkError, match="cannot be written"):
        make_network(NetworkSettings(segments=1_000), tmp_path / "file" / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
