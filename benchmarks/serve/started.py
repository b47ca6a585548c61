"""Programs that run while something is measured, and end by their own id when it is over."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from snowtrack.process_log import ProcessLog

READY_S_MAX, STOP_S_MAX = 60.0, 15.0


@contextmanager
def started(
    popen: subprocess.Popen[bytes], log_file: Path, ready: bytes, *, end: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    """From the line that says that it is ready on; its words go into the file."""
    log = ProcessLog(log_file, ready)
    log.read(cast(IO[bytes], popen.stdout))
    try:
        if not log.await_settled(READY_S_MAX) or not log.ready:
            raise RuntimeError(f"{log_file.stem} did not start: {log.last_words[-500:]}")
        yield
    finally:
        popen.send_signal(end)
        popen.wait(STOP_S_MAX)
        log.close()


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
