"""A backup made in mid-stream is one moment, whole; what is restored from it goes on like after any stop."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snowtrack.services.migration import migrate_database
from snowtrack.settings import DatabaseSettings
from snowtrack.store.embedded.binaries import bundled_programs
from tests.services.epochs import SECOND_US, Fix
from tests.services.line import Line
from tests.services.tracker import Tracker
from tests.store.databases import fresh_database, rows

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
STORED = "select boot, seq from fix join device using (device) where name = 'kept' order by boot, seq"


def run(program: str, *arguments: str) -> None:
    subprocess.run((bundled_programs() / program, *arguments), check=True, capture_output=True)


def tell(tracker: Tracker, fixes: Iterator[Fix], count: int) -> None:
    tracker.live([next(fixes) for _ in range(count)])
    tracker.await_durable()


async def test_what_is_restored_goes_on(quick_line: Line, postgres_url: str, tmp_path: Path, now_us: int) -> None:
    fixes = (Fix(time_us=now_us - (100 - at) * SECOND_US) for at in range(100))
    dump = str(tmp_path / "snowtrack.dump")
    with quick_line.tracker("kept") as tracker:
        with quick_line.service("ingest"):
            tracker.await_engine()
            tell(tracker, fixes, 20)
            run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}", quick_line.url)
            tell(tracker, fixes, 5)  # lost with the database
        with fresh_database(postgres_url) as url:
            run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", dump)
            settings = quick_line.settings.model_copy(update={"database": DatabaseSettings(url=url)})
            await migrate_database(settings)
            line = replace(quick_line, url=url, settings=settings)
            with line.service("ingest", "restored"):
                for seq in range(1, 21):
                    tracker.publish("log", tracker.all[1, seq])
                tracker.tell_status()  # it holds nothing of what is lost, so nobody waits for that
                tracker.live([next(fixes) for _ in range(3)])
                tracker.await_empty()
            assert rows(url, STORED) == [(1, seq) for seq in (*range(1, 21), 26, 27, 28)]
