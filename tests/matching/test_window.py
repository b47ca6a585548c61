"""The fixed-lag window, as the matcher shows it: order out, late fixes told, tails settled and taken up again."""

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.matching.matcher import Matcher
from snowtrack.matching.window import BESIDE_MAX, PENDING_MAX
from snowtrack.model.fixes import Source
from snowtrack.model.matches import MatchBatch, Matches
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from tests.matching.parts import AT_US, PARTS, gga, part, rmc
from tests.matching.scalar_window import ScalarWindow, Settled, stretch_of
from tests.oracles.halves import Pending, join_halves, observed
from tests.oracles.towns import road, town

LAG, CUT, SILENCE = 30, 100, 1_000
# The fixes are far from it.
NETWORK = town(road((0, -3_000), (100, -3_000)))
PASSED_ON = ("speed_mmps", "course_cdeg", "blade", "trust")


def window(lag_us: int | None = LAG, late_us: int = 0) -> Matcher:
    return Matcher(NETWORK, lag_us=lag_us, late_us=late_us, cut_us=CUT, silence_us=SILENCE)


def fix(at_us: int, seq: int = 1, **more: int) -> Pending:
    return part(Source.RMC, at_us=at_us, **({"boot": 1, "seq": seq} | more))


def add(made: Matcher, *times: int) -> list[int]:
    """Fixes one by one, and the times of what is settled."""
    return [at_us for time in times for at_us in settled_times(made.on_batch(observed([fix(time)])))]


def settled_times(said: Matches) -> list[int]:
    times: list[int] = said.settled.observed_us.tolist()
    return times


def restarted(made: Matcher, *devices: int) -> Matcher:
    again = window(made.lag_us, made.late_us)
    for device in devices or (7,):
        again.restore(device, orjson.loads(orjson.dumps(dict(made.snapshot(device)))))
    return again


def test_a_fix_is_settled_when_a_newer_one_lies_beyond_the_lag() -> None:
    """One exactly a lag newer is still looked at, and so may be another of its instant."""
    made = window()
    assert add(made, 100, 110, 130) == []
    assert add(made, 131) == [100]
    assert add(made, 141) == [110]


def test_answers_wait_for_late_fixes_as_long_as_they_are_told_to() -> None:
    made = window(late_us=50)
    assert add(made, 100, 180) == []
    assert add(made, 181) == [100]


def test_what_comes_late_within_the_lag_takes_its_place() -> None:
    made = window()
    assert add(made, 100, 120, 110, 105, 155) == [100, 105, 110, 120]


def test_without_end_of_lag_only_a_flush_settles() -> None:
    made = window(lag_us=None)
    assert add(made, 100, 10_000_000_000) == []
    assert settled_times(made.flush([7])) == [100, 10_000_000_000]
    many = [fix(at_us) for at_us in range(20_000, 20_000 + PENDING_MAX + 100)]
    made = window(lag_us=None)
    assert [settled_times(made.on_batch(observed(part))) for part in (many[:500], many[500:])] == [[], []]
    assert len(made.flush([7]).settled) == len(many)


@pytest.mark.parametrize(("at_us", "late"), [(99, True), (129, True), (130, True), (131, False)])
def test_a_fix_that_an_answer_should_have_looked_at_makes_its_stretch_dirty(at_us: int, late: bool) -> None:
    made = window()
    assert add(made, 100, 140) == [100]
    assert made.on_batch(observed([fix(at_us)])).dirty == ((stretch_of(fix(at_us)),) if late else ())
    assert settled_times(made.flush([7])) == ([140] if late else [131, 140])


def test_at_the_same_instant_boot_and_number_decide() -> None:
    made = window()
    for seq in (3, 1, 2):
        made.on_batch(observed([fix(100, seq, received_us=seq)]))
    assert made.flush([7]).settled.received_us.tolist() == [1, 2, 3]
    assert made.on_batch(observed([fix(100, 2)])).dirty
    assert not made.on_batch(observed([fix(100, 4)])).dirty


def test_an_older_fix_never_moves_the_newest_back() -> None:
    made = window()
    add(made, 100, 50)
    assert made.newest_us(7) == 100


