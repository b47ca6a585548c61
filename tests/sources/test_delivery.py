"""About how many fixes a message holds, so that a batch closes in time."""

import gzip

import pytest

from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.sources.session import Receipt
from snowtrack.sources.source import Delivery
from tests.decode.receiver_logs import seconds

NIGHT_US = 1_768_404_600_000_000


def fixes(payload: bytes) -> int:
    return Delivery(DeviceId("kanazawa", "d1"), Channel.LOG, payload, 0, Receipt(1, 1, 0)).fixes


def test_a_plain_message_holds_as_many_as_it_has_dates() -> None:
    assert fixes(seconds(NIGHT_US, 7)) == 7


def test_a_message_without_any_counts_too() -> None:
    assert fixes(b"") == fixes(b"junk") == 1


@pytest.mark.parametrize("count", [100, 1_000])
def test_a_packed_message_holds_about_as_many_as_its_size_says(count: int) -> None:
    assert count / 4 < fixes(gzip.compress(seconds(NIGHT_US, count))) < 4 * count
