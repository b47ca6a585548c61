"""The ring under an adversary who cuts the power at any write and erase, and leaves it half done."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracker.power import Cut, FailingFlash, PowerCutError, cuts
from tracker.rows import FAMILY, row_of

from ploughsim.errors import RingError
from ploughsim.tracker.flash import SECTOR_BYTES, FileFlash, MemoryFlash
from ploughsim.tracker.records import UPTIME_MS_MAX
from ploughsim.tracker.ring import EXTRA_STRETCHES, Name, Ring
from ploughsim.tracker.sectors import SLOTS
from ploughsim.tracker.settings import TrackerSettings

Told = tuple[tuple[int, ...], bytes | None]
"""What a ring says of an epoch: its row, or the own part of it and its text."""
_OWN_FIELDS = 12
_FIRST = 2


@dataclass(frozen=True)
class Step:
    """Something that happens so many times; `share` picks what is freed and how long texts are."""

    action: str
    count: int = 1
    share: float = 0.0
    cut: Cut | None = None


@dataclass
class Owner:
    """Uses a ring, is told when the power fails, and remembers what the ring promised."""

    sectors: int
    flash: FailingFlash = field(default_factory=FailingFlash)
    kept: dict[Name, Told] = field(default_factory=dict)
    written: dict[Name, Told] = field(default_factory=dict)
    freed: set[Name] = field(default_factory=set)
    highest_boot: int = 0
    uptime_ms: int = 0
    cuts: int = 0

    def __post_init__(self) -> None:
        self._power_up()

    def take(self, step: Step) -> None:
        if step.cut:
            self.flash.cut = step.cut
        overwritten = self.ring.overwritten
        try:
            for number in range(step.count):
                overwritten = self.ring.overwritten
                self._do(step, number)
        except PowerCutError:
            self.cuts += 1
            self.flash.power_up()
            # A power-up, too, may have been about to make room.
            may_lose = SLOTS if step.action == "restart" else self.ring.overwritten - overwritten
            self._power_up(may_lose)

    def found(self) -> dict[Name, Told]:
        found: dict[Name, Told] = {}
        for part in self.ring.read((0, 0), self.ring.next, self.ring.held + 9):
            assert part.family == FAMILY
            for row, text in zip(part.rows, part.texts, strict=True):
                found[int(row["boot"]), int(row["seq"])] = _told(row, text)
        assert list(found) == sorted(found)
        assert len(found) == self.ring.held
        assert self.ring.oldest == next(iter(found), self.ring.next)
        return found

    def _do(self, step: Step, number: int) -> None:
        if step.action == "restart":
            self._power_up()
        elif step.action == "free":
            self._free(step.share)
        else:
            self._append(step, number)

    def _append(self, step: Step, number: int) -> None:
        name = boot, seq = self.ring.next
        row = row_of(1000 * boot + seq, boot=boot, seq=seq, uptime_ms=self.uptime_ms)
        text = b"%d:" % number + bytes([65 + int(25 * step.share)]) * int(1000 * step.share)
        as_row = step.action == "row"
        self.uptime_ms += 1000 if as_row else int(1.5 * UPTIME_MS_MAX * step.share)
        self.written[name] = _told(row[0], None if as_row else text)
        self.highest_boot = boot
        overwritten = self.ring.overwritten
        self.ring.append(row, text, row_says_all=as_row)
        self._forget_oldest(self.ring.overwritten - overwritten)
        self.kept[name] = self.written[name]

    def _free(self, share: float) -> None:
        boots = sorted({boot for boot, _ in self.kept}) or [1]
        boot = boots[int(share * 7919) % len(boots)]
        last = int(share * max((seq for of, seq in self.kept if of == boot), default=0))
        covered = {name for name in self.kept if name[0] == boot and name[1] <= last}
        self.freed |= covered
        for name in covered:
            del self.kept[name]
        assert self.ring.free({boot: last}) == bool(covered)

    def _power_up(self, may_lose: int = 0) -> None:
        """The epoch that was being written is there or not; the oldest, if they had to make room, are there or not."""
        self.uptime_ms = 0
        self.ring = Ring(self.flash, _FIRST, self.sectors, FAMILY)
        assert self.ring.boot > self.highest_boot
        found = self.found()
        lost = self.kept.keys() - found.keys()
        assert len(lost) <= may_lose + self.ring.overwritten
        assert all(name < self.ring.oldest for name in lost)
        assert all(found[name] == self.written[name] for name in found)
        assert len(found.keys() - self.kept.keys() - self.freed) <= 1
        self.kept = found

    def _forget_oldest(self, count: int) -> None:
        for name in sorted(self.kept)[:count]:
            del self.kept[name]


def _told(row: np.void, text: bytes | None) -> Told:
    values: tuple[int, ...] = row.item()  # type: ignore[assignment]
    return (values, None) if text is None else (values[:_OWN_FIELDS], text)


def _steps() -> st.SearchStrategy[list[Step]]:
    actions = st.sampled_from(["row", "row", "row", "text", "free", "restart"])
    counts = st.sampled_from([1, 1, 2, 5, 30, 95])
    return st.lists(
        st.builds(Step, action=actions, count=counts, share=st.floats(0, 1), cut=st.none() | cuts(300)), max_size=30
    )


@given(sectors=st.integers(2, 5), steps=_steps())
def test_what_was_written_and_not_freed_survives_any_power_cut(sectors: int, steps: list[Step]) -> None:
    owner = Owner(sectors)
    for step in steps:
        owner.take(step)
        assert owner.found() == owner.kept
    owner.take(Step("restart"))


_SCRIPT = [
    Step("row", 80),
    Step("text", 4, 0.3),
    Step("free", share=0.3),
    Step("restart"),
    Step("row", 95),
    Step("free", share=0.9),
    Step("text", 3, 0.9),
    Step("row", 95),
    Step("restart"),
    Step("free", share=0.5),
    Step("row", 95),
]


def _operations() -> int:
    owner = Owner(sectors=3)
    for step in _SCRIPT:
        owner.take(step)
    return owner.flash.operations


@pytest.mark.parametrize("done", [0.0, 0.5, 0.999])
def test_a_power_cut_at_each_write_and_erase_of_a_night_loses_nothing(done: float) -> None:
    """Of the many alike, one in seven."""
    operations = _operations()
    assert operations > 800
    for after in range(0, operations, 7):
        owner = Owner(sectors=3)
        owner.flash.cut = Cut(after, done, seed=after)
        for step in _SCRIPT:
            owner.take(step)
        owner.take(Step("restart"))
        assert owner.cuts == 1


def _filled(ring: Ring, count: int, uptime_ms: int = 0) -> Ring:
    for _ in range(count):
        boot, seq = ring.next
        ring.append(row_of(seq, boot=boot, seq=seq, uptime_ms=uptime_ms), b"", row_says_all=True)
    return ring


def _names(ring: Ring, start: Name = (0, 0), stop: Name | None = None, limit: int = 10**6) -> list[Name]:
    parts = ring.read(start, stop or ring.next, limit)
    return [(int(row["boot"]), int(row["seq"])) for part in parts for row in part.rows]


def _ring(flash: MemoryFlash | FileFlash, sectors: int = 3) -> Ring:
    return Ring(flash, _FIRST, sectors, FAMILY)


def test_a_full_ring_overwrites_its_oldest_sector_and_counts_it() -> None:
    ring = _filled(_ring(MemoryFlash()), 3 * SLOTS)
    assert (ring.overwritten, ring.held, ring.oldest) == (0, 3 * SLOTS, (1, 1))
    _filled(ring, 1)
    assert (ring.overwritten, ring.held, ring.oldest) == (SLOTS, 2 * SLOTS + 1, (1, SLOTS + 1))


def test_overwriting_what_was_freed_loses_nothing() -> None:
    ring = _filled(_ring(MemoryFlash()), 3 * SLOTS)
    assert ring.free({1: SLOTS})
    _filled(ring, SLOTS)
    assert (ring.overwritten, ring.held) == (0, 3 * SLOTS)


def test_a_day_at_one_epoch_a_second_fits_into_four_megabytes_beside_the_settings() -> None:
    flash, sectors = MemoryFlash(), TrackerSettings().ring_sectors
    ring = Ring(flash, _FIRST, sectors, FAMILY)
    _filled(ring, 86_400)
    assert (ring.held, ring.overwritten) == (86_400, 0)
    assert (_FIRST + sectors) * SECTOR_BYTES <= 4_000_000
    assert _names(ring) == [(1, seq) for seq in range(1, 86_401)]
    assert Ring(flash, _FIRST, sectors, FAMILY).held == 86_400


def test_all_sectors_wear_alike() -> None:
    flash = MemoryFlash()
    for _ in range(5):
        ring = _filled(_ring(flash), 3 * SLOTS)
    assert set(flash.erases) == {_FIRST, _FIRST + 1, _FIRST + 2}
    assert max(flash.erases.values()) - min(flash.erases.values()) <= 1
    assert ring.wear == max(flash.erases.values())


def test_a_reboot_takes_one_slot_and_no_erase() -> None:
    flash = MemoryFlash()
    for _ in range(40):
        _filled(_ring(flash), 1)
    assert sum(flash.erases.values()) == 1
    assert _names(_ring(flash)) == [(boot, 1) for boot in range(1, 41)]


def test_the_oldest_boots_are_given_up_when_there_are_more_than_fit_into_memory() -> None:
    flash = MemoryFlash()
    for _ in range(8 + EXTRA_STRETCHES + 5):
        ring = _filled(_ring(flash, 8), 1)
    assert ring.stretch_count == 8 + EXTRA_STRETCHES
    assert ring.oldest == (6, 1)


def test_with_nothing_held_the_oldest_is_the_next_epoch() -> None:
    ring = _ring(MemoryFlash())
    assert ring.oldest == (1, 1)
    _filled(ring, 1)
    assert ring.free({1: 1})
    assert ring.oldest == ring.next == (1, 2)
    assert not ring.free({1: 1})


def test_a_later_boot_may_be_freed_before_an_earlier_one() -> None:
    flash = MemoryFlash()
    for _ in range(2):
        ring = _filled(_ring(flash), 3)
    assert ring.free({2: 2})
    assert _names(ring) == [(1, 1), (1, 2), (1, 3), (2, 3)]


def test_after_a_restart_no_more_comes_back_than_was_freed_of_sectors_not_wholly_free() -> None:
    flash = MemoryFlash()
    ring = _filled(_ring(flash, 6), 4 * SLOTS + 30)
    ring.free({1: 2 * SLOTS + 10})
    assert _ring(flash, 6).oldest == (1, 2 * SLOTS + 1)
    ring = _ring(flash, 6)
    ring.free({1: 4 * SLOTS + 30})
    assert _ring(flash, 6).oldest == (1, 4 * SLOTS + 1)


def test_an_open_sector_of_which_all_is_freed_is_freed_when_it_is_full() -> None:
    flash = MemoryFlash()
    ring = _filled(_ring(flash), SLOTS)
    ring.free({1: SLOTS})
    _filled(ring, 1)
    assert _ring(flash).oldest == (1, SLOTS + 1)


def test_uptime_may_stand_still_for_days_or_go_back() -> None:
    ring = _ring(MemoryFlash())
    uptimes = [0, UPTIME_MS_MAX, UPTIME_MS_MAX + 1, 10**12, 5]
    for uptime_ms in uptimes:
        _filled(ring, 1, uptime_ms)
    assert [int(row["uptime_ms"]) for part in ring.read((0, 0), ring.next, 9) for row in part.rows] == uptimes


def test_reading_keeps_to_its_bounds() -> None:
    flash = MemoryFlash()
    _filled(_ring(flash, 5), 100)
    ring = _filled(_ring(flash, 5), 200)
    assert _names(ring, (1, 95), (2, 4)) == [*((1, seq) for seq in range(95, 101)), (2, 1), (2, 2), (2, 3)]
    assert _names(ring, (1, 50), (2, 100), limit=60) == [
        *((1, s) for s in range(50, 101)),
        *((2, s) for s in range(1, 10)),
    ]
    assert _names(ring, (2, 150), (2, 150)) == []
    assert _names(ring, (3, 1), (9, 1)) == []


@given(count=st.integers(1, 300), stop=st.tuples(st.integers(1, 2), st.integers(1, 210)), start=st.integers(0, 99))
def test_going_back_from_an_epoch_finds_as_many_as_asked(count: int, stop: Name, start: int) -> None:
    flash = MemoryFlash()
    _filled(_ring(flash, 5), 100)
    ring = _filled(_ring(flash, 5), 200)
    ring.free({1: 20})
    names = [name for name in _names(ring) if (1, start) <= name < stop]
    assert _names(ring, ring.back_from(stop, (1, start), count), stop) == names[-count:]


@given(
    marks=st.dictionaries(st.integers(0, 3), st.integers(0, 210)),
    start=st.tuples(st.integers(1, 3), st.integers(1, 210)),
)
def test_it_says_whether_it_holds_any_of_some_epochs(marks: dict[int, int], start: Name) -> None:
    flash = MemoryFlash()
    _filled(_ring(flash, 5), 100)
    ring = _filled(_ring(flash, 5), 200)
    ring.free(marks)
    held = _names(ring)
    for stop in ((start[0], start[1] + 1), (2, 1), (2, 201)):
        assert ring.holds(start, stop) == any(start <= name < stop for name in held)


def test_epochs_that_the_flash_has_lost_are_counted_and_passed_over() -> None:
    flash = FailingFlash()
    ring = _filled(_ring(flash), 10)
    # Slot 4: its bits cleared behind the ring's back.
    flash.write(_FIRST * SECTOR_BYTES + 46 + 4 * 45 + 9, bytes(20))
    assert _names(ring) == [(1, seq) for seq in (1, 2, 3, 4, 6, 7, 8, 9, 10)]
    assert (ring.held, ring.unreadable, ring.oldest) == (9, 1, (1, 1))
    ring.free({1: 4})
    assert ring.oldest == (1, 6)


def test_a_text_of_which_the_flash_has_lost_a_part_is_lost() -> None:
    flash = FailingFlash()
    ring = _ring(flash)
    for seq in (1, 2):
        ring.append(row_of(seq, boot=1, seq=seq), b"x" * 200, row_says_all=False)
    flash.write(_FIRST * SECTOR_BYTES + 46 + 2 * 45 + 9, bytes(20))
    assert _names(ring) == [(1, 2)]
    assert ring.unreadable == 1


def test_a_row_beyond_its_bits_is_kept_as_text() -> None:
    ring = _ring(MemoryFlash())
    row = row_of(1, boot=1, seq=1)
    row["hdop"] = 1 << 20
    ring.append(row, b"what came", row_says_all=True)
    (part,) = ring.read((0, 0), ring.next, 9)
    assert part.texts == [b"what came"]


def test_what_the_tracker_itself_says_must_fit() -> None:
    ring = _ring(MemoryFlash())
    row = row_of(1, boot=1, seq=1)
    row["battery_hundredths"] = 1 << 20
    with pytest.raises(RingError, match=r"memory: what the tracker says of epoch \(1, 1\) is beyond all bounds"):
        ring.append(row, b"what came", row_says_all=True)


def test_a_ring_keeps_its_size() -> None:
    flash = MemoryFlash()
    _ring(flash, 4)
    with pytest.raises(RingError, match="memory: made with 4 sectors, not 5"):
        _ring(flash, 5)


def test_nothing_is_added_to_a_sector_that_was_freed_as_a_whole() -> None:
    flash = FailingFlash()
    ring = _ring(flash)
    for seq in range(1, 5):
        ring.append(row_of(seq, boot=1, seq=seq), b"x" * 800, row_says_all=False)
    ring.free({1: 4})
    # There is room for rows, but not for this text: the sector is closed and freed, and then the power is cut.
    flash.cut = Cut(after=1, done=0.0)
    with pytest.raises(PowerCutError):
        ring.append(row_of(5, boot=1, seq=5), b"x" * 800, row_says_all=False)
    flash.power_up()
    _filled(_ring(flash), 3)
    assert _names(_ring(flash)) == [(2, 1), (2, 2), (2, 3)]
