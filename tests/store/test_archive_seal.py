"""Of a damaged archive nothing is shown to a reader of Parquet: it is refused in one line, whatever byte it is."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.archive import open_archive, writing_archive
from snowtrack.store.archive_seal import check_seal, seal, unsealed
from tests.oracles.batches import batch_of

DEVICE = DeviceId("kanazawa", "d1")
AT_ONCE = 1 << 20


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small archive."""
    path = tmp_path_factory.mktemp("archive") / "night.parquet"
    rows = [{"device": 7, "time_us": 10**15 + at * 10**6, "lat_e7": 36 * 10**7 + at, "seq": at} for at in range(300)]
    with writing_archive(path) as writer:
        writer.add(DEVICE, batch_of(FixBatch, *rows))
    return path.read_bytes()


def refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_archive(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).isprintable()


def flipped(content: bytes) -> Iterator[bytes]:
    """Each byte another once, by one bit, by another, or by all."""
    for at in range(len(content)):
        spoilt = bytearray(content)
        spoilt[at] ^= (1, 0x80, 0xFF)[at % 3]
        yield bytes(spoilt)


def test_whatever_byte_is_another_the_file_is_refused(night: bytes, tmp_path: Path) -> None:
    for content in flipped(night):
        refused(tmp_path / "a.parquet", content)


def test_wherever_it_ends_before_its_end_the_file_is_refused(night: bytes, tmp_path: Path) -> None:
    for length in range(len(night)):
        refused(tmp_path / "a.parquet", night[:length])


def test_what_is_put_before_it_or_behind_it_is_noticed(night: bytes, tmp_path: Path) -> None:
    for more in (b"\0", night, night[-8:]):
        refused(tmp_path / "a.parquet", more + night)
        refused(tmp_path / "a.parquet", night + more)


def test_lengths_that_cannot_be_are_refused(night: bytes, tmp_path: Path) -> None:
    for length in (0, 1, 8, len(night) - 8, len(night) - 7, len(night), 2**31, 2**32 - 1):
        refused(tmp_path / "a.parquet", night[:-8] + length.to_bytes(4, "little") + night[-4:])


def test_a_seal_stands_for_all_bytes_however_many(tmp_path: Path) -> None:
    """More than are read at once, before the seal and behind it."""
    path = tmp_path / "a.parquet"
    table = pl.DataFrame({"x": range(400_000)})
    table.write_parquet(path, compression="uncompressed", metadata=unsealed("#" * (2 * AT_ONCE)))
    with pytest.raises(SourceError, match="its bytes are not those that were written"):
        check_seal(path)
    seal(path)
    check_seal(path)
    assert pl.read_parquet(path).equals(table)
    content = path.read_bytes()
    place = content.index(b"\x18\x04seal\x18")
    assert place > AT_ONCE
    for at in (0, AT_ONCE - 1, AT_ONCE, place - 1, place + 7, place + 70, place + 71, place + 72, len(content) - 9):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(SourceError):
            check_seal(path)


def test_a_file_without_a_place_for_a_seal_gets_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    content = path.read_bytes()
    with pytest.raises(SourceError, match="has no place for a seal"):
        seal(path)
    assert path.read_bytes() == content
