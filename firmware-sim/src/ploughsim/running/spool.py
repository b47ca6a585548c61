"""Payloads that wait on disk until their unit has network again: what a fleet holds in twelve hours is no matter for
memory. The file has no name, so that nothing of it stays."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from ploughsim.errors import OutputError


class Place(NamedTuple):
    """Where a payload lies."""

    offset: int
    size: int


class Spool:
    """`folder` has room for what waits."""

    def __init__(self, folder: Path) -> None:
        self._end = 0
        try:
            self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as the spool
        except OSError as error:
            raise OutputError(f"{folder}: {error.strerror}; name a folder that can be written") from error

    def put(self, payload: bytes) -> Place:
        place = Place(self._end, len(payload))
        self._file.seek(self._end)
        self._file.write(payload)
        self._end += len(payload)
        return place

    def get(self, place: Place) -> bytes:
        self._file.seek(place.offset)
        return self._file.read(place.size)

    def close(self) -> None:
        self._file.close()
