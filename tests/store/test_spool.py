"""What the spool takes is there after any cut, in order; what the disk changed is set aside and counted."""

import random
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.store import spool as spools
from snowtrack.store.spool import Spool, Spooled, SpoolError

MANY = 1 << 30
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=64)
MESSAGES = st.builds(
    Spooled,
    st.builds(DeviceId, NAMES, NAMES),
    st.sampled_from(Channel),
    st.binary(max_size=200),
    st.integers(0, 2**53),
)


def message(number: int, size: int = 10) -> Spooled:
    return Spooled(DeviceId("kanazawa", "d1"), Channel.UP, b"SNOW" * size, number)


def filled(folder: Path, *batches: list[Spooled]) -> Spool:
    spool = Spool(folder, MANY)
    for batch in batches:
        spool.append(batch)
    return spool


def everything(spool: Spool, size: int = MANY) -> list[Spooled]:
    """Read to the end, forgetting as one goes."""
    found: list[Spooled] = []
    while not spool.empty:
        portion = spool.oldest(size)
        found += portion.messages
        spool.forget(portion)
    return found


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("*.spool")
    return file


@given(batches=st.lists(st.lists(MESSAGES, min_size=1, max_size=5), max_size=8), size=st.integers(1, 2_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_appended_comes_out_in_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Spooled]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    filled(folder, *batches)
    spool = Spool(folder, MANY)
    assert everything(spool, size) == [one for batch in batches for one in batch]
    assert (spool.size, list(folder.iterdir())) == (0, [])


def test_cut_at_every_byte_the_whole_records_before_the_cut_are_there(tmp_path: Path) -> None:
    batches = [[message(1), message(2)], [message(3, 3)], [message(4)]]
    ends = []
    spool = Spool(tmp_path / "whole", MANY)
    for batch in batches:
        spool.append(batch)
        ends.append(spool.size)
    content = only_file(tmp_path / "whole").read_bytes()
    for cut in range(len(content) + 1):
        folder = tmp_path / f"cut-{cut}"
        folder.mkdir()
        (folder / "0000000001.spool").write_bytes(content[:cut])
        torn = Spool(folder, MANY)
        torn.append([message(9)])
        whole = sum(end <= cut for end in ends)
        expected = [one for batch in batches[:whole] for one in batch] + [message(9)]
        assert (torn.damaged, everything(Spool(folder, MANY))) == (0, expected)


@pytest.mark.parametrize("seed", range(20))
def test_a_byte_that_the_disk_changed_costs_one_record_and_is_told(tmp_path: Path, seed: int) -> None:
    batches = [[message(number)] for number in range(6)]
    filled(tmp_path, *batches)
    file = only_file(tmp_path)
    content = bytearray(file.read_bytes())
    size = len(content) // len(batches)
    at = random.Random(seed).randrange(len(content) - size)
    content[at] ^= 0x55
    file.write_bytes(content)
    spool = Spool(tmp_path, MANY)
    lost = at // size
    assert spool.damaged == 1
    assert everything(spool) == [one for number, (one,) in enumerate(batches) if number != lost]
    assert (tmp_path / "0000000001.damaged").read_bytes() == bytes(content[lost * size : (lost + 1) * size])


def test_what_the_disk_changes_while_it_is_open_is_noticed_too(tmp_path: Path) -> None:
    spool = filled(tmp_path, [message(1)], [message(2)], [message(3)])
    file = only_file(tmp_path)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert [one.received_us for one in everything(spool, 1)] == [1, 3]
    assert spool.damaged == 1


def test_a_full_spool_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 300)
    spool.append([message(1)])
    with pytest.raises(SpoolError, match="it is full"):
        spool.append([message(2, 100)])
    spool.append([message(3)])
    assert everything(Spool(tmp_path, 300)) == [message(1), message(3)]


def test_a_disk_that_is_full_refuses_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on the size of files stands for the end of a disk: writes are cut short by it, then fail."""
    spool = filled(tmp_path, [message(1)])
    monkeypatch.setattr(spools, "FILE_BYTES", MANY)
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (spool.size + 50, before[1]))
    try:
        with pytest.raises(SpoolError, match="cannot be written: File too large"):
            spool.append([message(2, 100)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    spool.append([message(3)])
    assert everything(Spool(tmp_path, MANY)) == [message(1), message(3)]


def test_files_leave_one_by_one_and_the_rest_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "FILE_BYTES", 200)
    spool = filled(tmp_path, *([message(number)] for number in range(9)))
    files = len(list(tmp_path.iterdir()))
    assert files > 3
    first = spool.oldest(MANY)
    assert len(list(tmp_path.iterdir())) == files
    spool.forget(first)
    assert len(list(tmp_path.iterdir())) == files - 1
    spool.append([message(9)])
    again = Spool(tmp_path, MANY)
    rest = [one.received_us for one in everything(again)]
    assert [one.received_us for one in first.messages] + rest == list(range(10))


def test_what_was_not_forgotten_comes_again(tmp_path: Path) -> None:
    spool = filled(tmp_path, [message(1)], [message(2)])
    spool.forget(spool.oldest(1))
    assert [one.received_us for one in spool.oldest(1).messages] == [2]
    assert [one.received_us for one in everything(Spool(tmp_path, MANY))] == [1, 2]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    filled(tmp_path / "spool", [message(1)])
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert only_file(tmp_path / "spool").stat().st_mode & 0o777 == 0o600
