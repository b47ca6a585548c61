"""`snowtrack retire`: whole days leave the database for files, and nothing that rests on them is lost."""

import asyncio
import signal
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from snowtrack.model.errors import SnowtrackError
from snowtrack.model.fixes import FixBatch
from snowtrack.network.arrays import Network
from snowtrack.services import retire as service
from snowtrack.store.archive import open_archive
from snowtrack.store.database import connect
from snowtrack.store.fixes import FixWriter
from snowtrack.store.retired import be_sole_to_retire
from snowtrack.tracks.clock import plausible
from tests.services.killed_retire import STEPS
from tests.services.night import night_in
from tests.services.retired_days import NOTED, ONE, Days, make_days, run
from tests.services.waiting import until
from tests.store.databases import count, rows
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
LOCKED = (
    "select count(*) from pg_stat_activity where application_name = 'snowtrack retire' and wait_event_type = 'Lock'"
)


@pytest.fixture
def days(
    clean_database: str, network: Network, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Days:
    return make_days(clean_database, network, network_folder, tmp_path, capsys)


@pytest.fixture
async def nights(days: Days, network: Network) -> Days:
    """Three nights of a plough, at 3:00, computed."""
    async with night_in(days.place.settings, network) as night:
        for day in range(3):
            await days.send(night, days.drives(day, 10_800), range(1 + 440 * day, 441 + 440 * day))
        await days.settle(night)
    return days


async def test_days_leave_for_files_and_what_was_made_of_them_stays(nights: Days) -> None:
    before = nights.place.results()
    found = await nights.retire(2)
    assert [(one["file"], one["fixes"], one["undated"]) for one in found["days"]] == [
        (nights.name(0), 440, 0),
        (nights.name(1), 440, 0),
    ]
    assert (found["stays"], found["waiting"]) == ([], None)
    assert nights.partitions() == [nights.partition(2)]
    assert count(nights.url, "fix") == 440
    assert rows(nights.url, NOTED) == [(nights.date(day), 1, nights.name(day), 440) for day in (0, 1)]
    for one in found["days"]:
        path = nights.folder / one["file"]
        assert sha256(path.read_bytes()).hexdigest() == one["sha256"]
        assert open_archive(path).fixes == 440
    assert sorted(path.name for path in nights.folder.iterdir()) == [nights.name(0), nights.name(1)]
    assert nights.place.results() == before
    assert len(before[0]) > 20


async def test_doing_it_again_does_nothing(nights: Days) -> None:
    await nights.retire(2)
    content = [path.read_bytes() for path in nights.archives()]
    found = await nights.retire(2)
    assert (found["days"], found["stays"]) == ([], [])
    assert [path.read_bytes() for path in nights.archives()] == content


async def test_a_dry_run_says_what_would_go(nights: Days) -> None:
    found = await nights.retire(2, dry_run=True)
    assert [(one["day"], one["fixes"], one["file"]) for one in found["days"]] == [
        (str(nights.date(0)), 440, None),
        (str(nights.date(1)), 440, None),
    ]
    assert (count(nights.url, "fix"), count(nights.url, "retired"), nights.archives()) == (3 * 440, 0, [])


async def test_a_day_without_fixes_goes_without_a_file(nights: Days) -> None:
    nights.place.change(f"select make_day('{nights.date(-1)}')")
    found = await nights.retire(0)
    assert [(one["fixes"], one["file"]) for one in found["days"]] == [(0, None)]
    assert (nights.partitions()[0], count(nights.url, "retired")) == (nights.partition(0), 0)


async def test_fixes_without_a_time_leave_with_the_day_of_their_receipt(nights: Days) -> None:
    nights.place.change(
        "insert into fix_undated (device, received_at, received_minute, boot, seq, digest)"
        " select device, device_time, device_time, boot, 5000 + seq, digest from fix where seq in (1, 2, 441)"
    )
    found = await nights.retire(1)
    assert [(one["fixes"], one["undated"]) for one in found["days"]] == [(442, 2)]
    assert rows(nights.url, "select undated from retired") == [([1],)]
    assert (count(nights.url, "fix_undated"), count(nights.url, "fix")) == (1, 2 * 440)
    assert len(open_archive(nights.archives()[0]).read(ONE, 1)) == 442


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update fix set received_at = now() where seq = 7", "fixes came for it less than 72 h ago"),
        (
            "insert into dirty (device, from_time, to_time)"
            " select 1, device_time - interval '20 h', device_time - interval '20 h' from fix where seq = 7",
            "results near it are to be computed again; ingest does that while it runs",
        ),
        (
            "delete from device_state; insert into journal (batch, devices, entries)"
            " select saved_batch + 1, '{1}', '' from device where device = 1",
            "ingest has still to compute fixes of kanazawa/d1; start it",
        ),
    ],
)
async def test_a_day_stays_of_which_something_is_to_come(nights: Days, change: str, why: str) -> None:
    nights.place.change(change)
    found = await nights.retire(1)
    assert (found["days"], found["stays"]) == ([], [{"day": str(nights.date(0)), "why": why}])
    assert (count(nights.url, "fix"), nights.archives()) == (3 * 440, [])


