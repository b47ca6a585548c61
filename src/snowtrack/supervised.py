"""Being a child of `snowtrack up`: end with the parent, even when it is killed, and say when ready."""

import ctypes
import os
import signal
import sys

VARIABLE = "SNOWTRACK_SUPERVISED"
READY_LINE = b'{"event":"ready"}'
_PR_SET_PDEATHSIG = 1


def is_supervised() -> bool:
    return VARIABLE in os.environ


def end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent ends, even by SIGKILL. Linux only; elsewhere nothing is promised."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def announce_ready() -> None:
    """Tell the parent that what we offer can be used now."""
    if is_supervised():
        os.write(sys.stderr.fileno(), READY_LINE + b"\n")
