"""The watchdog."""

from ploughsim.tracker.watchdog import Watchdog


def test_it_bites_when_it_was_not_fed_for_its_limit() -> None:
    watchdog = Watchdog(60)
    watchdog.feed(1000)
    assert not watchdog.bites(1059.9)
    assert watchdog.bites(1060)
    watchdog.feed(1060)
    assert not watchdog.bites(1100)


def test_it_begins_to_watch_at_the_first_time_that_it_hears_of() -> None:
    watchdog = Watchdog(60)
    assert not watchdog.bites(5000)
    assert not watchdog.bites(5059)
    assert watchdog.bites(5060)


def test_without_a_limit_it_never_bites() -> None:
    watchdog = Watchdog(0)
    assert not watchdog.bites(0)
    assert not watchdog.bites(1e9)
