"""snowtrack in other processes than the test's: to be killed, or to be somebody else."""

import os
import pwd
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Starts the server of the instance folder argv[1] in process group argv[2] ("-" for its own parent's), says where it is
# and stays until it is killed.
STARTER = """
import signal, sys
from pathlib import Path
from snowtrack.store.embedded import EmbeddedServer
group = None if sys.argv[2] == "-" else int(sys.argv[2])
running = EmbeddedServer(instance_folder=Path(sys.argv[1])).start(group)
print(running.process.pid, running.url, flush=True)
signal.pause()
"""


def spawn(script: str, *arguments: str, prefix: list[str] | None = None) -> subprocess.Popen[str]:
    command = [*(prefix or []), sys.executable, "-B", "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)


def said(process: subprocess.Popen[str]) -> list[str]:
    """The words of the next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def as_nobody() -> list[str]:
    """What to put before a command so that an unprivileged user runs it.

    The capability lets that user reach the interpreter even where only root can, as users can reach their own. It does
    not make them root: it is what they would be allowed to read anyway.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv (package util-linux) to become another user with")
    group = pwd.getpwnam("nobody").pw_gid
    capabilities = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups", *capabilities]


def await_end(pid: int, deadline_s: float = 30) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(deadline_s * 1000), f"process {pid} still runs"
    finally:
        os.close(descriptor)


def processes_of(cluster: Path) -> list[int]:
    """Who works in the cluster's folder or was told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = os.fsencode(cluster) in (process / "cmdline").read_bytes()
            if told or (process / "cwd").readlink().is_relative_to(cluster):
                found.append(int(process.name))
        except OSError:
            continue
    return found
