"""One message that cannot be worked off, whatever the reason, stops nothing but itself."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from snowtrack.model.fixes import RejectReason
from snowtrack.services.quarantine import retry_quarantine
from tests.services.epochs import SECOND_US, Fix
from tests.services.faulty_ingest import BOOT, SEQ
from tests.services.line import Line
from tests.services.processes import Service
from tests.services.tracker import Tracker
from tests.services.waiting import await_true
from tests.store.databases import rows

pytestmark = pytest.mark.slow
COUNT = 40
REFUSE = f"alter table fix add constraint refused check (boot <> {BOOT} or seq <> {SEQ})"
TAKE = "alter table fix drop constraint refused"
STORED = "select name, seq from fix join device using (device) order by name, seq"
ASIDE = "select name, payload, reasons from quarantine join device using (device)"
TO_BE_TRIED = "select count(*) from quarantine where retry"


def execute(line: Line, statement: str) -> None:
    with psycopg.connect(line.url, autocommit=True) as connection:
        connection.execute(statement.encode())


def tell(trackers: Sequence[Tracker], now_us: int) -> None:
    """One epoch a message, so that many messages are in hand at once."""
    for at in range(COUNT):
        for tracker in trackers:
            tracker.live([Fix(time_us=now_us - (COUNT - at) * SECOND_US)])


def assert_only_one_is_missing(line: Line, ill: Tracker, well: Tracker) -> None:
    """And that one is in quarantine, once."""
    well.await_durable()
    ill.await_durable(SEQ - 1)
    wanted = [("ill", seq) for seq in range(1, COUNT + 1) if seq != SEQ] + [("well", seq + 1) for seq in range(COUNT)]
    await_true(lambda: rows(line.url, STORED) == wanted, "all others are stored, each once")
    assert rows(line.url, ASIDE) == [("ill", ill.all[BOOT, SEQ], [RejectReason.UNFIT])]


def try_again(line: Line) -> None:
    asyncio.run(retry_quarantine(line.settings))
    await_true(lambda: rows(line.url, TO_BE_TRIED) == [(0,)], "it was tried")


def assert_mended(line: Line, ill: Tracker, now_us: int) -> None:
    """What was in quarantine is taken in, and all that the tracker sent is durable."""
    asyncio.run(retry_quarantine(line.settings))
    await_true(lambda: rows(line.url, ASIDE) == [], "what is mended leaves the quarantine")
    ill.live([Fix(time_us=now_us)])
    ill.await_empty()


def test_what_the_database_does_not_take_stops_nothing_else(quick_line: Line, now_us: int) -> None:
    line = quick_line
    execute(line, REFUSE)
    with line.service("ingest"), line.tracker("ill") as ill, line.tracker("well") as well:
        ill.boot, ill.patient = BOOT, True
        well.await_engine()
        tell((ill, well), now_us)
        assert_only_one_is_missing(line, ill, well)
        try_again(line)
        ill.live([Fix(time_us=now_us)])
        await_true(lambda: ("ill", COUNT + 1) in rows(line.url, STORED), "what comes then is stored")
        assert len(rows(line.url, ASIDE)) == 1
        execute(line, TAKE)
        assert_mended(line, ill, now_us)
    ill.assert_word_kept()
    well.assert_word_kept()


def test_a_fault_of_the_program_stops_nothing_but_the_message_that_shows_it(quick_line: Line, now_us: int) -> None:
    line = quick_line
    faulty = Service("ingest", line.settings, line.folder / "logs", ("tests.services.faulty_ingest",))
    with line.tracker("ill") as ill, line.tracker("well") as well:
        ill.boot = BOOT
        with faulty:
            well.await_engine()
            tell((ill, well), now_us)
            assert_only_one_is_missing(line, ill, well)
            try_again(line)
        assert len(rows(line.url, ASIDE)) == 1
        with line.service("ingest"):
            assert_mended(line, ill, now_us)
    ill.assert_word_kept()
    well.assert_word_kept()