def test_a_track_begins_after_a_silence_longer_than_the_cut() -> None:
    made = window(lag_us=None)
    add(made, 100, 200, 301, 400)
    assert made.flush([7]).settled.track_us.tolist() == [100, 100, 301, 301]


def test_what_goes_on_after_a_provisional_flush_says_so_once() -> None:
    made = window()
    add(made, 100)
    made.flush([7])
    assert made.on_batch(observed([fix(120)])).dirty == ()
    assert made.on_batch(observed([fix(160)])).dirty == (stretch_of(fix(120)),)
    assert made.on_batch(observed([fix(200)])).dirty == ()


def test_a_new_track_after_a_provisional_flush_resumes_nothing() -> None:
    made = window()
    add(made, 100)
    made.flush([7])
    add(made, 300)
    assert made.flush([7]).dirty == ()


def test_a_fix_that_comes_after_a_new_track_and_before_it_resumes_the_old_one() -> None:
    made = window()
    add(made, 100)
    made.flush([7])
    add(made, 300)
    said = made.on_batch(observed([fix(110)]))
    assert (settled_times(said), said.dirty) == ([110], (stretch_of(fix(110)),))
    assert made.on_batch(observed([fix(400)])).dirty == ()


def test_a_silent_device_is_settled_until_nothing_new_came() -> None:
    made = window()
    made.on_batch(observed([fix(100, received_us=100)]))
    assert made.on_time(100 + SILENCE).ended == ()
    said = made.on_time(101 + SILENCE)
    assert (said.ended, settled_times(said)) == ((7,), [100])
    assert made.on_time(102 + SILENCE).ended == ()
    made.on_batch(observed([fix(110, received_us=2 * SILENCE)]))
    assert made.on_time(3 * SILENCE + 1).ended == (7,)


def test_a_silent_device_is_settled_and_others_are_not() -> None:
    made = window()
    made.on_batch(observed([fix(100, received_us=100), fix(110, device=8, received_us=200)]))
    said = made.on_time(101 + SILENCE)
    assert (said.ended, said.settled.device.tolist()) == ((7,), [7])
    assert (made.settled_us(7), made.settled_us(8)) == (100, 0)
    assert (made.newest_us(7), made.newest_us(8)) == (100, 110)


def test_what_comes_after_a_device_was_silent_is_dirty_also_when_it_is_settled_by_silence_itself() -> None:
    made = window()
    made.on_batch(observed([fix(100, received_us=100)]))
    made.on_time(101 + SILENCE)
    assert made.on_batch(observed([fix(130, received_us=2 * SILENCE)])).dirty == ()
    assert made.on_time(4 * SILENCE).dirty == (stretch_of(fix(130)),)


def test_a_forgotten_device_is_unknown_and_leaves_nothing_to_the_next_one() -> None:
    made = window()
    made.on_batch(observed([fix(100), fix(120, device=8)]))
    made.forget(7)
    assert (made.newest_us(7), made.settled_us(7)) == (0, 0)
    made.on_batch(observed([fix(90, device=5), fix(130, device=8)]))
    said = made.flush([5, 7, 8])
    assert list(zip(said.settled.device.tolist(), settled_times(said), strict=True)) == [(5, 90), (8, 120), (8, 130)]
    assert said.dirty == ()


def test_a_clock_that_stands_still_does_not_fill_the_window() -> None:
    """What no longer comes in time is told."""
    made = window()
    settled, late = 0, 0
    for seq in range(1, 2 * PENDING_MAX + 50):
        said = made.on_batch(observed([fix(100, seq)]))
        settled, late = settled + len(said.settled), late + len(said.dirty)
        assert seq - settled - late <= PENDING_MAX
    assert settled + late >= PENDING_MAX