async def test_a_device_that_is_behind_with_later_days_alone_keeps_none(nights: Days) -> None:
    """What the stages kept goes beyond the day: it is not looked at again."""
    nights.place.change(
        "insert into journal (batch, devices, entries) select saved_batch + 1, '{1}', '' from device where device = 1"
    )
    assert len((await nights.retire(1))["days"]) == 1
    assert len((await nights.retire(3))["days"]) == 1


async def test_what_cannot_be_done_is_said_in_one_line(nights: Days, tmp_path: Path) -> None:
    data = nights.place.settings.data.folder / "archives"
    data.mkdir(parents=True)
    for before, wanted, told in (
        (7, {}, "fixes up to 72 h late are normal; expected a day up to"),
        (1, {"folder": tmp_path / "none"}, "none: there is no such folder"),
        (1, {"folder": data}, "lies in the data folder; archives belong elsewhere"),
    ):
        with pytest.raises(SnowtrackError) as caught:
            await nights.retire(before, **wanted)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    full = replace(nights.place, settings=nights.place.set(data={"free_mb_min": 1 << 30}))
    with pytest.raises(SnowtrackError, match=r"MB are free; .* with 440 fixes wants"):
        await replace(nights, place=full).retire(1)
    assert (count(nights.url, "fix"), nights.archives()) == (3 * 440, [])


async def test_a_file_that_is_there_is_never_replaced(nights: Days) -> None:
    theirs = nights.folder / nights.name(0)
    theirs.write_bytes(b"of another database")
    found = await nights.retire(1)
    assert [one["file"] for one in found["days"]] == [nights.name(0, 2)]
    assert theirs.read_bytes() == b"of another database"


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_ends_well_the_next_time(nights: Days, step: str) -> None:
    before = nights.place.results()
    code, _, error = run(nights, "tests.services.killed_retire", step, str(nights.date(1)), str(nights.folder))
    assert (code, error) == (-signal.SIGKILL, "")
    left = rows(nights.url, NOTED)
    assert (left == []) == (nights.partition(0) in nights.partitions()) == (step != "dropped")
    found = await nights.retire(1)
    assert len(found["days"]) == len(left) ^ 1
    assert rows(nights.url, NOTED) == [(nights.date(0), 1, nights.name(0), 440)]
    assert nights.partitions() == [nights.partition(1), nights.partition(2)]
    assert [path.name for path in nights.folder.iterdir()] == [nights.name(0)]
    assert len(open_archive(nights.archives()[0]).read(ONE, 1)) == 440
    assert nights.place.results() == before


