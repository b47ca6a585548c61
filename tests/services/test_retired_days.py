"""What comes late for days that left the database: it is kept, nothing is lost by it, and a replay takes it in."""

import asyncio
import random
import shlex
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from snowtrack.model.errors import SnowtrackError
from snowtrack.model.tracks import DirtyStretch
from snowtrack.network.arrays import Network
from snowtrack.services.archive import Span, write_archive
from snowtrack.services.replay_source import StoredFixes
from snowtrack.store.archive import open_archive
from snowtrack.store.database import connect
from snowtrack.store.fixes import FixWriter
from snowtrack.store.instants import to_instant
from snowtrack.store.passes import mark_dirty
from snowtrack.store.replays import Replayed
from snowtrack.store.retired import read_waiting
from snowtrack.tracks.clock import plausible
from tests.services.epochs import Fix
from tests.services.night import night_in
from tests.services.replayed import reasons
from tests.services.retired_days import MARKS, ONE, Days, make_days, run
from tests.services.waiting import until
from tests.store.databases import count, rows

pytestmark = pytest.mark.anyio
FORGET = """
truncate fix, fix_undated, committed, device_state, boot_clock, dirty, journal, pass, activity, track, touched, retired;
update device set saved_batch = 0, fixes = 0, latest_at = null
"""
# The first track of the first day goes on over midnight: 100 of its fixes are of the day before.
OVER_MIDNIGHT_S = -100
LOCKED = "select count(*) from pg_stat_activity where application_name = 'snowtrack {}' and wait_event_type = 'Lock'"
# Where the second track of that day has not begun yet.
REST_S = 500


