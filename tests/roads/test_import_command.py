"""`snowtrack roads import` and its neighbours, as their user calls them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import orjson
import pytest

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Manager, Network
from snowtrack.roads.files import check_network, open_network, read_manifest, read_succession
from snowtrack.services.roads import Import, import_roads, read_box
from tests.oracles.towns import Metres, point
from tests.roads.line_files import write_lines
from tests.roads.osm_files import Way, write_osm

NODES: Mapping[int, Metres] = {
    1: (-60, 0),
    2: (0, 0),
    3: (60, 0),
    4: (0, -60),
    5: (0, 60),
    6: (900, 900),
    7: (960, 900),
}
WAYS = {10: Way([1, 2, 3]), 11: Way([4, 2, 5]), 12: Way([6, 7])}
LINES = [[(-60.0, 0.0), (0.0, 0.0), (60.0, 0.0)], [(0.0, -60.0), (0.0, 0.0), (0.0, 60.0)]]


def snowtrack(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snowtrack", "roads", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def imported(folder: Path, *sources: Path, **options: object) -> Network:
    import_roads(Import(sources=sources, out=folder, **options))  # type: ignore[arg-type]
    return open_network(folder)


@pytest.fixture
def pbf(tmp_path: Path) -> Path:
    return write_osm(tmp_path / "town.osm.pbf", NODES, WAYS)


def test_a_network_is_made_and_told_of(tmp_path: Path, pbf: Path) -> None:
    done = snowtrack("import", pbf, "--out", tmp_path / "net")
    assert (done.returncode, done.stderr) == (0, "")
    assert "duplicates none" in done.stdout
    assert "gaps       none" in done.stdout
    lat, lon = point(900, 900)
    assert (
        f"islands    1 parts that cannot be reached from the largest one: {lat / 1e7:.6f},{lon / 1e7:.6f} (60.0 m)"
        in (done.stdout)
    )
    network = open_network(tmp_path / "net")
    assert f"5 segments, 0.3 km, network {network.network_id}" in done.stdout
    assert (network.name, network.attribution) == ("net", "© OpenStreetMap contributors")
    assert check_network(tmp_path / "net") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net", "town.osm.pbf"]


def test_the_other_commands_read_it(tmp_path: Path, pbf: Path) -> None:
    network = imported(tmp_path / "net", pbf)
    shown = snowtrack("info", tmp_path / "net")
    assert network.network_id in shown.stdout
    said = orjson.loads(snowtrack("info", tmp_path / "net", "--json").stdout)
    assert (said["segments"], said["nodes"], said["network_id"]) == (5, 7, network.network_id)
    assert "the network is sound" in snowtrack("check", tmp_path / "net").stdout
    checked = orjson.loads(snowtrack("check", tmp_path / "net", "--json").stdout)
    assert (checked["damaged"], checked["faults"]) == ([], [])
    assert len(checked["roads"]["islands"]) == 1
    assert snowtrack("export", tmp_path / "net", "--out", tmp_path / "net.geojson").returncode == 0
    assert len(orjson.loads((tmp_path / "net.geojson").read_bytes())["features"]) == 5


def test_a_damaged_or_broken_network_is_told_and_ends_with_1(tmp_path: Path, pbf: Path) -> None:
    imported(tmp_path / "net", pbf)
    path = tmp_path / "net" / "length_mm.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"\x7f")
    done = snowtrack("check", tmp_path / "net")
    assert (done.returncode, done.stdout) == (1, "")
    assert "damaged: length_mm; make or import the network again" in done.stderr
    assert orjson.loads(snowtrack("check", tmp_path / "net", "--json").stdout)["damaged"] == ["length_mm"]


def test_a_difference_is_counted_placed_and_followed(tmp_path: Path, pbf: Path) -> None:
    old = imported(tmp_path / "old", pbf)
    nodes = {**NODES, 5: (1.0, 61.0), 8: (60.0, 50.0)}
    del nodes[6], nodes[7]
    ways = {10: WAYS[10], 11: WAYS[11], 13: Way([3, 8])}
    new_pbf = write_osm(tmp_path / "new.osm.pbf", nodes, ways)
    done = snowtrack("import", new_pbf, "--out", tmp_path / "new", "--previous", tmp_path / "old")
    assert "1 stretches of" in done.stdout
    new = open_network(tmp_path / "new")
    followed = read_succession(tmp_path / "new")
    assert followed is not None
    assert followed.previous == old.network_id == read_manifest(tmp_path / "new")["previous"]["network_id"]
    assert len(followed.succession) == 1
    said = orjson.loads(snowtrack("diff", tmp_path / "old", tmp_path / "new", "--json").stdout)
    assert {name: said[name]["segments"] for name in ("kept", "changed", "new", "gone")} == {
        "kept": 3, "changed": 1, "new": 1, "gone": 1,
    }  # fmt: skip
    assert said["gone"]["places"] == [[axis / 1e7 for axis in point(900, 900)]]
    assert said["succession"][0]["old_id"] == said["succession"][0]["new_id"]
    assert int(followed.succession.old_id[0]) in new.segment_id.tolist()
    shown = snowtrack("diff", tmp_path / "old", tmp_path / "new").stdout
    assert [line.split()[:2] for line in shown.splitlines()] == [
        ["kept", "3"], ["changed", "1"], ["new", "1"], ["gone", "1"], ["succession", "1"],
    ]  # fmt: skip


def test_a_damaged_succession_is_told(tmp_path: Path, pbf: Path) -> None:
    imported(tmp_path / "old", pbf)
    imported(tmp_path / "new", pbf, previous=tmp_path / "old")
    assert check_network(tmp_path / "new") == []
    (tmp_path / "new" / "succession.csv").write_text("what")
    assert check_network(tmp_path / "new") == ["succession.csv"]
    with pytest.raises(NetworkDataError, match=r"succession\.csv: cannot be read"):
        read_succession(tmp_path / "new")


def test_extracts_that_overlap_meet_and_give_each_way_once(tmp_path: Path) -> None:
    west = write_osm(tmp_path / "west.osm.pbf", NODES, {10: WAYS[10], 11: WAYS[11]})
    east = write_osm(tmp_path / "east.osm.pbf", NODES, {11: WAYS[11], 12: WAYS[12]})
    both, whole = imported(tmp_path / "both", west, east), write_osm(tmp_path / "whole.osm.pbf", NODES, WAYS)
    assert both.network_id == imported(tmp_path / "one", whole).network_id


def test_of_a_way_that_an_extract_cuts_off_the_whole_one_is_taken(tmp_path: Path) -> None:
    cut_off = write_osm(tmp_path / "a.osm.pbf", {1: NODES[1], 2: NODES[2]}, {10: WAYS[10]})
    whole = write_osm(tmp_path / "b.osm.pbf", NODES, {10: WAYS[10]})
    for number, sources in enumerate([(cut_off, whole), (whole, cut_off)]):
        assert imported(tmp_path / f"net{number}", *sources).length_mm[0] > 119_000


def test_files_of_lines_meet_at_their_borders_and_not_the_ways_of_openstreetmap(tmp_path: Path, pbf: Path) -> None:
    west, east = write_lines(tmp_path / "w.gpkg", LINES[:1]), write_lines(tmp_path / "e.geojson", LINES[1:])
    assert len(imported(tmp_path / "lines", west, east).node_lat_e7) == 5
    mixed = imported(tmp_path / "mixed", pbf, west, east)
    assert (len(mixed), len(mixed.node_lat_e7)) == (9, 12)
    assert mixed.attribution == "© OpenStreetMap contributors, w.gpkg, e.geojson"


def test_a_box_chooses_whole_roads(tmp_path: Path, pbf: Path) -> None:
    (south, west), (north, east) = point(10, -10), point(20, 10)
    box = ",".join(str(edge / 1e7) for edge in (west, south, east, north))
    assert snowtrack("import", pbf, "--out", tmp_path / "net", "--bbox", box).returncode == 0
    network = open_network(tmp_path / "net")
    assert (set(network.source_id.tolist()), network.length_mm.sum() // 1000) == ({10}, 119)


def test_a_mapping_is_used_and_what_it_does_not_understand_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'attribution = "石川県"\n[columns]\nmanager = "kanri"\n[values.manager]\n"県" = "prefecture"'
    )
    lines = write_lines(tmp_path / "town.gpkg", LINES, {"kanri": ["県", "村"]})
    done = snowtrack("import", lines, "--out", tmp_path / "net", "--mapping", tmp_path / "m.toml")
    assert "town.gpkg: manager: not understood in column 'kanri' of 1 lines: '村'" in done.stdout
    assert "town.gpkg: WGS 84: as they are, stated accuracy 0 m" in done.stdout
    network = open_network(tmp_path / "net")
    assert set(network.manager.tolist()) == {Manager.UNKNOWN, Manager.PREFECTURE}
    assert network.attribution == "石川県"


BAD: list[tuple[list[str], dict[str, object], str]] = [
    (["absent.osm.pbf"], {}, "there is no such file"),
    (["town.osm.pbf", "town.osm.pbf"], {}, "is given twice"),
    (["empty.osm.pbf"], {}, "there is no road in it"),
    (["cut.osm.pbf"], {}, "cannot be read as OpenStreetMap data"),
    (["town.osm.pbf"], {"mapping": Path("m.toml")}, "--mapping is for files of lines"),
    (["town.osm.pbf"], {"bbox": (0.0, 0.0, 1.0, 1.0)}, "there is no road within 0,0,1,1; all are in 136."),
    (["town.osm.pbf"], {"previous": Path("absent")}, "there is no network here"),
    (["town.gpkg"], {"mapping": Path("absent.toml")}, "there is no such mapping"),
    (["town.gpkg"], {"crs": "EPSG:77"}, "unknown reference system 'EPSG:77'"),
    (["town.gpkg"], {"crs": "EPSG:4301"}, "worse than 1 m"),
    (["town.gpkg"], {"layer": "none"}, "there is no layer 'none'"),
    (["text.shp"], {}, "cannot be read"),
]


@pytest.mark.parametrize(("sources", "options", "said"), BAD)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    tmp_path: Path, pbf: Path, sources: list[str], options: dict[str, object], said: str
) -> None:
    write_osm(tmp_path / "empty.osm.pbf", {}, {})
    (tmp_path / "cut.osm.pbf").write_bytes(pbf.read_bytes()[:-30])
    write_lines(tmp_path / "town.gpkg", LINES)
    (tmp_path / "text.shp").write_text("text" * 100)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(NetworkDataError) as refused:
        imported(tmp_path / "net", *(tmp_path / name for name in sources), **options)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_says_so_on_standard_error_and_ends_with_1(tmp_path: Path) -> None:
    done = snowtrack("import", tmp_path / "absent.osm.pbf", "--out", tmp_path / "net")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"snowtrack: {tmp_path / 'absent.osm.pbf'}: there is no such file\n"


def test_an_existing_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    with pytest.raises(NetworkDataError, match="exists already"):
        import_roads(Import(sources=[tmp_path / "absent.osm.pbf"], out=tmp_path / "net"))


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "3,2,1,4", "1,4,3,2", "nan,0,1,1", "-181,0,0,1", "0,0,0,91"])
def test_a_box_that_is_none_is_refused(text: str) -> None:
    assert read_box(text) is None


def test_a_wrong_box_is_a_wrong_call(tmp_path: Path, pbf: Path) -> None:
    done = snowtrack("import", pbf, "--out", tmp_path / "net", "--bbox", "1,2,3")
    assert done.returncode == 2
    assert not (tmp_path / "net").exists()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, float]]:
    """A file that takes a while, and how long."""
    folder = tmp_path_factory.mktemp("large")
    side = range(120)
    nodes = {1 + 200 * y + x: (60.0 * x, 60.0 * y) for x in side for y in side}
    ways = {1 + y: Way([1 + 200 * y + x for x in side]) for y in side}
    ways |= {500 + x: Way([1 + 200 * y + x for y in side]) for x in side}
    pbf = write_osm(folder / "town.osm.pbf", nodes, ways)
    started = time.monotonic()
    assert snowtrack("import", pbf, "--out", folder / "whole").returncode == 0
    yield pbf, time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.9, 0.95])
def test_who_is_killed_leaves_no_network_under_the_name(
    tmp_path: Path, large: tuple[Path, float], share: float
) -> None:
    """Killed at some share of the time that an import takes; what is there then is whole, and no obstacle."""
    pbf, whole_s = large
    command = [sys.executable, "-m", "snowtrack", "roads", "import", str(pbf), "--out", str(tmp_path / "net")]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        child.wait(whole_s * share)
    except subprocess.TimeoutExpired:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    if not (tmp_path / "net").exists():
        imported(tmp_path / "net", pbf)
    assert check_network(tmp_path / "net") == []
    assert open_network(tmp_path / "net").network_id == open_network(pbf.with_name("whole")).network_id


def test_a_million_rows_need_no_reading_to_be_opened(tmp_path: Path, pbf: Path) -> None:
    """Opening maps files: it works although nothing of an array but its header is there to be read."""
    imported(tmp_path / "net", pbf)
    path = tmp_path / "net" / "shape_lat_e7.npy"
    size = path.stat().st_size
    header = path.read_bytes()[:128]
    path.write_bytes(header)
    os.truncate(path, size)
    assert len(open_network(tmp_path / "net")) == 5


def test_oneway_and_levels_of_a_way_of_two_nodes(tmp_path: Path) -> None:
    """As test networks are drawn: one way for each street, `oneway` where there is only one direction."""
    nodes = {0: (0.0, 0.0), 1: (40.0, 0.0), 2: (90.0, 0.0)}
    tags = {"highway": "tertiary"}
    pbf = write_osm(tmp_path / "t.osm.pbf", nodes, {0: Way([0, 1], tags | {"oneway": "yes"}), 1: Way([2, 1], tags)})
    network = imported(tmp_path / "net", pbf)
    order = np.argsort(network.source_id)
    assert network.source_id[order].tolist() == [0, 1]
    assert network.oneway[order].tolist() == [1, 0]
    assert network.source_from_mm.tolist() == [0, 0]
    assert int(network.to_node[order[0]]) == int(network.to_node[order[1]])
