"""What a process of ours says: into a bounded file, while looking out for the line that says it is ready.

A pipe and a thread rather than the file itself: readiness is then awaited and not asked for again and again, a process
that ends is noticed at once, and the file has a bound however long the server runs. When the parent is killed the pipe
breaks, and only the last lines are lost.
"""

import os
import shutil
import threading
from pathlib import Path
from typing import IO

FILE_BYTES_MAX = 1 << 20  # and as much again in the older file
_LINE_BYTES_MAX = 1 << 16


class ProcessLog:
    """Reads a process's output until it ends. It is ready when a line holds the bytes of `ready`."""

    def __init__(self, path: Path, ready: bytes) -> None:
        self.ready = False
        self.last_words = ""  # of a process that did not become ready
        self._path = path
        self._ready_line = ready
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._settled = threading.Event()
        self._reading: threading.Thread | None = None

    def read(self, output: IO[bytes]) -> None:
        """Begin to read, on a thread of its own."""
        self._reading = threading.Thread(target=self._read, args=(output,), name=f"log {self._path.name}", daemon=True)
        self._reading.start()

    def await_settled(self, timeout_s: float) -> bool:
        """Wait until the process is ready or has ended; False when neither came in time."""
        return self._settled.wait(timeout_s)

    def close(self) -> None:
        """Wait for the last line of a process that has ended."""
        if self._reading:
            self._reading.join()
        os.close(self._file)

    def _read(self, output: IO[bytes]) -> None:
        with output:
            while line := output.readline(_LINE_BYTES_MAX):
                self._notice(line)
                try:
                    os.write(self._file, line)
                    self._keep_bound()
                except OSError:
                    continue  # reading goes on when the disk is full, since a full pipe would stop the process
        self._settled.set()

    def _notice(self, line: bytes) -> None:
        if self.ready:
            return
        self.last_words = (self.last_words + line.decode(errors="replace"))[-_LINE_BYTES_MAX:]
        if self._ready_line in line:
            self.ready = True
            self._settled.set()

    def _keep_bound(self) -> None:
        if os.fstat(self._file).st_size < FILE_BYTES_MAX:
            return
        try:
            shutil.copyfile(self._path, self._path.with_name(f"{self._path.name}.1"))
        finally:
            os.ftruncate(self._file, 0)
