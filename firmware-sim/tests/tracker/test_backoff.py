"""Waiting before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from ploughsim.tracker.backoff import Backoff


@given(st.integers(0, 2**64 - 1))
def test_each_wait_is_twice_the_last_up_to_five_minutes_less_a_part_of_up_to_a_half(seed: int) -> None:
    backoff = Backoff(seed)
    for longest_s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        assert longest_s / 2 < backoff.wait_s() <= longest_s


def test_after_a_success_it_begins_anew() -> None:
    backoff = Backoff(1)
    for _ in range(5):
        backoff.wait_s()
    backoff.succeeded()
    assert backoff.wait_s() <= 1


def test_a_fleet_does_not_come_back_in_step() -> None:
    waits = sorted(Backoff(seed).wait_s() for seed in range(1000))
    assert waits[0] < 0.55
    assert waits[-1] > 0.95
    assert 0.7 < waits[500] < 0.8


def test_waits_after_each_other_are_not_shortened_alike() -> None:
    backoff = Backoff(7)
    shares = [backoff.wait_s() / min(2**number, 300) for number in range(20)]
    assert len({round(share, 3) for share in shares}) > 15


def test_the_same_seed_gives_the_same_waits() -> None:
    one, other = Backoff(7), Backoff(7)
    assert [one.wait_s() for _ in range(5)] == [other.wait_s() for _ in range(5)]
