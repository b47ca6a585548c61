"""`snowtrack snow` as its user calls it: files in, all or nothing; files out; and what is shown."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import psycopg
import pytest

from tests.store.databases import count, rows

CSV = "センサー,日時,積雪深(cm)\ns1,2026/1/14 6:00,31.2\ns1,2026/1/14 7:00,欠測\ns2,2026/1/14 6:00,5\n"


class Office:
    """Somebody at a desk."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snowtrack", "snow", *map(str, arguments), "--database", self.url]
        narrow = {**os.environ, "COLUMNS": "40"}  # which a pipe is not
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, cwd=self.folder, env=narrow
        )

    def file(self, name: str, content: str, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode(encoding))
        return path


@pytest.fixture
def office(clean_database: str, tmp_path: Path) -> Office:
    return Office(clean_database, tmp_path)


def test_files_are_taken_and_come_out_again(office: Office) -> None:
    one = office.file("one.csv", CSV, "cp932")
    other = office.file("other.json", '[{"time":"2026-01-14T06:10:00+09:00","depth_mm":313,"sensor":"s1"}]')
    done = office.run("import", one, other, "--agency", "kahoku")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 readings of 2 sensors: 3 new, 0 known already" in done.stdout
    assert "registered by nobody: kahoku/s1, kahoku/s2" in done.stdout
    written = office.run("export").stdout
    assert written.splitlines()[1:] == [
        "kahoku,s1,2026-01-14 06:00:00,31.2,,",
        "kahoku,s1,2026-01-14 06:10:00,31.3,,",
        "kahoku,s2,2026-01-14 06:00:00,5.0,,",
    ]
    again = office.run("import", office.file("again.csv", written))
    assert "3 readings of 2 sensors: 0 new, 3 known already" in again.stdout
    assert count(office.url, "depth_reading") == 3


def test_a_part_of_the_past_can_be_asked_for(office: Office) -> None:
    office.run("import", office.file("one.csv", CSV), "--agency", "kahoku")
    chosen = office.run("export", "kahoku/s1", "--from", "2026-01-14", "--to", "2026-01-15").stdout
    assert len(chosen.splitlines()) == 2
    assert len(office.run("export", "--to", "2026-01-14T06:00").stdout.splitlines()) == 1
    said = office.run("export", "--from", "yesterday")
    assert said.returncode == 1
    assert said.stderr.startswith("snowtrack: 'yesterday' is no time; expected one in Japan such as")
    assert office.run("export", "a b/c").returncode == 2
    boxed = office.run("export", "zzz").stderr.replace("│", "")
    assert "'zzz': expected agency/sensor; 'zzz' alone is not an id" in " ".join(boxed.split())


def test_with_a_problem_in_any_file_nothing_is_taken(office: Office) -> None:
    good = office.file("good.csv", CSV)
    bad = office.file("bad.csv", "time,depth_cm,sensor\n2026-01-14 06:00,deep,s1\nnever,3,s1\n")
    done = office.run("import", good, bad, "--agency", "kahoku")
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert said[0].startswith(f"{bad}: row 2: depth: expected a number")
    assert said[1].startswith(f"{bad}: row 3: time: this is no time")
    assert said[-1] == "snowtrack: snow: 2 problems; nothing was taken"
    assert count(office.url, "depth_reading") == 0


def test_a_dry_run_takes_nothing(office: Office) -> None:
    done = office.run("import", office.file("one.csv", CSV), "--agency", "kahoku", "--dry-run")
    assert done.stdout == (
        "2 readings of 2 sensors; nothing was taken (--dry-run)\n"
        "would be kept, but registered by nobody: kahoku/s1, kahoku/s2\n"
    )
    assert count(office.url, "depth_reading") == 0


def test_what_can_be_no_depth_is_said_before_it_is_taken_and_then(office: Office) -> None:
    text = "sensor,time,depth_cm\ns1,2026-01-14 06:00,-999\ns1,2026-01-14 07:00,31\ns2,2026-01-14 06:00,99999\n"
    said = "kept, but never used, since no depth is below -5 or above 1,000 cm: " + (
        "kahoku/s1 2026-01-14 06:00 -999.0 cm, kahoku/s2 2026-01-14 06:00 99,999.0 cm\n"
    )
    arguments = ("import", office.file("one.csv", text), "--agency", "kahoku")
    assert office.run(*arguments, "--dry-run").stdout.endswith(f"\nwould be {said}")
    assert office.run(*arguments).stdout.endswith(f"\n{said}")
    assert count(office.url, "depth_reading") == 3


