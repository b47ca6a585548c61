"""Flash in memory and in a file behave alike, and as the chip does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracker.power import Cut, FailingFlash, PowerCutError

from ploughsim.errors import RingError
from ploughsim.tracker.flash import PAGE_BYTES, SECTOR_BYTES, FileFlash, MemoryFlash

_PLACES = st.integers(0, 3 * SECTOR_BYTES)


@given(st.lists(st.tuples(_PLACES, st.binary(min_size=1, max_size=600)), max_size=8), st.integers(0, 2))
def test_a_file_and_memory_hold_the_same(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]], erased: int
) -> None:
    memory, file = MemoryFlash(), FileFlash(tmp_path_factory.mktemp("flash") / "deep" / "chip")
    for offset, data in writes:
        # As the chip would have it: only bits that are still set can stay so.
        allowed = bytes(new & old for new, old in zip(data, memory.read(offset, len(data)), strict=True))
        memory.write(offset, allowed)
        file.write(offset, allowed)
    for flash in (memory, file):
        flash.erase(erased)
    size = 5 * SECTOR_BYTES
    assert memory.read(0, size) == file.read(0, size)
    assert memory.read(erased * SECTOR_BYTES, SECTOR_BYTES) == b"\xff" * SECTOR_BYTES
    file.close()


def test_flash_in_a_file_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "chip"
    flash = FileFlash(path)
    flash.write(5000, b"snow")
    flash.close()
    again = FileFlash(path)
    assert again.read(4999, 6) == b"\xffsnow\xff"
    again.close()


def test_flash_that_was_never_written_is_erased() -> None:
    assert MemoryFlash().read(4000, 200) == b"\xff" * 200


def test_a_write_that_sets_a_bit_is_refused() -> None:
    flash = MemoryFlash()
    flash.write(10, b"\x0f")
    flash.write(10, b"\x05")
    with pytest.raises(RingError, match="memory: a write at 10 sets bits; only an erase does"):
        flash.write(10, b"\x06")
    assert flash.read(10, 1) == b"\x05"


def test_erases_are_counted_by_sector() -> None:
    flash = MemoryFlash()
    for sector in (1, 1, 4):
        flash.erase(sector)
    assert flash.erases == {1: 2, 4: 1}


def test_a_write_over_pages_is_cut_between_them_or_within_one() -> None:
    for done, expected in ((0.0, 56), (1.0, 56 + 44)):
        flash = FailingFlash()
        flash.cut = Cut(after=1, done=done)
        with pytest.raises(PowerCutError):
            flash.write(PAGE_BYTES - 56, bytes(100))
        with pytest.raises(PowerCutError):
            flash.read(0, 1)
        flash.power_up()
        arrived = flash.read(PAGE_BYTES - 56, 100)
        assert len(arrived) - len(arrived.lstrip(b"\0")) >= expected
        assert done == 1.0 or arrived[56:] != bytes(44)


def test_an_erase_that_is_cut_leaves_anything() -> None:
    flash = FailingFlash()
    flash.write(0, bytes(SECTOR_BYTES))
    flash.cut = Cut(after=0, done=0.5, seed=1)
    with pytest.raises(PowerCutError):
        flash.erase(0)
    flash.power_up()
    left = flash.read(0, SECTOR_BYTES)
    half = SECTOR_BYTES // 2
    assert b"\xff" * half in (left[:half], left[half:])
    assert len(set(left)) > 2
