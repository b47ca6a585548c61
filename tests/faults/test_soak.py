"""What counts as flat."""

import pytest

from tests.faults.soak import is_flat


@pytest.mark.parametrize(
    ("what", "second", "last", "flat"),
    [
        ("rss_mb", 200.0, 219.0, True),
        ("rss_mb", 200.0, 221.0, False),
        ("rss_mb", 20.0, 23.9, True),
        ("rss_mb", 200.0, 120.0, True),
        ("descriptors", 20.0, 23.0, True),
        ("descriptors", 20.0, 24.0, False),
        ("threads", 10.0, 13.0, False),
        ("freshness_p99_ms", 100.0, 119.0, True),
        ("freshness_p99_ms", 300.0, 331.0, False),
    ],
)
def test_flat_is_what_hardly_grows(what: str, second: float, last: float, *, flat: bool) -> None:
    assert is_flat(what, second, last) is flat