@pytest.mark.parametrize(("name", "text"), [("none.csv", "sensor,time,depth_cm\n"), ("none.json", "[]")])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_file_without_a_row_is_refused(office: Office, name: str, text: str, more: list[str]) -> None:
    done = office.run("import", office.file(name, text), "--agency", "kahoku", *more)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{office.folder / name}: there is no reading in it, not a single row\n")


def test_a_file_of_something_else_is_refused_by_its_name(office: Office) -> None:
    done = office.run("import", office.file("office.toml", "[data]\n"), "--agency", "kahoku")
    said = f"snowtrack: {office.folder / 'office.toml'}: expected a file of readings, .csv or .json\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_an_agency_that_is_not_said_is_asked_for_once(office: Office) -> None:
    done = office.run("import", office.file("one.csv", CSV))
    assert (done.returncode, done.stderr) == (
        1,
        f"{office.folder / 'one.csv'}: nothing says the agency; give --agency, or add a column for it to the file\n"
        "snowtrack: snow: 1 problem; nothing was taken\n",
    )


def test_a_sensor_that_was_never_heard_is_not_exported(office: Office) -> None:
    office.run("import", office.file("one.csv", CSV), "--agency", "kahoku")
    done = office.run("export", "kahoku/s1", "kahoku/zzz")
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "snowtrack: there is no sensor kahoku/zzz; 'snowtrack snow show' lists them\n",
    )


def test_what_contradicts_is_said_and_changes_nothing(office: Office) -> None:
    office.run("import", office.file("one.csv", CSV), "--agency", "kahoku")
    done = office.run("import", office.file("other.csv", CSV.replace("31.2", "40")), "--agency", "kahoku")
    assert "1 say otherwise than what is kept" in done.stdout
    assert rows(office.url, "select depth_mm from depth_reading where sensor = 's1'") == [(312,)]


def test_a_file_that_is_not_there_is_said(office: Office) -> None:
    done = office.run("import", office.folder / "none.csv")
    assert (done.returncode, done.stderr) == (
        1,
        f"snowtrack: {office.folder / 'none.csv'}: No such file or directory\n",
    )


def test_sensors_are_shown_with_what_is_known(office: Office) -> None:
    assert office.run("show").stdout == "no sensor is registered, and none was heard\n"
    office.run("import", office.file("one.csv", CSV), "--agency", "kahoku")
    with psycopg.connect(office.url, autocommit=True) as connection:
        connection.execute("insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')")
        connection.execute(
            "insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kahoku', 's1', '高松', 0, 0)"
        )
        connection.execute("insert into sensor_figure values ('kahoku', 's1', now(), 'ok', 312, 20, 150)")
    shown = office.run("show").stdout
    assert "高松" in shown
    assert "31.2" in shown
    assert "(registered by nobody)" in shown
    one, other = orjson.loads(office.run("show", "--json").stdout)
    assert (one["sensor"], one["state"], one["new_24h_mm"], one["readings"]) == ("s1", "ok", 150, 1)
    assert (other["sensor"], other["registered"]) == ("s2", False)


def test_proposals_and_notices_are_shown_with_what_became_of_them(office: Office) -> None:
    assert office.run("proposals").stdout == "the sensors have proposed nothing\n"
    assert office.run("notices").stdout == "there was nothing to send\n"
    with psycopg.connect(office.url, autocommit=True) as connection:
        connection.execute(
            "insert into proposal (agency, sensor, road_classes, criterion_mm, new_mm, since, at)"
            " values ('kahoku', 's1', '{national}', 100, 104, now() - interval '3 hours', now())"
        )
        connection.execute(
            "insert into notice (agency, way, target, content, made_at, next_at, attempts, ended_at, fault)"
            " values ('kahoku', 'mail', 'taro@b.jp', '{}', now(), now(), 12, now(), 'mail server: 452 taro@b.jp full'),"
            " ('kahoku', 'webhook', 'https://hooks.jp/secret', '{}', now(), now(), 0, null, null)"
        )
    shown = office.run("proposals").stdout
    assert "kahoku/s1" in shown
    assert "kahoku: 1 in a year" in shown
    sent = office.run("notices").stdout
    assert "mail t…@b.jp" in sent
    assert "https://hooks.jp/…" in sent
    assert "given up: mail server" in sent
    assert "taro" not in sent
    assert "secret" not in sent
    assert "kahoku: mail: 1 in a year, 0 sent, 1 given up" in sent
