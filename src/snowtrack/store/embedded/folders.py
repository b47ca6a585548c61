"""Where an instance keeps its cluster, and the folders made for it; no existing folder's mode or owner is changed.

    <instance>/database-location    where the cluster is
    <instance>/postgresql.log       what the server said
    <cluster>/data                  the server's files, for it alone
    <cluster>/socket                how it is reached, for it alone (and root)
    <cluster>/*.conf                its settings, written by us at each start

A user's cluster is `<instance>/postgresql`. Root's is `/var/lib/snowtrack/instances/<name>-<hash>`, because the server
then runs as a user who may be unable to enter the instance folder. `<cluster>` itself stays root's, so that nothing
that root writes there can be led elsewhere by a link.
"""

import fcntl
import hashlib
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from snowtrack.model.errors import StoreError
from snowtrack.store.embedded.account import Account

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES_MAX = 107  # sun_path has 108 bytes, the last one is 0
_LOCATION = "database-location"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The places that belong to one instance."""

    instance: Path
    cluster: Path

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def unfinished_data(self) -> Path:
        return self.cluster / "data.unfinished"

    @property
    def log(self) -> Path:
        return self.instance / "postgresql.log"

    @property
    def location(self) -> Path:
        return self.instance / _LOCATION

    @property
    def _socket_record(self) -> Path:
        """Says where the socket folder is while there is one."""
        return self.cluster / "socket-location"

    def make_socket_folder(self, owner: Account) -> Path:
        """A fresh one: a socket or lock file of a killed server would stop the next one."""
        self.remove_socket_folder()
        folder = self.cluster / "socket"
        if _can_hold_socket(folder):
            make_folder(folder, 0o700, owner)
        else:
            folder = _short_folder(owner)
        self._socket_record.write_bytes(os.fsencode(folder))
        return folder

    def remove_socket_folder(self) -> None:
        if self._socket_record.exists():
            shutil.rmtree(os.fsdecode(self._socket_record.read_bytes()), ignore_errors=True)
            self._socket_record.unlink()

    def remove(self) -> None:
        self.remove_socket_folder()
        shutil.rmtree(self.cluster)
        for file in (self.location, *self.instance.glob(f"{self.log.name}*")):
            file.unlink(missing_ok=True)


def locate(instance_folder: Path, system_folder: Path) -> Folders:
    """Where the instance's cluster is or will be; refuses when it was recorded to be elsewhere."""
    instance = instance_folder.absolute()
    expected = (
        instance / "postgresql" if os.geteuid() != 0 else system_folder.absolute() / "instances" / _name(instance)
    )
    location = Folders(instance=instance, cluster=expected).location
    if not location.exists():
        return Folders(instance=instance, cluster=expected if os.geteuid() != 0 else _unused(expected))
    recorded = instance / os.fsdecode(location.read_bytes().rstrip(b"\n"))
    if recorded.parent != expected.parent or not recorded.name.startswith(expected.name):
        raise StoreError(
            f"the database of {instance} is in {recorded}, but {expected} is expected, because the instance was "
            f"moved, copied or started by another user; move the database there, or remove {location} "
            "to begin with an empty one"
        )
    return Folders(instance=instance, cluster=recorded)


def _unused(expected: Path) -> Path:
    """The data of an instance folder that was deleted may still lie there; the folder's next one begins anew."""
    numbered = (expected.with_name(f"{expected.name}-{number}") for number in itertools.count(2))
    return next(place for place in itertools.chain([expected], numbered) if not place.exists())


def _name(instance: Path) -> str:
    """Readable, and no other folder's."""
    path_hash = hashlib.sha256(os.fsencode(instance)).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9_-]', '', instance.name)[:24]}-{path_hash}"


def make_folders(folders: Folders) -> None:
    """The instance folder, the cluster folder, and the record of it."""
    folders.instance.mkdir(parents=True, exist_ok=True)
    if folders.cluster.is_relative_to(folders.instance):
        make_folder(folders.cluster, 0o700)
        recorded: Path = folders.cluster.relative_to(folders.instance)  # the instance may be moved as a whole
    else:
        make_folder(folders.cluster.parent, 0o711)
        make_folder(folders.cluster, 0o711)
        recorded = folders.cluster
    folders.location.write_bytes(os.fsencode(recorded) + b"\n")


def make_folder(folder: Path, mode: int, owner: Account | None = None) -> None:
    """Exactly this mode, whatever the umask; a folder that exists is left as it is."""
    try:
        folder.mkdir(mode)
    except FileExistsError:
        return
    folder.chmod(mode)
    if owner and owner.uid != os.geteuid():
        os.chown(folder, owner.uid, owner.gid)


def require_free_space(folder: Path, needed_mib: int) -> None:
    free_mib = shutil.disk_usage(folder).free >> 20
    if free_mib < needed_mib:
        raise StoreError(f"{folder} has {free_mib} MiB left, PostgreSQL needs {needed_mib} MiB; free some space there")


@contextmanager
def locked(folder: Path, refusal: str | None = None) -> Iterator[None]:
    """Hold the folder's lock. When it is taken: wait for it, or raise StoreError with the refusal if there is one.

    The lock is on the folder itself, so that no lock file is left, and the kernel frees it when its holder dies.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
        except BlockingIOError:
            raise StoreError(refusal) from None
        yield
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone would not free it while a forked process has a copy
    finally:
        os.close(descriptor)


def _can_hold_socket(folder: Path) -> bool:
    """Clients take a comma for the end of the path, and the system has a limit to its length."""
    path = os.fsencode(folder / _SOCKET_NAME)
    return len(path) <= _SOCKET_PATH_BYTES_MAX and b"," not in path


def _short_folder(owner: Account) -> Path:
    """A private folder with a short name, for an instance whose own path is not fit for a socket."""
    runtime_folder = os.environ.get("XDG_RUNTIME_DIR") if os.geteuid() == owner.uid else None
    folder = Path(tempfile.mkdtemp(prefix="snowtrack-", dir=runtime_folder))
    if not _can_hold_socket(folder):
        folder.rmdir()
        raise StoreError(f"no socket can be reached in {folder}; set TMPDIR to a short path without commas, as /tmp is")
    if owner.uid != os.geteuid():
        os.chown(folder, owner.uid, owner.gid)
    return folder
