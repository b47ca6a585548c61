"""`snowtrack replay` and `snowtrack archive` as commands: what people are told, archives, and a death in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US, tokyo_text
from snowtrack.model.errors import SnowtrackError
from snowtrack.model.fixes import FixBatch
from snowtrack.services import archive
from snowtrack.services.archive import FIRST_US, Span, read_span, write_archive
from snowtrack.settings import as_environment
from snowtrack.store.archive import open_archive
from snowtrack.store.fixes import read_fixes
from tests.services.night import PLOUGHS
from tests.services.registry import register
from tests.services.replayed import LIFTED, Place
from tests.services.waiting import await_true
from tests.store.databases import count, fresh_database, prepare, rows

pytestmark = pytest.mark.anyio
LOCKED = (
    "select count(*) from pg_stat_activity where application_name = 'snowtrack replay' and wait_event_type = 'Lock'"
)


@pytest.fixture
def elsewhere_url(postgres_url: str) -> Iterator[str]:
    """A database with the schema, where nothing was ever heard of."""
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield url


def command(place: Place, *arguments: str) -> subprocess.Popen[str]:
    """`snowtrack …` over this place, with times around its night."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWTRACK_")}
    return subprocess.Popen(
        (sys.executable, "-m", "snowtrack", *arguments),
        env={**kept, **as_environment(place.settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def times(place: Place) -> Sequence[str]:
    shown = [tokyo_text(at_us, "%Y-%m-%d %H:%M:%S") for at_us in (place.start_us - HOUR_US, place.start_us + HOUR_US)]
    return ("--from", shown[0], "--to", shown[1])


def answer(place: Place, *arguments: str) -> tuple[int, str, str]:
    with command(place, *arguments) as process:
        out, error = process.communicate(timeout=60)
        return process.returncode, out, error


async def archived(place: Place, path: Path, *, from_us: int = -HOUR_US, to_us: int = HOUR_US) -> Path:
    await write_archive(place.settings, Span(from_us=place.start_us + from_us, to_us=place.start_us + to_us), path)
    return path


async def test_people_are_told_in_a_table_and_why(place: Place) -> None:
    group = (await place.replay(place.set(**LIFTED)))["groups"][0]
    code, out, error = answer(place, "replay", *times(place), "--set", "engine.lift_s=60")
    assert (code, error) == (0, "")
    lines = out.splitlines()
    assert lines[0].endswith(": 3 devices, 6 stretches of tracks")
    cells = [[cell.strip() for cell in line.split("│")] for line in lines]
    (settings,) = [row for row in cells if row[0] == "settings"]
    assert settings[1:3] == ["3", f"{group['passes_before']} → {group['passes_after']}"]
    assert settings[3] == f"+{group['added']} −{group['removed']} ≠{group['changed']}"
    assert "settings: work.lift 12 s → 60 s (3)" in lines
    assert any(line.startswith("event of 20") for line in lines)
    assert lines[-1] == "dry run: nothing was written"


async def test_in_place_it_is_told_that_ingest_goes_on_with_something_else(place: Place) -> None:
    code, out, _ = answer(place, "replay", *times(place), "--set", "engine.lift_s=60", "--in-place")
    assert code == 0
    assert "in place: 3 stretches replaced" in out
    assert "ingest was started with something else (settings work.lift 12 s → 60 s): restart it" in " ".join(
        out.split()
    )


async def test_in_place_it_is_told_what_stays_without_its_fixes(place: Place) -> None:
    place.change("delete from fix where device = 1")
    code, out, _ = answer(place, "replay", *times(place), "--set", "engine.lift_s=60", "--in-place")
    assert code == 0
    assert (
        "in place: 2 stretches replaced\n2 stretches stay as they are: their fixes are no longer in the database" in out
    )


async def test_an_archive_comes_to_the_same_as_the_database(place: Place, tmp_path: Path) -> None:
    path = await archived(place, tmp_path / "night.parquet")
    assert open_archive(path).fixes == count(place.url, "fix") == 3 * 440
    assert open_archive(path).devices == list(PLOUGHS)
    before = place.everything()
    assert (await place.replay(archives=[path]))["differing"] == 0
    changed = await place.replay(place.set(**LIFTED))
    assert await place.replay(place.set(**LIFTED), archives=[path]) == changed
    await place.replay(place.set(**LIFTED), archives=[path], schema="filed")
    await place.replay(place.set(**LIFTED), schema="stored")
    assert place.results("filed") == place.results("stored")
    assert place.states("filed") == place.states("stored")
    assert place.everything() == before


async def test_archives_that_overlap_are_one(place: Place, tmp_path: Path) -> None:
    parts = [
        await archived(place, tmp_path / "a.parquet", to_us=100 * SECOND_US),
        await archived(place, tmp_path / "b.parquet", from_us=50 * SECOND_US),
    ]
    assert sum(open_archive(path).fixes for path in parts) == 3 * 440 + 3 * 50
    assert (await place.replay(archives=parts))["differing"] == 0
    found = await place.replay(archives=parts[:1])
    assert [group["reasons"] for group in found["groups"]] == [["other fixes"]]


async def test_an_archive_from_long_ago_begins_with_the_oldest_fix(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def counted(connection: AsyncConnection, device: int, from_us: int, to_us: int) -> FixBatch:
        asked.append(from_us)
        return await read_fixes(connection, device, from_us, to_us)

    narrow = open_archive(await archived(place, tmp_path / "narrow.parquet"))
    monkeypatch.setattr(archive, "read_fixes", counted)
    wide = open_archive(await archived(place, tmp_path / "wide.parquet", from_us=FIRST_US - place.start_us))
    for number, device in enumerate(PLOUGHS, 1):
        assert wide.read(device, number).rows() == narrow.read(device, number).rows() != []
    assert len(asked) == len(PLOUGHS)


async def test_spans_that_follow_on_each_other_hold_each_fix_once(place: Place, tmp_path: Path) -> None:
    place.change(
        "insert into fix_undated (device, received_at, received_minute, boot, seq, digest)"
        " select device, device_time, device_time, boot, seq, digest from fix where seq in (1, 11, 104, 105)"
    )
    edges = [-2 * DAY_US, 0, 10 * SECOND_US, 103 * SECOND_US, 1_000 * SECOND_US, 2 * HOUR_US + 1]
    parts = [
        await archived(place, tmp_path / f"{number}.parquet", from_us=from_us, to_us=to_us)
        for number, (from_us, to_us) in enumerate(pairwise(edges))
    ]
    own = [open_archive(path).read(PLOUGHS[0], 1).rows() for path in parts]
    whole = open_archive(await archived(place, tmp_path / "all.parquet", from_us=edges[0], to_us=edges[-1]))
    assert sorted(row for part in own for row in part) == sorted(whole.read(PLOUGHS[0], 1).rows())
    assert len(whole.read(PLOUGHS[0], 1)) == 440 + 4


async def test_a_night_of_which_the_database_knows_nothing_is_replayed_from_its_archive(
    place: Place, elsewhere_url: str, tmp_path: Path
) -> None:
    path = await archived(place, tmp_path / "night.parquet")
    await place.fold()
    register(elsewhere_url, *PLOUGHS)
    elsewhere = place.set(database={"url": elsewhere_url})
    found = await place.replay(elsewhere, archives=[path], schema="night")
    assert found["total"]["passes_after"] == len(place.results()[0])
    passes = "select name, segment_id, started_at from {0}pass join {0}device using (device) order by 1, 2, 3"
    assert rows(elsewhere_url, passes.format("night.")) == rows(place.url, passes.format(""))
    facts = "select segment_id, direction, covered_mm, done_at, fresh_at from {}segment_state order by 1, 2"
    assert rows(elsewhere_url, facts.format("night.")) == rows(place.url, facts.format(""))
    assert count(elsewhere_url, "pass") == count(elsewhere_url, "touched") == count(elsewhere_url, "segment_state") == 0


async def test_devices_that_the_database_never_heard_of_get_numbers_of_their_own(
    place: Place, elsewhere_url: str, tmp_path: Path
) -> None:
    path = await archived(place, tmp_path / "night.parquet")
    found = await place.replay(place.set(database={"url": elsewhere_url}), archives=[path], schema="night")
    assert [group["reasons"] for group in found["groups"]] == [["other fixes"]]
    assert rows(elsewhere_url, "select device, name from night.device order by 1") == [(1, "d1"), (2, "d2"), (3, "d3")]
    assert count(elsewhere_url, "device") == count(elsewhere_url, "night.segment_state") == 0
    assert count(elsewhere_url, "night.pass") == found["total"]["passes_after"] > 0


async def test_an_archive_is_told_of_and_is_whole(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "night.parquet"
    told = f"{out}: 1,320 fixes of 3 devices, read back and compared\n"
    assert answer(place, "archive", *times(place), "--out", str(out)) == (0, told, "")
    again = out.read_bytes()
    answer(place, "archive", *times(place), "--out", str(out))
    assert out.read_bytes() == again
    assert answer(place, "replay", *times(place), "--archive", str(out))[1].splitlines()[1:] == [
        "nothing changes",
        "dry run: nothing was written",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"devices": ["d1"]}, "device 'd1': expected agency/device; 'd1' alone is not an id"),
        ({"devices": ["kanazawa/d9"]}, "there is no device kanazawa/d9 in this database"),
        ({"schema": "public"}, "--schema public: there is such a schema that no replay made"),
        ({"schema": "public", "replace": True}, "--schema public: there is such a schema that no replay made"),
        ({"schema": "pg_catalog"}, "--schema 'pg_catalog': expected a name of a-z 0-9 _"),
        ({"schema": "x; drop table pass"}, "expected a name of a-z 0-9 _"),
        ({"schema": "a" * 64}, "expected a name of a-z 0-9 _"),
        ({"schema": ""}, "expected a name of a-z 0-9 _"),
        ({"replace": True}, "--replace: is for a schema"),
        ({"in_place": True, "schema": "x"}, "--in-place: replaces what is stored, and writes to no schema"),
        ({"archives": [Path("/none.parquet")]}, "/none.parquet: cannot be read"),
        ({"archives": [Path(__file__)]}, "damaged, or no archive of snowtrack's fixes"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(place: Place, given: dict[str, object], told: str) -> None:
    before = place.everything()
    with pytest.raises(SnowtrackError) as caught:
        await place.replay(**given)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert place.everything() == before


async def test_a_schema_is_made_anew_only_when_that_is_said_and_a_replay_made_it(place: Place) -> None:
    await place.replay(schema="night")
    first = place.results("night")
    with pytest.raises(SnowtrackError, match="--schema night: exists already; give --replace to make it anew"):
        await place.replay(place.set(**LIFTED), schema="night")
    assert place.results("night") == first
    await place.replay(place.set(**LIFTED), schema="night", replace=True)
    assert place.results("night") != first
    tables = "select table_name from information_schema.tables where table_schema = 'night' order by 1"
    assert [name for (name,) in rows(place.url, tables)] == [
        "activity",
        "basis",
        "device",
        "pass",
        "segment_state",
        "track",
    ]


async def test_a_schema_that_somebody_else_made_is_not_touched(place: Place) -> None:
    place.change("create schema theirs; create table theirs.pass (something integer)")
    with pytest.raises(SnowtrackError, match="no replay made"):
        await place.replay(schema="theirs", replace=True)
    assert count(place.url, "theirs.pass") == 0


@pytest.mark.parametrize(
    ("start", "to", "told"),
    [
        ("yesterday", "2026-01-15", "'yesterday' is no time; expected one in Japan such as"),
        ("2026-01-15", "2026-01-14", "--from 2026-01-15 --to 2026-01-14: expected two times from 2000 until now"),
        ("2026-01-15", "2026-01-15", "expected two times from 2000 until now, the later one last"),
        ("1999-01-15", "2026-01-15", "expected two times from 2000 until now"),
        ("0001-01-01", "2026-01-15", "'0001-01-01' is no time; expected one in Japan such as"),
        ("2026-01-14", "9999-12-31T23:59:59-10:00", "-10:00' is no time; expected one in Japan"),
        ("2126-01-14", "2126-01-15", "expected two times from 2000 until now"),
    ],
)
def test_times_that_cannot_be_are_refused(start: str, to: str, told: str) -> None:
    with pytest.raises(SnowtrackError) as caught:
        read_span(start, to)
    assert told in str(caught.value)


def test_times_are_japans_unless_they_say_otherwise() -> None:
    assert read_span("2026-01-14 18:00", "2026-01-14T12:00Z") == Span(
        from_us=1_768_381_200 * SECOND_US, to_us=1_768_392_000 * SECOND_US
    )


async def test_an_archive_has_a_name_that_says_what_it_is(place: Place, tmp_path: Path) -> None:
    with pytest.raises(SnowtrackError, match=r"expected a name ending in \.parquet"):
        await archived(place, tmp_path / "night.csv")
    with pytest.raises(SnowtrackError, match="cannot be written: No such file or directory"):
        await archived(place, tmp_path / "none" / "night.parquet")
    assert list(tmp_path.glob("n*")) == []


async def test_killed_in_the_middle_what_was_replaced_is_whole_and_the_rest_is_done_the_next_time(place: Place) -> None:
    """It dies while it waits for the second device, which somebody holds."""
    settings = place.set(**LIFTED)
    await place.replay(settings, schema="undisturbed")
    before, wanted = place.results(), place.results("undisturbed")
    with psycopg.connect(place.url) as other:
        other.execute("select from device where name = 'd2' for no key update")
        process = command(place, "replay", *times(place), "--set", "engine.lift_s=60", "--in-place")
        with process:
            await_true(lambda: rows(place.url, LOCKED) == [(1,)], "it waits for the second device")
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)
    first = rows(place.url, "select device from device where name = 'd1'")[0][0]
    for table, was, is_ in zip(place.results(), before, wanted, strict=True):
        assert [row for row in table if row[0] == first] == [row for row in is_ if row[0] == first]
        assert [row for row in table if row[0] != first] == [row for row in was if row[0] != first]
    assert place.results() != wanted
    assert (await place.replay(settings, in_place=True))["differing"] == 2
    assert place.results() == wanted
    await place.fold()
    assert place.states() == place.states("undisturbed")


async def test_interrupted_it_leaves_no_half_schema(place: Place) -> None:
    with psycopg.connect(place.url) as other:
        other.execute("lock table track in access exclusive mode")
        process = command(place, "replay", *times(place), "--schema", "half")
        with process:
            await_true(lambda: rows(place.url, LOCKED) != [(0,)], "it waits for the tracks")
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Traceback" not in error
    assert rows(place.url, "select count(*) from pg_namespace where nspname = 'half'") == [(0,)]
