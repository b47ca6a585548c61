"""What `snowtrack match` promises to who calls it."""

import csv
import io
from pathlib import Path

import orjson
import pytest

from tests.match.drawn import ACROSS, FOOTWAY, STREET, along, csv_of, run, town_folder

pytestmark = pytest.mark.slow
HEADER = "vehicle,time,segment,source_id,along_m,direction,lat,lon,distance_m,status,confidence"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return town_folder(tmp_path_factory.mktemp("town"))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def fault(network: Path, *arguments: str | Path) -> str:
    done = run("--network", network, *arguments)
    assert (done.returncode, done.stdout) == (1, b"")
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0].removeprefix("snowtrack: ")


def test_each_fix_is_a_row_in_the_order_of_the_file(network: Path, tmp_path: Path) -> None:
    track, path = tmp_path / "plough-7.csv", tmp_path / "path.csv"
    track.write_text(csv_of(along(range(40))))
    done = run("--network", network, track, "--lag", "10", "--path", path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[0] == HEADER
    found = rows(done.stdout)
    assert [(row["vehicle"], row["time"]) for row in found] == [("plough-7", str(second)) for second in range(40)]
    assert {(row["source_id"], row["direction"], row["status"]) for row in found} == {(str(STREET), "1", "matched")}
    assert [round(float(row["along_m"])) for row in found] == [20 + 8 * second for second in range(40)]
    assert {round(float(row["distance_m"]), 1) for row in found} == {2.0}
    (way,) = rows(path.read_bytes())
    assert way == {"vehicle": "plough-7", "source_id": str(STREET), "direction": "1", "from_m": "20.0", "to_m": "332.0"}


def test_other_forms_say_the_same(network: Path, tmp_path: Path) -> None:
    track = tmp_path / "a.csv"
    track.write_text(csv_of(along(range(5))))
    plain = rows(run("--network", network, track).stdout)
    lines = [orjson.loads(line) for line in run("--network", network, track, "--format", "jsonl").stdout.splitlines()]
    assert [{key: str(value) for key, value in line.items()} for line in lines] == plain
    collection = orjson.loads(run("--network", network, track, "--format", "geojson").stdout)
    for feature, line in zip(collection["features"], lines, strict=True):
        assert feature["geometry"] == {"type": "Point", "coordinates": [line["lon"], line["lat"]]}
        assert feature["properties"] == {key: value for key, value in line.items() if key not in ("lat", "lon")}


def test_vehicles_are_told_apart_and_come_in_the_order_given(network: Path, tmp_path: Path) -> None:
    east, north = along(range(30)), [(second, (302.0, -190 + 8.0 * second)) for second in range(30)]
    lines = csv_of(east, "vehicle,time,lat,lon").splitlines()
    mixed = [lines[0]]
    for one, other in zip(lines[1:], csv_of(north).splitlines()[1:], strict=True):
        mixed += [f"east,{one}", f"north,{other}"]
    track = tmp_path / "both.csv"
    track.write_text("\n".join(mixed))
    found = rows(run("--network", network, track).stdout)
    assert [row["vehicle"] for row in found] == ["east", "north"] * 30
    assert {(row["vehicle"], row["source_id"]) for row in found} == {("east", str(STREET)), ("north", str(ACROSS))}


def test_a_machine_for_footways_keeps_to_them(network: Path, tmp_path: Path) -> None:
    track = tmp_path / "walk.csv"
    for kind, source in (("歩道除雪車", FOOTWAY), ("sidewalk plough", FOOTWAY), ("grader", STREET), ("", STREET)):
        track.write_text(csv_of(along(range(20), north=4.5), "time,lat,lon,kind", f",{kind}"))
        assert {row["source_id"] for row in rows(run("--network", network, track).stdout)} == {str(source)}


def test_a_fix_without_a_place_has_no_answer(network: Path, tmp_path: Path) -> None:
    track = tmp_path / "hole.csv"
    lines = csv_of(along(range(6))).splitlines()
    track.write_text("\n".join([*lines[:3], "2,,", *lines[4:]]))
    found = rows(run("--network", network, track).stdout)
    assert [row["status"] for row in found] == ["matched"] * 2 + ["no_candidate"] + ["matched"] * 3
    assert found[2] == dict.fromkeys(HEADER.split(","), "") | {
        "vehicle": "hole",
        "time": "2",
        "status": "no_candidate",
        "confidence": "0.0",
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("time,lat,lon\n", "there is no fix in it"),
        ("time,latitude,lon\n1,2,3\n", "there is no column 'lat'; the header names: time, latitude, lon"),
        ("time,lat,lon\n1,36.5,136.6\n2,north,136.6\n", "line 3: 'north' is no lat"),
        ("time,lat,lon\n1,136.6,36.5\n", "line 2: '136.6' is no lat"),
        ("time,lat,lon\nlater,36.5,136.6\n", "line 2: 'later' is no time"),
        ("time,lat,lon\n,36.5,136.6\n", "line 2: 'nothing' is no time"),
        ("time,lat,lon\n1e300,36.5,136.6\n", "line 2: '1e300' is no time"),
        ("time,lat,lon\n-5,36.5,136.6\n", "line 2: '-5' is no time"),
        ("time,lat,lon\n9999-12-31T23:59:59-10:00,36.5,136.6\n", "line 2: '9999-12-31T23:59:59-10:00' is no time"),
        ("time,lat,lon\n1,nan,136.6\n", "line 2: 'nan' is no lat"),
        ("time,lat,lon,course_deg\n1,36.5,136.6,361\n", "line 2: '361' is no course_deg"),
        ("time,lat,lon\n1,36.5,136.6,7,8\n", "is no CSV: "),
    ],
)
def test_a_wrong_file_is_one_line(content: str, said: str, network: Path, tmp_path: Path) -> None:
    track, path = tmp_path / "wrong.csv", tmp_path / "path.csv"
    track.write_text(content)
    assert fault(network, track, "--path", path).startswith(f"{track}: {said}")
    assert not path.exists()


def test_what_is_not_there_is_named(network: Path, tmp_path: Path) -> None:
    track = tmp_path / "a.csv"
    assert fault(network, track) == f"{track}: cannot be read: No such file or directory"
    track.write_text(csv_of(along(range(3))))
    assert fault(network, track, "--path", tmp_path / "no" / "p.csv") == f"{tmp_path}/no/p.csv: there is no such folder"
    assert fault(tmp_path / "nowhere", track).startswith(f"{tmp_path}/nowhere: there is no network here")
    for wrong in ("--lag=-1", "--lag=nan", "--format=xml"):
        done = run("--network", network, track, wrong)
        assert (done.returncode, done.stdout) == (2, b"")
