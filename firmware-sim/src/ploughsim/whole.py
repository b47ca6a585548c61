"""Files that are there whole or not at all."""

import contextlib
import os
from pathlib import Path

from ploughsim.errors import OutputError

_BUFFER_BYTES = 1 << 20


def write_whole(path: Path, content: bytes) -> None:
    """In place of what was there, and on the disk when this returns."""
    half = path.with_name(f".{path.name}")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


class HiddenFile:
    """Written under a hidden name beside `path`; closing it gives it its name, or takes it away."""

    def __init__(self, path: Path) -> None:
        if not path.name or path.is_dir():
            raise OutputError(f"{path}: is a folder; name a file")
        self._path = path
        self._hidden = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.file = self._hidden.open("wb", buffering=_BUFFER_BYTES)
        except OSError as error:
            raise OutputError(f"{path}: {error.strerror}; name a file that can be written") from error

    def close(self, *, keep: bool) -> None:
        try:
            if keep:
                self.file.flush()
                os.fsync(self.file.fileno())
                self._hidden.replace(self._path)
        finally:
            with contextlib.suppress(OSError):
                self.file.close()
            with contextlib.suppress(FileNotFoundError):
                self._hidden.unlink()
