"""State arrays, read by what docs/state-array.md says of them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.view import Views
from snowtrack.model.calendar import MINUTE_US, utc_text
from snowtrack.model.columns import ABSENT_8, ABSENT_64
from snowtrack.model.states import LABELS
from snowtrack.tiles.bands import AGE_MIN, CONFIDENCE
from snowtrack.tiles.state_array import state_array
from tests.clearance.worlds import NOW_US, VIEWS

Told = tuple[str, int | None, int | None]
"""Label, from how many minutes, from how many percent."""


def read_array(content: bytes) -> tuple[dict[str, object], list[Told]]:
    assert content[:4] == b"snst"
    size = int.from_bytes(content[4:8], "little")
    head = orjson.loads(content[8 : 8 + size])
    labels, ages, confidences = head["labels"], [None, *head["age_min"]], [None, *head["confidence"]]
    told = [
        (labels[one % len(labels)], ages[one // len(labels) % len(ages)], confidences[one // len(labels) // len(ages)])
        for one in content[8 + size :]
    ]
    return head, told


def expected(row: tuple[int, ...], now_us: int) -> Told:
    label, _, at_us, evidence, confidence = row
    age = None if at_us == ABSENT_64 else max(one for one in AGE_MIN if one <= max(now_us - at_us, 0) // MINUTE_US)
    percent = None if evidence == ABSENT_8 else max(one for one in CONFIDENCE if one <= confidence)
    return str(LABELS[label]), age, percent


@given(rows=VIEWS, now_us=st.just(NOW_US) | st.integers(0, 2**51))
def test_each_segment_reads_as_it_is_seen(rows: list[tuple[int, ...]], now_us: int) -> None:
    head, told = read_array(state_array("net", Views.from_rows(rows), now_us))
    assert told == [expected(row, now_us) for row in rows]
    assert (head["version"], head["network"], head["segments"]) == (1, "net", len(rows))
    assert head["at"] == (utc_text(now_us) if now_us else None)


@pytest.mark.parametrize("minutes", [0, 59, 60, 179, 180, 359, 360, 719, 720, 1_439, 1_440, 100_000])
def test_ages_count_from_their_minute_on(minutes: int) -> None:
    views = Views.from_rows([(0, 100, NOW_US - minutes * MINUTE_US, 0, 100)])
    _, ((_, age, _),) = read_array(state_array("net", views, NOW_US))
    assert age == max(one for one in (0, 60, 180, 360, 720, 1_440) if one <= minutes)


def test_all_that_can_be_said_fits_into_a_byte() -> None:
    assert len(LABELS) * (len(AGE_MIN) + 1) * (len(CONFIDENCE) + 1) <= 256
