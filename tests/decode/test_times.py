"""The instants of a log's fixes. Where it has no sequence numbers, the order of its lines stands in for them."""

from dataclasses import replace
from datetime import UTC, datetime

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.calendar import read_instant as at
from tests.decode.receiver_logs import COLD_START, LAT_E7, LON_E7, second, seconds
from tests.decode.running import STANDARD, times, written
from tests.oracles.nmea import gga, psnow, rmc, sentence

WEEKS_1024_US = 1_024 * 7 * DAY_US


EVE = at("2026-01-14T23:59:58")
RECEIVED = replace(STANDARD, received_us=at("2026-01-15T06:00:00"))


def clocks(log: bytes) -> list[str | None]:
    return [time for time, _ in times(log)]


def test_a_position_before_the_first_date_gets_its_date_once_it_is_known() -> None:
    log = gga(EVE - SECOND_US, LAT_E7, LON_E7) + second(EVE)
    assert times(log) == [("2026-01-14T23:59:57.000Z", "dated"), ("2026-01-14T23:59:58.000Z", "stated")]


def test_midnight_lies_between_a_dated_fix_and_the_undated_ones_after_it() -> None:
    log = rmc(EVE, LAT_E7, LON_E7) + b"".join(gga(EVE + gone * SECOND_US, LAT_E7, LON_E7) for gone in (1, 2, 3))
    expected = ["2026-01-14T23:59:58.000Z", "2026-01-14T23:59:59.000Z", "2026-01-15T00:00:00.000Z"]
    assert clocks(log + rmc(EVE + 4 * SECOND_US, LAT_E7, LON_E7))[:3] == expected


def test_midnight_lies_between_an_undated_fix_and_the_first_date() -> None:
    undated = b"".join(gga(EVE + gone * SECOND_US, LAT_E7, LON_E7) for gone in (0, 1, 2))
    expected = ["2026-01-14T23:59:58.000Z", "2026-01-14T23:59:59.000Z", "2026-01-15T00:00:00.000Z"]
    assert clocks(undated + rmc(EVE + 3 * SECOND_US, LAT_E7, LON_E7))[:3] == expected