def test_more_fixes_than_there_is_room_for_are_settled_early_and_go_on() -> None:
    """A receiver that is faster than the window is long still comes in order, and nothing of it is late."""
    made = Matcher(NETWORK, lag_us=10 * PENDING_MAX, late_us=0, cut_us=CUT, silence_us=SILENCE)
    fixes = [fix(1_000 + at, at + 1) for at in range(PENDING_MAX + 60)]
    said = [made.on_batch(observed(fixes[at : at + 20])) for at in range(0, len(fixes), 20)]
    assert [one for answer in said for one in answer.dirty] == []
    settled = [at_us for answer in [*said, made.flush([7])] for at_us in settled_times(answer)]
    assert settled == [one.observed_us for one in fixes]


def test_a_device_that_begins_with_a_track_takes_what_is_older_as_late() -> None:
    made = window()
    made.begin(7, 100)
    assert made.settled_us(7) == 100
    assert made.on_batch(observed([fix(100)])).dirty == ()
    assert made.on_batch(observed([fix(99)])).dirty == (stretch_of(fix(99)),)
    assert add(made, 120) == []
    said = made.flush([7])
    assert (settled_times(said), said.settled.track_us.tolist()) == ([100, 120], [100, 100])


def test_what_is_older_than_where_a_device_begins_has_no_head() -> None:
    made = window()
    made.begin(7, 100)
    said = made.on_batch(observed([fix(99), fix(50, device=8)]))
    assert said.dirty == (stretch_of(fix(99)),)
    assert (said.head.device.tolist(), said.head.observed_us.tolist()) == ([8], [50])


# Against plain Python.

STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(st.integers(7, 9), st.integers(0, 400)), min_size=1, max_size=6),
        st.just("flush"),
        st.just("restart"),
    ),
    max_size=25,
)


def wholes(settled: Sequence[Settled]) -> list[tuple[int, ...]]:
    names = ("received_us", "lat_e7", "lon_e7", *PASSED_ON)
    return [(one.fix.observed_us, one.track_us, *(getattr(one.fix, name) for name in names)) for one in settled]


def rows(settled: MatchBatch, device: int) -> list[tuple[int, ...]]:
    names = ("observed_us", "track_us", "received_us", "fix_lat_e7", "fix_lon_e7", *PASSED_ON)
    own = settled.take(settled.device == device)
    return list(zip(*(getattr(own, name).tolist() for name in names), strict=True))


def assert_alike(said: Matches, windows: dict[int, ScalarWindow], came: Sequence[Pending], flushed: bool) -> None:
    """What the windows say of the fixes that came is what was said."""
    told = []
    for device, scalar in windows.items():
        late = scalar.add([one for one in came if one.device == device])
        settled, resumed = scalar.settle(flushed=flushed)
        assert rows(said.settled, device) == wholes(settled)
        told += late + resumed
    assert sorted(said.dirty, key=_by_device) == sorted(told, key=_by_device)
    assert len(said.settled) == len(said.settled.take(said.settled.device >= 7))


def _by_device(stretch: DirtyStretch) -> tuple[int, int]:
    return stretch.device, stretch.from_us


@given(STEPS, st.sampled_from([0, 5, LAG]), st.sampled_from([0, 7, 60]))
def test_it_settles_what_a_scalar_window_settles(
    steps: list[list[tuple[int, int]] | str], lag_us: int, late_us: int
) -> None:
    made = window(lag_us, late_us)
    windows = {device: ScalarWindow(lag_us, late_us, CUT) for device in (7, 8, 9)}
    for number, step in enumerate(steps):
        if step == "restart":
            made = restarted(made, *windows)
        elif isinstance(step, str):
            assert_alike(made.flush(list(windows)), windows, [], flushed=True)
        else:
            came = [fix(at_us, 10 * number + at, device=device) for at, (device, at_us) in enumerate(step)]
            newest = {device: one.newest_us for device, one in windows.items()}
            said = made.on_batch(observed(came))
            assert_alike(said, windows, came, flushed=False)
            heads = dict(zip(said.head.device.tolist(), said.head.observed_us.tolist(), strict=True))
            assert heads == {at: one.newest_us for at, one in windows.items() if one.newest_us > newest[at]}
            assert [made.newest_us(device) for device in windows] == [one.newest_us for one in windows.values()]
    assert_alike(made.flush(list(windows)), windows, [], flushed=True)


