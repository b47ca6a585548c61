"""What is refused, and that one line says why and what to do."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snowtrack.model.errors import StoreError
from snowtrack.store.embedded import EmbeddedServer, binaries, cluster
from snowtrack.store.embedded.binaries import bundled_programs, shared_programs
from snowtrack.store.embedded.folders import locate
from tests.postgres import running
from tests.store.embedded.test_after_a_kill import launch_again

SMALL_DISK = """
import sys
from pathlib import Path
import psycopg
from snowtrack.model.errors import StoreError
from snowtrack.store.embedded import EmbeddedServer
disk = Path(sys.argv[1])
server = EmbeddedServer(instance_folder=disk / "instance", system_folder=disk)
def refusal():
    try:
        server.start(0).stop()
    except StoreError as error:
        return str(error)
def fill():
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 10):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                pass
print(refusal())
fill()
print(refusal())
(disk / "filler").unlink()
print(refusal())
"""


def refusal_of(server: EmbeddedServer) -> str:
    with pytest.raises(StoreError) as refusal:
        server.start(0)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.slow
def test_an_instance_in_use_is_refused(server: EmbeddedServer) -> None:
    with running(server):
        assert "in use by another snowtrack" in refusal_of(server)
        with pytest.raises(StoreError, match="in use by another snowtrack"):
            server.remove()


@pytest.mark.slow
def test_data_in_use_by_a_server_of_somebody_else_is_refused_and_left_alone(server: EmbeddedServer) -> None:
    with launch_again(server, marked=False) as foreign:
        assert f"process {foreign.pid}) that snowtrack did not start" in refusal_of(server)
        assert foreign.poll() is None
        foreign.terminate()


@pytest.mark.slow
def test_data_of_another_major_version_is_refused_and_left_alone(server: EmbeddedServer) -> None:
    with running(server):
        pass
    version = locate(server.instance_folder, server.system_folder).data / "PG_VERSION"
    version.write_text("16\n")
    assert "was made by PostgreSQL 16, and this is PostgreSQL 18" in refusal_of(server)
    assert version.exists()


@pytest.mark.slow
def test_broken_data_is_reported_in_the_words_of_the_server(server: EmbeddedServer) -> None:
    with running(server):
        pass
    (locate(server.instance_folder, server.system_folder).data / "global/pg_control").unlink()
    assert "could not open file" in refusal_of(server)


def test_too_little_space_is_refused(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "NEW_CLUSTER_MIB", 1 << 40)
    assert "MiB left" in refusal_of(server)


def test_a_failed_creation_is_reported_and_leaves_nothing_half_made(server: EmbeddedServer) -> None:
    if os.geteuid() == 0:
        shared_programs(bundled_programs(), server.system_folder)  # made before files are limited
    folders = locate(server.instance_folder, server.system_folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    try:
        assert "creating the database" in refusal_of(server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not folders.data.exists()
    assert not folders.unfinished_data.exists()


@pytest.mark.slow
def test_a_full_disk_is_reported_and_the_server_starts_again_when_there_is_room(
    open_folder: Path, as_root: None
) -> None:
    disk = open_folder / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=420m,mode=755 tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", str(disk), sys.executable, SMALL_DISK]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("not allowed to mount a small disk")
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
    assert said[0] == said[2] == "None"
    assert "No space left on device" in said[1]


def test_a_user_who_does_not_exist_is_refused(tmp_path: Path, as_root: None) -> None:
    assert "'no-such-user'" in refusal_of(EmbeddedServer(instance_folder=tmp_path, run_as="no-such-user"))
    assert "refuses to run as root" in refusal_of(EmbeddedServer(instance_folder=tmp_path, run_as="root"))


def test_a_machine_without_the_programs_is_refused(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "MAJOR_VERSION", 99)
    assert "brings no PostgreSQL 99" in refusal_of(server)


def test_an_instance_whose_database_is_recorded_elsewhere_is_refused(server: EmbeddedServer) -> None:
    server.instance_folder.mkdir()
    location = server.instance_folder / "database-location"
    location.write_text("/somewhere/else\n")
    assert "is in /somewhere/else" in refusal_of(server)
    location.unlink()
