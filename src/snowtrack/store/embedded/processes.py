"""Starting, finding and ending the server's processes; every wait is for the end of a process, never a nap."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from snowtrack.model.errors import StoreError
from snowtrack.store.embedded import child
from snowtrack.store.embedded.account import Account

# In the server's command line, so that a server of ours can be told from one that somebody else runs on the data.
MARK = "cluster_name=snowtrack"
# PostgreSQL's words for the signals: fast (transactions are rolled back), immediate (recovery at the next start).
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
_FORCED_END_S = 10.0


def launch(
    command: list[str], account: Account, death_signal: signal.Signals, process_group: int | None
) -> subprocess.Popen[bytes]:
    """Run the command as the account; it gets `death_signal` when the thread that called this ends, however it does.

    The child's small program does the change of user and not `Popen(user=…)`, because the interpreter itself may be
    where the other user cannot reach it.
    """
    shim = [sys.executable, "-I", "-S", "-B", child.__file__]
    settings = [str(os.getpid()), str(int(death_signal)), str(account.uid), str(account.gid)]
    return subprocess.Popen(  # noqa: S603 - our own program and the bundled ones
        [*shim, *settings, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",  # the account may be unable to enter the caller's
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},  # none of the caller's PG… variables
        process_group=process_group,
    )


def end_server(pid: int, fast_s: float) -> None:
    """End a server: fast, after `fast_s` immediately, and at last by force."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number, patience_s in ((FAST, fast_s), (IMMEDIATE, _FORCED_END_S), (signal.SIGKILL, _FORCED_END_S)):
            if _signal_and_wait(descriptor, number, patience_s):
                return
    finally:
        os.close(descriptor)
    raise StoreError(f"the PostgreSQL process {pid} does not end, not even by force")


def end_leftovers(data: Path) -> None:
    """End what a killed snowtrack left running on this data; only called while holding the instance's lock."""
    postmaster = _postmaster_pid(data)
    if postmaster in _processes_on(data):
        if MARK.encode() not in Path(f"/proc/{postmaster}/cmdline").read_bytes().split(b"\0"):
            raise StoreError(
                f"{data} is in use by a PostgreSQL server (process {postmaster}) that snowtrack did not start; stop it"
            )
        end_server(postmaster, fast_s=_FORCED_END_S)
    for orphan in _processes_on(data):  # a server that was killed can leave a process busy with a query
        end_server(orphan, fast_s=0)
    # No process is left on the data, so the file is stale. PostgreSQL would see that too, except when the number in it
    # has meanwhile gone to another process, and then refuse to start.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _signal_and_wait(descriptor: int, number: signal.Signals, patience_s: float) -> bool:
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return True
    poll = select.poll()  # a process's descriptor becomes readable at its end
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(patience_s * 1000))


def _postmaster_pid(data: Path) -> int:
    """The server's process as its lock file says, 0 when it says none."""
    try:
        first_line = (data / "postmaster.pid").read_bytes().partition(b"\n")[0].strip()
    except FileNotFoundError:
        return 0
    return int(first_line) if first_line.isdigit() else 0


def _processes_on(data: Path) -> set[int]:
    """PostgreSQL's processes that have this data folder as their working folder, as all of a server's have."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            program, folder = (process / "exe").readlink(), (process / "cwd").readlink()
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if folder == data and program.name.startswith("postgres"):
            found.add(int(process.name))
    return found
