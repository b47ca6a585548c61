"""The first breath of the server's process: becomes the server's user, binds its life to the parent's, runs the server.

A program of its own, run by file name in a fresh interpreter, because between fork and exec of a process with threads
hardly any code is safe. It needs the standard library only and has imported all of it before the user changes: after
that, the interpreter's folder may be out of reach.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # Only now, because a change of user clears it. It stays over exec.
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot bind the server to its parent")
    if os.getppid() != parent:
        return  # it died before it could be watched
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    try:
        main(parent, death_signal, uid, gid, sys.argv[5:])
    except OSError as error:
        sys.exit(f"FATAL:  cannot run {sys.argv[5]}: {error.strerror}")