@settings(max_examples=200)
@given(PARTS, st.sampled_from([0, 1]), st.data())
def test_halves_come_together_or_are_told_as_in_a_scalar_window(
    parts: list[Pending], lag_us: int, data: st.DataObject
) -> None:
    made, windows = window(lag_us), {7: ScalarWindow(lag_us, 0, CUT)}
    waiting = data.draw(st.permutations(parts))
    while waiting:
        size = data.draw(st.integers(1, 3))
        came, waiting = waiting[:size], waiting[size:]
        assert_alike(made.on_batch(observed(came)), windows, came, flushed=False)
        if data.draw(st.booleans()):
            made = restarted(made)
        if data.draw(st.booleans()):
            assert_alike(made.flush([7]), windows, [], flushed=True)


@settings(max_examples=200)
@given(PARTS, st.data())
def test_what_is_settled_is_what_the_whole_track_gives_unless_something_was_late(
    parts: list[Pending], data: st.DataObject
) -> None:
    made, said = window(lag_us=1), []
    for one in data.draw(st.permutations(parts)):
        said.append(made.on_batch(observed([one])))
        if data.draw(st.booleans()):
            said.append(made.flush([7]))
    said.append(made.flush([7]))
    late = [stretch for answer in said for stretch in answer.dirty]
    if not late:
        settled = MatchBatch.concat([answer.settled for answer in said])
        whole = join_halves(sorted(parts))
        assert [row[2:] for row in rows(settled, 7)] == [row[2:] for row in wholes([Settled(one, 0) for one in whole])]


# Halves.


def test_a_half_that_comes_within_the_lag_joins_the_other() -> None:
    for parts in ((gga(), rmc()), (rmc(), gga())):
        made = window()
        for one in parts:
            assert made.on_batch(observed([one])).dirty == ()
        (whole,) = join_halves(sorted(parts))
        assert rows(made.flush([7]).settled, 7) == wholes([Settled(whole, AT_US)])


@pytest.mark.parametrize("numbered", [{}, {"boot": 3, "seq": 9}])
def test_a_half_that_comes_after_its_other_half_is_settled_makes_its_stretch_dirty(numbered: dict[str, int]) -> None:
    for first, second in ((gga(1), rmc(2, **numbered)), (rmc(1, **numbered), gga(2)), (gga(2), rmc(1))):
        made = window()
        made.on_batch(observed([first]))
        made.flush([7])
        assert made.on_batch(observed([second])).dirty == (stretch_of(second),)
        assert settled_times(made.flush([7])) == []


def test_a_twin_or_another_number_of_an_instant_that_is_settled_is_no_half_of_it() -> None:
    for other in (rmc(2, east_e7=90_000), rmc(2, boot=4, seq=1)):
        made = window()
        made.on_batch(observed([gga(1) if other.seq < 0 else gga(1, boot=3, seq=9)]))
        made.flush([7])
        assert made.on_batch(observed([other])).dirty == ()
        assert settled_times(made.flush([7])) == [AT_US]


def test_a_half_of_any_fix_of_the_instant_that_was_settled_last_is_late() -> None:
    """Not only of the very last one; also after a restart."""
    made = window()
    made.on_batch(observed([gga(1), gga(2, east_e7=90_000, boot=3, seq=9)]))
    assert len(made.flush([7]).settled) == 2
    for one in (made, restarted(made)):
        assert one.on_batch(observed([rmc(3, boot=4, seq=1)])).dirty


def test_of_a_crowd_of_one_instant_the_last_ones_are_remembered() -> None:
    made = window()
    crowd = [gga(digest, east_e7=10_000 * digest) for digest in range(1, BESIDE_MAX + 4)]
    made.on_batch(observed(crowd))
    made.flush([7])
    late = [bool(restarted(made).on_batch(observed([rmc(99, lon_e7=one.lon_e7)])).dirty) for one in crowd]
    assert late == [False] * 3 + [True] * BESIDE_MAX


def test_no_fixes_have_no_answer() -> None:
    said = window().on_batch(ObservedBatch.empty())
    assert (len(said.head), len(said.settled), len(said.driven), said.dirty, said.ended) == (0, 0, 0, (), ())
    assert window().flush([]).ended == ()