@pytest.fixture
def days(
    clean_database: str, network: Network, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Days:
    return make_days(clean_database, network, network_folder, tmp_path, capsys)


def two_nights(days: Days) -> list[Fix]:
    """At noon of one day, then over the midnight after it."""
    return days.drives(0, 43_200) + days.drives(1, OVER_MIDNIGHT_S)


async def all_but(days: Days, late: range) -> tuple[list[list[tuple[object, ...]]], list[Fix]]:
    """All but these are sent and computed; what all come to, and all fixes."""
    fixes = two_nights(days)
    async with night_in(days.place.settings, days.place.network) as night:
        await days.send(night, fixes, range(1, 881))
        await days.settle(night)
        whole = days.place.results()
        days.place.change(FORGET)
    async with night_in(days.place.settings, days.place.network) as night:
        for part in (range(1, late.start), range(late.stop, 881)):
            await days.send(night, fixes[part.start - 1 : part.stop - 1], part)
        await days.settle(night)
    assert days.place.results() != whole
    return whole, fixes


def cut(chance: random.Random, size: int) -> list[range]:
    """All of so many, in parts, in any order."""
    parts, at = [], 0
    while at < size:
        parts.append(range(at, min(at + chance.randint(20, 250), size)))
        at = parts[-1].stop
    chance.shuffle(parts)
    return parts


async def come_late(days: Days, fixes: list[Fix], late: range) -> None:
    async with night_in(days.place.settings, days.place.network) as night:
        await days.send(night, fixes[late.start - 1 : late.stop - 1], late)
        await days.settle(night)


async def test_fixes_for_a_day_that_left_are_kept_and_taken_in_with_its_archive(days: Days) -> None:
    late = range(60, 90)
    whole, fixes = await all_but(days, late)
    before = days.place.results()
    await days.retire(1)
    await come_late(days, fixes, late)
    assert days.place.results() == before
    assert (rows(days.url, MARKS), count(days.url, "fix")) == ([(True, 1)], 340 + 30)
    with pytest.raises(SnowtrackError, match=f"fixes of this time left the database; .*: --archive {days.name(0)}$"):
        await days.replay(in_place=True)
    found = await days.retire(1)
    assert [(one["file"], one["fixes"]) for one in found["days"]] == [(days.name(0, 2), 30)]
    assert (found["waiting"]["stretches"], found["waiting"]["files"]) == (1, [days.name(0), days.name(0, 2)])
    with pytest.raises(SnowtrackError, match=f": --archive {days.name(0, 2)}$"):
        await days.replay(archives=[days.folder / days.name(0)])
    assert days.place.results() == before
    found = await days.replay(archives=days.archives())
    assert (reasons(found), found["written"]) == ([["not computed yet"]], None)
    found = await days.replay(archives=days.archives(), in_place=True)
    assert (reasons(found), found["differing"], found["without_fixes"]) == ([["not computed yet"]], 1, 0)
    assert days.place.results() == whole
    assert rows(days.url, MARKS) == []
    assert (await days.replay(archives=days.archives(), in_place=True))["differing"] == 0


async def test_people_are_told_which_command_takes_in_what_waits(days: Days) -> None:
    """It is run as it was told."""
    late = range(60, 90)
    whole, fixes = await all_but(days, late)
    await days.retire(1)
    await come_late(days, fixes, late)
    code, out, error = run(days, "snowtrack", "retire", "--before", str(days.date(1)), "--into", str(days.folder))
    assert (code, error) == (0, "")
    left, waits, told = out.splitlines()
    assert left == f"{days.date(0)}: 30 fixes; left for {days.name(0, 2)}"
    assert waits == "1 stretches of retired days wait for their archives:"
    code, out, error = run(days, *shlex.split(told))
    assert (code, error) == (0, "")
    assert out.splitlines()[-1] == "in place: 1 stretches replaced"
    assert (days.place.results(), rows(days.url, MARKS)) == (whole, [])


async def test_fixes_that_are_in_an_archive_and_in_the_database_count_once(days: Days) -> None:
    """A device without sequence numbers may send again what left; here some of each are there twice."""
    late = range(60, 90)
    whole, fixes = await all_but(days, late)
    await days.retire(1)
    again = open_archive(days.archives()[0]).read(ONE, 1)
    again = replace(again, digest=again.seq).take(again.seq % 3 == 0)
    async with connect(days.url, name="test") as connection:
        await FixWriter(connection).write(again, plausible(again))
        source = StoredFixes(connection, {"": open_archive(days.archives()[0])})
        async with connection.transaction():
            fixes_of_day = await (await source.of_device(Replayed(number=1, id=ONE))).observed(
                DirtyStretch(device=1, from_us=days.at_us(0), to_us=days.at_us(1) - 1)
            )
    assert sorted(fixes_of_day.seq.tolist()) == [*range(1, 60), *range(90, 541)]
    await come_late(days, fixes, late)
    await days.replay(archives=days.archives(), in_place=True)
    assert (days.place.results(), rows(days.url, MARKS)) == (whole, [])


@pytest.mark.parametrize("late", [range(600, 620), range(546, 681)])
async def test_a_track_that_reaches_into_a_day_that_left_waits_as_a_whole(days: Days, late: range) -> None:
    """The fixes that come late are all of the day that is there; a few, or more than the track had."""
    whole, fixes = await all_but(days, late)
    before = days.place.results()
    await days.retire(1)
    await come_late(days, fixes, late)
    assert days.place.results() == before
    assert rows(days.url, MARKS) == [(True, 1)]
    # Of the day that is there alone nobody can compute it.
    found = await days.replay(1, 2, in_place=True)
    assert (reasons(found), found["without_fixes"], found["archives_needed"]) == ([["no fixes"]], 1, [days.name(0)])
    assert (days.place.results(), rows(days.url, MARKS)) == (before, [(True, 1)])
    await days.replay(archives=days.archives(), in_place=True)
    assert (days.place.results(), rows(days.url, MARKS)) == (whole, [])


async def test_the_next_track_is_computed_again_as_ever(days: Days) -> None:
    late = range(720, 740)
    whole, fixes = await all_but(days, late)
    await days.retire(1)
    await come_late(days, fixes, late)
    assert (days.place.results(), rows(days.url, MARKS)) == (whole, [])
    assert (await days.replay(1, 2))["differing"] == 1  # but for the track that reaches over midnight


async def test_no_day_leaves_while_a_stretch_is_computed_again(days: Days) -> None:
    """Of whatever day: what is missing and what is there are looked at as they are at one moment."""
    await all_but(days, range(60, 90))
    before = days.place.results()
    late_us = days.at_us(2, 50_000)
    async with night_in(days.place.settings, days.place.network) as night:
        await mark_dirty(night.connection, [DirtyStretch(device=1, from_us=late_us, to_us=late_us)])
        with psycopg.connect(days.url) as other:
            other.execute("lock table boot_clock in access exclusive mode")
            computing = asyncio.create_task(night.tick())
            await until(lambda: computing.done() or rows(days.url, LOCKED.format("test")) == [(1,)])
            retiring = asyncio.create_task(days.retire(1))
            await until(lambda: retiring.done() or rows(days.url, LOCKED.format("retire")) == [(1,)])
            assert not computing.done()
            assert not retiring.done()
        await computing
        assert len((await retiring)["days"]) == 1
    assert days.place.results() == before


async def test_of_a_season_that_is_to_be_computed_again_only_what_left_waits(days: Days) -> None:
    """As when a machine is registered late: passes of each day are gone, and come back where there are fixes."""
    await all_but(days, range(60, 90))
    await days.retire(1)
    before = days.place.results()
    days.place.change("delete from pass; delete from activity where started_at > (select max(started_at) from track)")
    whole = DirtyStretch(device=1, from_us=days.at_us(0), to_us=days.at_us(3))
    async with night_in(days.place.settings, days.place.network) as night:
        await mark_dirty(night.connection, [whole])
        await days.settle(night)
    ended_us = days.at_us(1, REST_S)
    stays = [row for row in before[0] if row[5] >= to_instant(ended_us)]
    assert days.place.results() == [stays, *before[1:]]
    assert len(stays) > 10
    async with connect(days.url, name="test") as connection:
        waiting = [one.stretch for one in await read_waiting(connection, 1)]
    assert waiting[0].from_us == whole.from_us
    assert days.at_us(1) < max(one.to_us for one in waiting) < days.at_us(1, 1_200)
    assert rows(days.url, MARKS) == [(True, len(waiting))]


@pytest.mark.parametrize("given", ["stranger", "both"])
async def test_archives_that_no_retired_day_left_for_do_not_come_together_with_the_database(
    days: Days, tmp_path: Path, given: str
) -> None:
    _, fixes = await all_but(days, range(60, 90))
    await days.retire(1)
    stranger = tmp_path / "stranger.parquet"
    span = Span(from_us=days.at_us(1), to_us=days.at_us(3))
    await write_archive(days.place.settings, span, stranger)
    archives = [stranger] if given == "stranger" else [*days.archives(), stranger]
    with pytest.raises(
        SnowtrackError, match=r"stranger\.parquet: is none that 'snowtrack retire' wrote for this database"
    ):
        await days.replay(archives=archives, in_place=True)
    assert len(fixes) == 880


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
async def test_a_season_of_which_days_leave_at_any_time_loses_nothing(days: Days, seed: int) -> None:
    """Fixes come in any order meanwhile. What was made of a day stays, until a replay has its archives."""
    chance, url = random.Random(seed), days.url
    fixes = two_nights(days) + days.drives(2, OVER_MIDNIGHT_S) + days.drives(3, 300)
    async with night_in(days.place.settings, days.place.network) as night:
        await days.send(night, fixes, range(1, len(fixes) + 1))
        await days.settle(night)
    whole = days.place.results()
    days.place.change(FORGET)
    parts = cut(chance, len(fixes))
    held: list[set[tuple[object, ...]]] = [set(), set()]
    async with night_in(days.place.settings, days.place.network) as night:
        for part in parts:
            await days.send(night, fixes[part.start : part.stop], [at + 1 for at in part])
            if chance.random() < 0.6:
                await days.settle(night)
            if chance.random() < 0.4:
                gone = await days.retire(chance.randint(1, 4))
                for one in gone["days"]:
                    of_day = (row for table in days.place.results()[:2] for row in table)
                    held[0] |= {row for row in of_day if str(row[5] if len(row) > 8 else row[1])[:10] == one["day"]}
            now = {row for table in days.place.results()[:2] for row in table}
            assert held[0] <= now
        await days.settle(night)
    await days.replay(-1, 5, archives=days.archives(), in_place=True)
    assert days.place.results() == whole
    assert count(url, "dirty") == 0
