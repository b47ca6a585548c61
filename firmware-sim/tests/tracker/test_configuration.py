"""What a tracker keeps of itself, with the power cut at any write."""

from hypothesis import given
from hypothesis import strategies as st
from tracker.power import Cut, FailingFlash, PowerCutError, cuts

from ploughsim.tracker.configuration import SECTORS, Configuration, Kept
from ploughsim.tracker.flash import MemoryFlash

_WRITES = st.lists(st.tuples(st.integers(1, 10), st.none() | cuts(3)), max_size=12)


@given(_WRITES)
def test_after_any_power_cut_the_old_or_the_new_is_there(writes: list[tuple[int, Cut | None]]) -> None:
    flash = FailingFlash()
    configuration = Configuration(flash)
    for number, (epochs, cut) in enumerate(writes):
        before, after = configuration.kept, Kept(settings={"epochs_per_message": epochs}, restarts=number)
        flash.cut = cut
        try:
            configuration.keep(after)
            expected = [after]
        except PowerCutError:
            flash.power_up()
            expected = [before, after]
        configuration = Configuration(flash)
        assert configuration.kept in expected


def test_without_anything_kept_there_are_no_settings() -> None:
    assert Configuration(MemoryFlash()).kept == Kept()


def test_the_sectors_wear_alike_and_the_ring_is_left_alone() -> None:
    flash = MemoryFlash()
    configuration = Configuration(flash)
    for number in range(10):
        configuration.keep(Kept(restarts=number))
    assert flash.erases == dict.fromkeys(range(SECTORS), 5)
