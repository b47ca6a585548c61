"""A sector by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracker.power import Cut, FailingFlash, PowerCutError

from ploughsim.tracker.bits import BLANK, SLOT_BYTES, UNCOMMITTED
from ploughsim.tracker.flash import ERASED, SECTOR_BYTES, MemoryFlash
from ploughsim.tracker.records import FIELDS, MORE
from ploughsim.tracker.sectors import HEAD_BYTES, SLOTS, Head, Sector
from ploughsim.tracker.slots import Base, of_text, text_slots

_BASE = Base(boot=7, seq=100, uptime_ms=5000, family=3)


class ForgetfulFlash(MemoryFlash):
    """Its power fails at the first thing that an erase does: it sets the bits of the last byte of the head."""

    def erase(self, sector: int) -> None:
        held = self.read(sector * SECTOR_BYTES, SECTOR_BYTES)
        self.fill(sector, held[: HEAD_BYTES - 1] + ERASED + held[HEAD_BYTES:])
        raise PowerCutError


def _opened(flash: MemoryFlash) -> Sector:
    sector = Sector(flash, 1)
    sector.open(5, 4, _BASE)
    return sector


def test_a_sector_knows_what_it_was_opened_with() -> None:
    assert _opened(MemoryFlash()).head() == Head(5, 4, _BASE, freed=False)


def test_a_freed_sector_stays_so() -> None:
    sector = _opened(MemoryFlash())
    sector.free()
    assert sector.head() == Head(5, 4, _BASE, freed=True)


def test_what_an_erase_that_was_cut_left_behind_is_no_sector() -> None:
    flash = MemoryFlash()
    _opened(flash).free()
    forgetful = ForgetfulFlash()
    forgetful.fill(1, flash.read(SECTOR_BYTES, SECTOR_BYTES))
    sector = Sector(forgetful, 1)
    assert sector.head() is not None
    with pytest.raises(PowerCutError):
        sector.open(9, 4, _BASE)
    assert sector.head() is None


@given(st.integers(0, HEAD_BYTES - 12), st.integers(0, 7))
def test_a_head_with_a_bit_cleared_is_none(byte: int, bit: int) -> None:
    flash = MemoryFlash()
    sector = _opened(flash)
    head = sector.head()
    before = flash.read(SECTOR_BYTES + byte, 1)[0]
    flash.write(SECTOR_BYTES + byte, bytes([before & ~(1 << bit)]))
    assert sector.head() == (None if before & 1 << bit else head)


def test_an_erased_sector_is_none_and_its_slots_are_not_used() -> None:
    sector = Sector(MemoryFlash(), 0)
    assert sector.head() is None
    assert sector.read().used == 0
    assert sector.read().epochs == []


def test_the_slots_fill_the_sector_behind_its_head() -> None:
    assert HEAD_BYTES + SLOTS * SLOT_BYTES == SECTOR_BYTES
    flash = MemoryFlash()
    sector = _opened(flash)
    sector.write(SLOTS - 1, np.zeros((1, SLOT_BYTES), dtype=np.uint8))
    assert sector.read().used == SLOTS
    assert flash.read(2 * SECTOR_BYTES, 1) == ERASED


def test_an_epoch_is_committed_only_when_all_of_it_is_there() -> None:
    flash = FailingFlash()
    sector = _opened(flash)
    slots = of_text(np.zeros(FIELDS, dtype=np.int64), b"x" * 100)
    assert slots is not None
    flash.cut = Cut(after=1, done=0.0, seed=0)
    with pytest.raises(PowerCutError):
        sector.write(0, slots)
    flash.power_up()
    assert sector.read().kinds[:4].tolist() == [UNCOMMITTED, MORE, MORE, BLANK]
    assert sector.read().epochs == []


@pytest.mark.parametrize(("size", "slots"), [(0, 1), (25, 1), (26, 2), (67, 2), (68, 3), (1024, 25)])
def test_text_takes_as_many_slots_as_it_needs(size: int, slots: int) -> None:
    assert text_slots(size) == slots
