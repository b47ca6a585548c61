"""The fixed-lag window: order out, late fixes told, tails settled and taken up again."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.matching.halves import Pending, join_halves
from snowtrack.matching.window import PENDING_MAX, Released, Window
from snowtrack.model.fixes import Source
from snowtrack.model.tracks import DirtyStretch, TimeTrust
from tests.matching.parts import AT_US, PARTS, gga, rmc

LAG, CUT = 30, 100


def fix(at: int, seq: int = 1) -> Pending:
    return Pending(at, 1, seq, 0, 7, at + 5, 0, 0, 0, 0, 1, TimeTrust.STATED, Source.RMC)


def window(*times: int) -> Window:
    made = Window(lag_us=LAG, cut_us=CUT)
    for at in times:
        made.add(fix(at))
    return made


def times(released: list[Released]) -> list[int]:
    return [one.fix.observed_us for one in released]


def test_a_fix_leaves_when_the_newest_is_a_lag_younger() -> None:
    made = window(100, 110)
    assert times(made.release()) == []
    made.add(fix(130))
    assert times(made.release()) == [100]
    made.add(fix(140))
    assert times(made.release()) == [110]


def test_what_comes_late_within_the_lag_takes_its_place() -> None:
    assert times(window(100, 120, 110, 105, 140).release()) == [100, 105, 110]


def test_a_fix_older_than_what_has_left_is_late() -> None:
    made = window(100, 140)
    made.release()
    late = made.add(fix(99))
    assert late is not None
    assert (late.device, late.from_us, late.to_us) == (7, 99, 99)
    assert made.add(fix(101)) is None


def test_at_the_same_instant_boot_and_number_decide() -> None:
    made = Window(lag_us=LAG, cut_us=CUT)
    for seq in (3, 1, 2):
        made.add(fix(100, seq))
    assert [one.fix.seq for one in made.flush()] == [1, 2, 3]
    assert made.add(fix(100, 2)) is not None
    assert made.add(fix(100, 4)) is None


def test_an_older_fix_never_moves_the_newest_back() -> None:
    made = window(100, 50)
    assert made.newest_us == 100


def test_a_track_begins_after_a_silence_longer_than_the_cut() -> None:
    released = window(100, 200, 301, 400).flush()
    assert [one.track_us for one in released] == [100, 100, 301, 301]


def test_what_goes_on_after_a_provisional_flush_says_so_once() -> None:
    made = window(100)
    made.flush()
    made.add(fix(120))
    made.add(fix(160))
    assert [one.resumes for one in made.release()] == [True]
    made.add(fix(200))
    assert [one.resumes for one in made.release()] == [False]


def test_a_new_track_after_a_provisional_flush_resumes_nothing() -> None:
    made = window(100)
    made.flush()
    made.add(fix(300))
    assert [one.resumes for one in made.flush()] == [False]


def test_a_fix_that_comes_after_a_new_track_and_before_it_resumes_the_old_one() -> None:
    made = window(100)
    made.flush()
    made.add(fix(300))
    made.add(fix(110))
    made.add(fix(400))
    assert [(one.fix.observed_us, one.resumes) for one in made.release()] == [(110, True), (300, False)]


def test_a_flush_has_something_to_do_until_nothing_new_came() -> None:
    made = window(100)
    states = [made.unsettled]
    made.flush()
    states.append(made.unsettled)
    made.add(fix(110))
    states.append(made.unsettled)
    assert states == [True, False, True]


def test_a_clock_that_stands_still_does_not_fill_the_window() -> None:
    made = Window(lag_us=LAG, cut_us=CUT)
    left = []
    for seq in range(1, PENDING_MAX + 51):
        made.add(fix(100, seq))
        left += made.release()
    assert len(made.pending) == PENDING_MAX
    assert [one.fix.seq for one in left] == list(range(1, 51))


def test_a_window_that_begins_with_a_track_takes_what_is_older_as_late() -> None:
    made = Window(lag_us=LAG, cut_us=CUT)
    made.begin(100)
    assert made.settled_us == 100
    assert made.add(fix(99)) is not None
    assert made.add(fix(100)) is None
    assert made.add(fix(150)) is None
    assert [(one.fix.observed_us, one.track_us) for one in made.flush()] == [(100, 100), (150, 100)]


STEPS = st.lists(st.one_of(st.integers(0, 600), st.just("release"), st.just("flush"), st.just("restart")), max_size=40)


@given(STEPS)
def test_each_fix_leaves_in_order_or_is_late(steps: list[int | str]) -> None:
    made, left, late, given_in = Window(lag_us=LAG, cut_us=CUT), [], [], []
    for number, step in enumerate(steps):
        if step == "release":
            left += made.release()
        elif step == "flush":
            left += made.flush()
        elif step == "restart":
            kept = orjson.loads(orjson.dumps(made.snapshot()))
            made = Window(lag_us=LAG, cut_us=CUT)
            made.restore(kept)
            assert made.snapshot() == kept
        else:
            one = fix(int(step), number + 1)
            given_in.append(one)
            if made.add(one) is not None:
                late.append(one)
    left += made.flush()
    assert [one.fix for one in left] == sorted(one.fix for one in left)
    assert sorted([one.fix for one in left] + late) == sorted(given_in)
    assert made.newest_us == max((one.observed_us for one in given_in), default=0)


@given(st.lists(st.integers(0, 600), max_size=30), st.integers(0, 30))
def test_a_restart_at_any_point_changes_nothing(observed: list[int], at: int) -> None:
    whole, broken = Window(lag_us=LAG, cut_us=CUT), Window(lag_us=LAG, cut_us=CUT)
    for number, time in enumerate(observed):
        if number == at:
            kept = orjson.loads(orjson.dumps(broken.snapshot()))
            broken = Window(lag_us=LAG, cut_us=CUT)
            broken.restore(kept)
        assert whole.add(fix(time, number)) == broken.add(fix(time, number))
        assert whole.release() == broken.release()
    assert whole.flush() == broken.flush()


# Halves.


def test_a_half_that_comes_within_the_lag_joins_the_other() -> None:
    for parts in ((gga(), rmc()), (rmc(), gga())):
        made = Window(lag_us=LAG, cut_us=CUT)
        assert [made.add(one) for one in parts] == [None, None]
        made.add(fix(AT_US + LAG))
        assert [one.fix.sources for one in made.release()] == [Source.GGA | Source.RMC]


@pytest.mark.parametrize("numbered", [{}, {"boot": 3, "seq": 9}])
def test_a_half_that_comes_after_its_other_half_has_left_makes_its_stretch_dirty(numbered: dict[str, int]) -> None:
    for first, second in ((gga(1), rmc(2, **numbered)), (rmc(1, **numbered), gga(2)), (gga(2), rmc(1))):
        made = Window(lag_us=LAG, cut_us=CUT)
        made.add(first)
        made.flush()
        assert made.add(second) == DirtyStretch(device=7, from_us=AT_US, to_us=AT_US)
        assert made.pending == []


def test_a_twin_or_another_number_of_an_instant_that_has_left_is_no_half_of_it() -> None:
    for other in (rmc(2, east_e7=90_000), rmc(2, boot=4, seq=1)):
        made = Window(lag_us=LAG, cut_us=CUT)
        made.add(gga(1) if other.seq < 0 else gga(1, boot=3, seq=9))
        made.flush()
        assert made.add(other) is None


def test_a_half_of_any_fix_of_the_instant_that_left_last_is_late() -> None:
    """Not only of the very last one."""
    made = Window(lag_us=LAG, cut_us=CUT)
    made.add(gga(1))
    made.add(gga(2, east_e7=90_000, boot=3, seq=9))
    assert len(made.flush()) == 2
    assert made.add(rmc(3, boot=4, seq=1)) is not None


def test_a_window_knows_the_halves_of_what_has_left_after_a_restart() -> None:
    made, again = (Window(lag_us=LAG, cut_us=CUT) for _ in range(2))
    made.add(gga(1))
    made.flush()
    again.restore(orjson.loads(orjson.dumps(made.snapshot())))
    assert again.add(rmc(2)) is not None


@settings(max_examples=300)
@given(PARTS, st.data())
def test_what_left_is_what_the_whole_track_gives_unless_something_was_late(
    parts: list[Pending], data: st.DataObject
) -> None:
    made = Window(lag_us=1, cut_us=CUT)
    left: list[Released] = []
    late: list[DirtyStretch | None] = []
    for one in data.draw(st.permutations(parts)):
        late.append(made.add(one))
        left += made.flush() if data.draw(st.booleans()) else made.release()
    left += made.flush()
    if not any(late):
        assert [one.fix for one in left] == join_halves(sorted(parts))
