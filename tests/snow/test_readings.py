"""What sensors send: readings where it is any, reasons where it is none, and never anything else."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthFault
from snowtrack.snow.readings import PAYLOAD_BYTES_MAX, READINGS_MAX, read_depths

AT = "2026-01-14T06:00:00+09:00"
AT_US = 1_768_338_000_000_000
FULL = {"time": AT, "depth_mm": 312, "temperature_c": -1.5, "battery_mv": 3610}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["time", "depth_mm", "depth_cm", "temperature_c", "battery_mv"]), inner)
    ),
    max_leaves=12,
)


def rows(content: Any) -> list[tuple[int, ...]]:  # noqa: ANN401 - JSON
    return read_depths(orjson.dumps(content)).readings.rows()


def faults(content: Any) -> list[tuple[int, DepthFault]]:  # noqa: ANN401 - JSON
    return [(reject.place, reject.fault) for reject in read_depths(orjson.dumps(content)).rejects]


def test_a_reading_is_read_whole() -> None:
    assert rows(FULL) == [(AT_US, 312, -15, 3610)]
    assert faults(FULL) == []


def test_a_list_is_read_in_its_order() -> None:
    assert rows([{"time": 20, "depth_mm": 2}, {"time": 10.5, "depth_cm": 0.1}]) == [
        (20_000_000, 2, ABSENT_16, ABSENT_32),
        (10_500_000, 1, ABSENT_16, ABSENT_32),
    ]


@pytest.mark.parametrize(
    ("time", "time_us"),
    [
        (AT, AT_US),
        ("2026-01-13T21:00:00Z", AT_US),
        (AT_US // 1_000_000, AT_US),
        (AT_US / 1_000_000, AT_US),
        (0, 0),
        ("2199-12-31T23:59:59+00:00", 7_258_118_399_000_000),
    ],
)
def test_a_time_is_iso_or_seconds(time: object, time_us: int) -> None:
    assert rows({"time": time, "depth_mm": 1}) == [(time_us, 1, ABSENT_16, ABSENT_32)]


@pytest.mark.parametrize(
    "time",
    [
        *(None, True, "", "yesterday", "2026-01-14T06:00:00", -1, 1e18, 1e308, [], "6:00"),
        *("0001-01-01T00:00:00+09:00", "9999-12-31T23:30:00Z", "2200-01-01T00:00:00Z", 7_258_118_400, 253_402_300_000),
    ],
)
def test_what_is_no_instant_is_said(time: object) -> None:
    assert faults({"time": time, "depth_mm": 1}) == [(0, DepthFault.BAD_TIME)]


@pytest.mark.parametrize("depth", [None, True, "12", [1], 1e9, -1e9])
def test_what_is_no_depth_is_said(depth: object) -> None:
    assert faults([FULL, {"time": AT, "depth_mm": depth}]) == [(1, DepthFault.BAD_DEPTH)]


def test_a_depth_is_stated_once() -> None:
    assert faults({"time": AT, "depth_mm": 10, "depth_cm": 1}) == [(0, DepthFault.BAD_DEPTH)]
    assert faults({"time": AT}) == [(0, DepthFault.BAD_DEPTH)]


def test_an_implausible_depth_is_read_as_it_is() -> None:
    assert rows({"time": 0, "depth_mm": -400_000}) == [(0, -400_000, ABSENT_16, ABSENT_32)]


@pytest.mark.parametrize("field", ["temperature_c", "battery_mv"])
def test_a_reading_is_taken_without_what_is_wrong_beside_it(field: str) -> None:
    content = FULL | {field: "?"}
    assert faults(content) == [(0, DepthFault.BAD_FIELD)]
    assert [row[:2] for row in rows(content)] == [(AT_US, 312)]
    assert rows(FULL | {field: None}) == rows({key: value for key, value in FULL.items() if key != field})


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (b"", DepthFault.NOT_JSON),
        (b"$GPRMC,,V", DepthFault.NOT_JSON),
        (b"\xff", DepthFault.NOT_JSON),
        (b"[" * 5_000, DepthFault.NOT_JSON),
        (b"7", DepthFault.NOT_A_READING),
        (b"[[]]", DepthFault.NOT_A_READING),
        (b" " * (PAYLOAD_BYTES_MAX + 1), DepthFault.TOO_LARGE),
        (orjson.dumps([{"time": 0, "depth_mm": 1}] * (READINGS_MAX + 1)), DepthFault.TOO_LARGE),
    ],
)
def test_what_is_no_message_is_one_reject(payload: bytes, fault: DepthFault) -> None:
    read = read_depths(payload)
    assert not len(read.readings)
    assert [reject.fault for reject in read.rejects] == [fault]


def test_as_many_as_are_allowed_are_read() -> None:
    assert len(rows([{"time": 0, "depth_mm": 1}] * READINGS_MAX)) == READINGS_MAX


def test_a_message_cut_off_anywhere_gives_nothing_wrong() -> None:
    whole = orjson.dumps([FULL, FULL])
    for cut in range(len(whole)):
        read = read_depths(whole[:cut])
        assert not len(read.readings)
        assert [reject.fault for reject in read.rejects] == [DepthFault.NOT_JSON]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(payload: bytes) -> None:
    read = read_depths(payload)
    assert len(read.readings) or read.rejects or orjson.loads(payload) == []


@given(JSON)
def test_each_item_of_any_json_is_a_reading_or_a_reject(content: object) -> None:
    read = read_depths(orjson.dumps(content))
    items = content if isinstance(content, list) else [content]
    refused = {reject.place for reject in read.rejects if reject.fault is not DepthFault.BAD_FIELD}
    assert len(read.readings) + len(refused) == len(items)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000_000_000),
            st.integers(-1_000_000, 1_000_000),
            st.integers(-400, 400),
            st.integers(0, 9_999),
        ),
        max_size=20,
    )
)
def test_what_is_written_is_read(told: list[tuple[int, int, int, int]]) -> None:
    content = [
        {"time": time_s, "depth_mm": depth, "temperature_c": tenths / 10, "battery_mv": battery}
        for time_s, depth, tenths, battery in told
    ]
    assert rows(content) == [(time_s * 1_000_000, *rest) for time_s, *rest in told]
