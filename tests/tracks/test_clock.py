"""Which clocks are believed, and what is left of fixes whose clock is not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import FixBatch
from snowtrack.tracks.clock import observe, trusted
from tests.oracles.batches import batch_of

SECOND_US = 1_000_000
WEEK_US = 7 * 86_400 * SECOND_US


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


NOW = at("2026-01-14T15:30:00")


@pytest.mark.parametrize(
    ("time_us", "believed"),
    [
        (NOW, True),
        (NOW - 1, True),
        (NOW + 60 * SECOND_US, True),
        (NOW + 60 * SECOND_US + 1, False),
        (NOW + 1024 * WEEK_US, False),
        (at("2099-12-31T23:59:59"), False),
        (NOW - 1024 * WEEK_US, False),
        (at("1970-01-01T00:00:00"), False),
        (at("1980-01-06T00:00:00"), False),
        (at("2000-01-01T00:00:00"), False),
        (at("2019-12-31T23:59:59"), False),
        (at("2020-01-01T00:00:00"), True),
        (NOW - 6 * 3_600 * SECOND_US, True),
        (NOW - 2 * WEEK_US, True),
        (ABSENT_64, False),
    ],
)
def test_a_clock_is_believed_when_it_is_neither_ahead_nor_before_its_time(time_us: int, believed: bool) -> None:
    fixes = batch_of(FixBatch, {"time_us": time_us, "received_us": NOW, "lat_e7": 1, "lon_e7": 2})
    assert trusted(fixes).tolist() == [believed]
    assert len(observe(fixes)) == believed


def test_a_fix_without_a_position_has_an_instant_but_is_not_observed() -> None:
    fixes = batch_of(FixBatch, {"time_us": NOW, "received_us": NOW})
    assert trusted(fixes).tolist() == [True]
    assert not len(observe(fixes))


@given(st.lists(st.tuples(st.integers(NOW - WEEK_US, NOW + WEEK_US), st.integers(NOW - WEEK_US, NOW)), max_size=8))
def test_each_fix_is_judged_by_its_own_receive_time(times: list[tuple[int, int]]) -> None:
    rows = [
        {"time_us": time_us, "received_us": received_us, "seq": seq, "lat_e7": seq, "lon_e7": -seq}
        for seq, (time_us, received_us) in enumerate(times)
    ]
    observed = observe(batch_of(FixBatch, *rows))
    expected = [seq for seq, (time_us, received_us) in enumerate(times) if time_us <= received_us + 60 * SECOND_US]
    assert observed.seq.tolist() == expected
    assert observed.observed_us.tolist() == [times[seq][0] for seq in expected]


def test_what_is_observed_is_what_was_sent() -> None:
    sent = {"device": 3, "boot": 4, "seq": 5, "digest": 6, "received_us": NOW, "lat_e7": 7, "lon_e7": 8}
    moved = {"speed_mmps": 9, "course_cdeg": 10, "blade": 1}
    observed = observe(batch_of(FixBatch, {**sent, **moved, "time_us": NOW}))
    assert dict(zip(observed.dtypes(), observed.rows()[0], strict=True)) == {**sent, **moved, "observed_us": NOW}
