"""The server's words go to a file that has a bound."""

import os
from pathlib import Path

from snowtrack.process_log import FILE_BYTES_MAX, ProcessLog
from snowtrack.store.embedded.failures import failure_in
from snowtrack.store.embedded.server import READY


def test_the_files_keep_their_bound_and_the_newest_lines(tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    reader, writer = os.pipe()
    log = ProcessLog(path, READY)
    log.read(os.fdopen(reader, "rb"))
    with os.fdopen(writer, "w") as server:
        server.writelines(f"{number:099}\n" for number in range(30_000))
    log.close()
    assert path.stat().st_size < FILE_BYTES_MAX
    assert path.with_name("postgresql.log.1").stat().st_size < FILE_BYTES_MAX + 100
    assert path.read_text().endswith("29999\n")


def test_a_server_that_ends_is_settled_but_not_ready(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    log = ProcessLog(tmp_path / "postgresql.log", READY)
    log.read(os.fdopen(reader, "rb"))
    os.write(writer, b"2026-01-14 [1] FATAL:  no room\n2026-01-14 [1] LOG:  database system is shut down\n")
    os.close(writer)
    assert log.await_settled(10)
    assert not log.ready
    assert failure_in(log.last_words) == "no room"
    log.close()


def test_a_ready_server_is_noticed_while_it_runs(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    log = ProcessLog(tmp_path / "postgresql.log", READY)
    log.read(os.fdopen(reader, "rb"))
    os.write(writer, b"LOG:  database system is ready to accept connections\n")
    assert log.await_settled(10)
    assert log.ready
    os.close(writer)
    log.close()


def test_output_without_a_named_failure_is_told_by_its_last_line() -> None:
    assert failure_in("one\ntwo\n") == "two"
    assert failure_in("") == "it said nothing"
