"""What a killed snowtrack leaves: nothing that runs on or hinders the next start, and all that it promised."""

import contextlib
import os
import signal
import subprocess

import psycopg
import pytest

from snowtrack.store.embedded import EmbeddedServer
from snowtrack.store.embedded.account import server_account
from snowtrack.store.embedded.folders import locate
from snowtrack.store.embedded.processes import MARK, launch
from tests.postgres import running
from tests.store.embedded.other_processes import STARTER, await_end, kill, processes_of, said, spawn

pytestmark = pytest.mark.slow


def write_promise(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE promise AS SELECT 7 AS epoch")


def assert_promise_is_kept(server: EmbeddedServer) -> None:
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT epoch FROM promise").fetchone() == (7,)
    assert processes_of(locate(server.instance_folder, server.system_folder).cluster) == []


def test_the_server_ends_with_its_killed_parent(server: EmbeddedServer) -> None:
    parent = spawn(STARTER, str(server.instance_folder), "0")
    pid, url = said(parent)
    write_promise(url)
    kill(parent)
    await_end(int(pid))
    assert processes_of(locate(server.instance_folder, server.system_folder).cluster) == []
    assert_promise_is_kept(server)


def test_the_next_start_need_not_wait_for_the_end_of_the_killed_one(server: EmbeddedServer) -> None:
    parent = spawn(STARTER, str(server.instance_folder), "0")
    write_promise(said(parent)[1])
    kill(parent)
    assert_promise_is_kept(server)


def test_a_kill_of_the_whole_group_loses_nothing_that_was_committed(server: EmbeddedServer) -> None:
    parent = spawn(STARTER, str(server.instance_folder), "-")
    pid, url = said(parent)
    assert os.getpgid(int(pid)) == parent.pid
    write_promise(url)
    os.killpg(parent.pid, signal.SIGKILL)
    parent.communicate()
    assert_promise_is_kept(server)


def test_a_kill_during_the_first_start_leaves_an_instance_that_starts(server: EmbeddedServer) -> None:
    folders = locate(server.instance_folder, server.system_folder)
    parent = spawn(STARTER, str(server.instance_folder), "0")
    while not list(folders.cluster.glob("data.unfinished/*")):
        assert parent.poll() is None
    kill(parent)
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not folders.unfinished_data.exists()


def launch_again(server: EmbeddedServer, *, marked: bool) -> subprocess.Popen[bytes]:
    """Run the server on its data as if a parent had left it there, or somebody else had started it by hand."""
    with running(server) as started:
        write_promise(started.url)
    command = [str(argument) for argument in started.process.args]  # type: ignore[union-attr]
    command = command[next(i for i, argument in enumerate(command) if argument.endswith("/postgres")) :]
    account = server_account(server.run_as)
    locate(server.instance_folder, server.system_folder).make_socket_folder(account)
    if not marked:
        command[command.index(MARK)] = "cluster_name=other"
    process = launch(command, account, signal.SIGINT, 0)
    assert process.stdout is not None
    for line in process.stdout:
        if b"ready to accept connections" in line:
            return process
    raise AssertionError("the server did not start")


def test_a_server_left_running_is_ended_and_replaced(server: EmbeddedServer) -> None:
    with launch_again(server, marked=True) as left:
        assert_promise_is_kept(server)
        assert left.wait(timeout=30) == 0


def test_a_server_that_hangs_is_ended_by_force(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowtrack.store.embedded.processes._FORCED_END_S", 0.2)
    with launch_again(server, marked=True) as left:
        left.send_signal(signal.SIGSTOP)
        assert_promise_is_kept(server)
        assert left.wait(timeout=30) == -signal.SIGKILL


def test_a_busy_process_of_a_killed_server_is_ended_too(server: EmbeddedServer) -> None:
    started = server.start(0)
    write_promise(started.url)
    with contextlib.closing(psycopg.connect(started.url, autocommit=True)) as busy:
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
        await_active(started.url, busy.info.backend_pid)
        started.process.kill()
        started.stop()
    assert_promise_is_kept(server)


def await_active(url: str, backend: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT state FROM pg_stat_activity WHERE pid = %s"
        while connection.execute(query, [backend]).fetchone() != ("active",):
            pass