async def test_who_is_there_already_is_not_disturbed(nights: Days) -> None:
    async with connect(nights.url, name="another") as another:
        await be_sole_to_retire(another)
        with pytest.raises(SnowtrackError, match="another 'snowtrack retire' is at work"):
            await nights.retire(1)
    await nights.retire(1)


def late_fix(nights: Days, seq: int = 9_000) -> FixBatch:
    at_us = nights.at_us(0, 20_000)
    return batch(fix(seq, at_us, received_us=at_us), device=1)


async def test_a_fix_that_is_being_committed_goes_into_the_file(nights: Days) -> None:
    late = late_fix(nights)
    async with connect(nights.url, name="writer") as writer:
        async with writer.transaction():
            await FixWriter(writer).write(late, plausible(late))
            retiring = asyncio.create_task(nights.retire(1))
            await until(lambda: retiring.done() or rows(nights.url, LOCKED) == [(1,)])
            assert not retiring.done()
        found = await retiring
    assert [(one["file"], one["fixes"]) for one in found["days"]] == [(nights.name(0), 441)]
    assert [path.name for path in nights.folder.iterdir()] == [nights.name(0)]


async def test_a_writer_that_knew_a_day_writes_to_it_after_it_left(nights: Days) -> None:
    async with connect(nights.url, name="writer") as connection:
        writer = FixWriter(connection)
        for seq in (9_000, 9_001):
            late = late_fix(nights, seq)
            await writer.write(late, plausible(late))
            assert len((await nights.retire(1))["days"]) == 1
    assert rows(nights.url, NOTED) == [
        (nights.date(0), 1, nights.name(0), 441),
        (nights.date(0), 2, nights.name(0, 2), 1),
    ]


async def test_a_day_does_not_leave_between_its_making_and_the_writing(nights: Days) -> None:
    late = late_fix(nights)
    async with connect(nights.url, name="writer") as connection:
        writer = FixWriter(connection)
        async with connection.transaction():
            await writer.partitions.make([nights.first])
            retiring = asyncio.create_task(nights.retire(1))
            await until(lambda: retiring.done() or rows(nights.url, LOCKED) == [(1,)])
            assert not retiring.done()
            await writer.write(late, plausible(late))
        found = await retiring
    assert [one["fixes"] for one in found["days"]] == [441]


async def test_it_gives_up_where_somebody_reads_all_the_time(nights: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TRIES", 2)
    monkeypatch.setattr(service, "PAUSE_S", 0.01)
    with psycopg.connect(nights.url) as reader:
        reader.execute("select count(*) from fix")
        with pytest.raises(SnowtrackError, match="stays, since somebody reads fixes, or adds some to it"):
            await nights.retire(1)
    assert (count(nights.url, "fix"), count(nights.url, "retired")) == (3 * 440, 0)
    assert [one["file"] for one in (await nights.retire(1))["days"]] == [nights.name(0)]


async def test_people_are_told_line_by_line(nights: Days) -> None:
    asked = ("--before", str(nights.date(1)), "--into", str(nights.folder))
    assert command(nights, *asked, "--dry-run") == (0, f"{nights.date(0)}: 440 fixes; would leave\n", "")
    assert command(nights, *asked) == (0, f"{nights.date(0)}: 440 fixes; left for {nights.name(0)}\n", "")
    nothing = f"nothing to do: the database has no day before {nights.date(1)}\n"
    assert command(nights, *asked) == (0, nothing, "")
    code, out, error = command(nights, "--keep-days", "2", *asked[2:])
    assert (code, out) == (1, "")
    assert error.startswith("snowtrack: --before ")
    assert [
        command(nights, *asked[2:], *more)[0] for more in ((), (*asked[:2], "--keep-days", "9"), ("--before", "x"))
    ] == [
        2,
        2,
        2,
    ]


def command(days: Days, *arguments: str) -> tuple[int, str, str]:
    return run(days, "snowtrack", "retire", *arguments)