def test_a_whole_night_of_undated_fixes_between_two_dates_goes_over_one_midnight() -> None:
    night = [EVE - 6 * 3_600 * SECOND_US + minute * 60 * SECOND_US for minute in range(12 * 60)]
    log = b"".join((rmc if minute % 60 == 0 else gga)(time_us, LAT_E7, LON_E7) for minute, time_us in enumerate(night))
    expected = [
        datetime.fromtimestamp(time_us / SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") for time_us in night
    ]
    assert clocks(log) == expected


def test_the_clock_that_a_receiver_begins_with_is_not_believed() -> None:
    unset = rmc(at("2000-01-01T00:00:05"), LAT_E7, LON_E7, valid=False)
    found = written(unset + second(EVE)).fixes
    assert (found[0]["time"], found[0]["time_of_day"], found[0]["time_trust"]) == (None, "00:00:05.000", "implausible")
    assert found[1]["time_trust"] == "stated"


def test_another_wrong_date_without_a_fix_is_not_believed_beside_a_right_one() -> None:
    log = second(EVE) + rmc(at("2019-04-07T00:00:00"), LAT_E7, LON_E7, valid=False) + second(EVE + 2 * SECOND_US)
    assert times(log)[1] == (None, "implausible")


def test_a_receiver_that_lost_1024_weeks_is_put_right_when_it_is_said_when_the_log_was_received() -> None:
    log = seconds(EVE - WEEKS_1024_US, 3)
    assert times(log, RECEIVED) == [
        ("2026-01-14T23:59:58.000Z", "corrected"),
        ("2026-01-14T23:59:59.000Z", "corrected"),
        ("2026-01-15T00:00:00.000Z", "corrected"),
    ]


def test_a_log_of_old_years_keeps_its_times() -> None:
    log = second(at("2009-02-03T04:05:06")) + second(at("2015-02-03T04:05:06")) + second(at("2026-02-03T04:05:06"))
    assert times(log) == [(f"{year}-02-03T04:05:06.000Z", "stated") for year in (2009, 2015, 2026)]
    assert times(second(at("1998-02-03T00:00:00"))) == [("1998-02-03T00:00:00.000Z", "stated")]


def test_what_was_received_within_a_year_is_not_older_than_that() -> None:
    log = second(at("2015-02-03T04:05:06")) + second(EVE)
    assert [trust for _, trust in times(log, RECEIVED)] == ["implausible", "stated"]
    assert [trust for _, trust in times(second(at("2026-01-15T07:00:00")), RECEIVED)] == ["implausible"]


def test_without_any_date_there_is_no_time_unless_it_is_said_when_the_log_was_received() -> None:
    log = gga(EVE, LAT_E7, LON_E7)
    (unknown,), (received,) = written(log).fixes, written(log, RECEIVED).fixes
    assert (unknown["time"], unknown["time_of_day"], unknown["time_trust"]) == (None, "23:59:58.000", "unknown")
    assert (received["time"], received["time_trust"]) == ("2026-01-14T23:59:58.000Z", "received")


def test_a_cold_start_has_no_time_and_no_place() -> None:
    first, second_fix = written(COLD_START * 3 + second(EVE)).fixes
    assert {name: value for name, value in first.items() if value is not None} == {
        "time_trust": "unknown",
        "quality": 0,
        "sats": 0,
        "hdop": 99.99,
        "sources": ["RMC", "GGA"],
    }
    assert second_fix["time_trust"] == "stated"


def test_the_uptime_of_a_tracker_puts_a_wrong_clock_right() -> None:
    """Of ten seconds by its counter, the receiver was elsewhere in the fifth."""
    said = [EVE + (400 * DAY_US + DAY_US // 3 if gone == 5 else gone * SECOND_US) for gone in range(10)]
    log = b"".join(psnow(3, gone + 1) + rmc(time_us, LAT_E7, LON_E7) for gone, time_us in enumerate(said))
    assert times(log)[5] == ("2026-01-15T00:00:03.000Z", "corrected")


def test_another_boot_is_another_clock() -> None:
    log = psnow(3, 1) + gga(EVE, LAT_E7, LON_E7) + psnow(4, 1) + rmc(EVE + 40 * DAY_US, LAT_E7, LON_E7)
    assert [trust for _, trust in times(log)] == ["unknown", "stated"]


def test_hundredths_are_kept_and_what_is_finer_too() -> None:
    log = sentence("GPRMC,235958.25,A,,,,,,,140126,,,A") + sentence("GPRMC,235959.000123,A,,,,,,,140126,,,A")
    assert [(fix["time"], fix["time_of_day"]) for fix in written(log).fixes] == [
        ("2026-01-14T23:59:58.250Z", "23:59:58.250"),
        ("2026-01-14T23:59:59.000123Z", "23:59:59.000123"),
    ]


def test_the_last_time_is_found_before_a_long_end_without_one() -> None:
    """Whose date is plausible is told by the last time, also where nothing but dirt follows for long."""
    end = (COLD_START + b"junk\r\n") * 5_000
    found = written(rmc(at("2000-01-01T00:00:00"), LAT_E7, LON_E7, valid=False) + seconds(EVE, 2) + end).fixes
    assert [fix["time_trust"] for fix in found][:3] == ["implausible", "stated", "stated"]


def test_what_a_receiver_states_after_it_has_lost_its_fix_is_no_last_time() -> None:
    log = seconds(EVE, 2) + rmc(at("2019-04-07T00:00:00"), LAT_E7, LON_E7, valid=False)
    assert [trust for _, trust in times(log)] == ["stated", "stated", "implausible"]


def test_without_any_fix_the_last_date_that_is_no_default_is_the_last_time() -> None:
    log = rmc(EVE, LAT_E7, LON_E7, valid=False) + rmc(at("2000-01-01T00:00:00"), LAT_E7, LON_E7, valid=False)
    assert [trust for _, trust in times(log)] == ["stated", "implausible"]


def test_a_clock_that_is_ahead_of_the_last_date_is_not_believed() -> None:
    """Its time of day is that of the fixes around, so only the date was wrong; another one stays unknown."""
    ahead = EVE + 3 * DAY_US
    found = times(second(EVE) + second(ahead + SECOND_US) + second(ahead - DAY_US // 2) + second(EVE + 2 * SECOND_US))
    assert found[1] == ("2026-01-14T23:59:59.000Z", "corrected")
    assert found[2] == (None, "implausible")


def test_undated_fixes_behind_the_last_date_go_on_into_the_next_day() -> None:
    later = gga(EVE + 3_600 * SECOND_US, LAT_E7, LON_E7)
    assert times(second(EVE) + later)[1] == ("2026-01-15T00:59:58.000Z", "dated")
