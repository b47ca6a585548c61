"""Power comes with the engine, goes for moments, and each time it comes back is a boot."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ploughsim.world.power import STILL_ON_MS, Power

START_MS = 1_768_381_200_000
# A crew rests a minute at least, and an engine warms up.
SHIFTS = st.lists(st.tuples(st.integers(60_000, 900_000), st.integers(10_000, 7_200_000)), min_size=1, max_size=4)


def spans(power: Power) -> list[tuple[int, int, int]]:
    rows, first, stop = power.pool
    return [(int(row["on_ms"]), int(row["off_ms"]), int(row["boot"])) for row in rows[first[0] : stop[0]]]


@given(SHIFTS, st.integers(0, 2**32), st.lists(st.integers(0, 400_000), max_size=20))
def test_cuts_are_short_within_the_engines_time_and_do_not_depend_on_when_they_are_asked_for(
    shifts: list[tuple[int, int]], seed: int, steps: list[int]
) -> None:
    once, often = (Power(1, cuts_per_h=30.0, seed=seed) for _ in range(2))
    now, running = START_MS, []
    for rest_ms, work_ms in shifts:
        begin, now = now + rest_ms, now + rest_ms + work_ms
        running.append((begin, now))
        for power in (once, often):
            power.switch_on(0, begin)
        asked = begin
        for step in steps:
            asked = min(asked + step, now)
            often.know(0, asked)
        for power in (once, often):
            power.know(0, now)
            power.switch_off(0, now)
            power.know(0, now + 10_000_000)
    assert spans(once) == spans(often)
    assert [boot for _, _, boot in spans(once)] == list(range(1, len(spans(once)) + 1))
    for (_, off_ms, _), (on_ms, _, _) in pairwise(spans(once)):
        if not any(begin == on_ms for begin, _ in running):
            assert 2_000 <= on_ms - off_ms <= 58_000
    for begin, end in running:
        own = [(on, off) for on, off, _ in spans(once) if begin <= on <= end]
        assert own[0][0] == begin
        assert all(on < off <= end for on, off in own)


def test_cuts_come_as_often_as_told() -> None:
    for per_h in (0.0, 2.0, 30.0):
        power = Power(1, cuts_per_h=per_h, seed=4)
        power.switch_on(0, START_MS)
        power.know(0, START_MS + 400 * 3_600_000)
        assert abs(len(spans(power)) - 1 - 400 * per_h) <= 4 * (400 * per_h) ** 0.5
        assert spans(power)[-1][1] == STILL_ON_MS


def test_what_is_over_is_forgotten_and_the_rest_is_kept() -> None:
    power = Power(1, cuts_per_h=30.0, seed=4)
    power.switch_on(0, START_MS)
    power.know(0, START_MS + 3_600_000)
    before = spans(power)
    power.forget(START_MS + 1_800_000)
    assert spans(power) == [span for span in before if span[1] > START_MS + 1_800_000]
    assert len(spans(power)) < len(before)
