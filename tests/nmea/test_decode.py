"""The door of the package: any bytes in; fixes and rejects out; nothing wrong, nothing lost, nothing raised."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64, present
from snowtrack.model.fixes import BLADE_DOWN, FixBatch, Message, RejectReason
from snowtrack.nmea.decode import PAYLOAD_BYTES_MAX, decode
from snowtrack.nmea.framing import RAW_BYTES_KEPT
from tests.oracles.nmea import EPOCH, gga, psnow, rmc, sentence
from tests.oracles.recordings import decode_alone, names, payload

PROTOCOL = Path(__file__).parent.parent.parent / "docs" / "device-protocol.md"
AT_US = 1_768_404_600_000_000  # 2026-01-14 15:30 UTC
LAT, LON = 365_666_667, 1_366_500_000
ADDRESSES = st.sampled_from(["PSNOW", "GPRMC", "GNGGA", "GPRMCX", "PXXX", "", "RMC", "GPGSV"])
FIELDS = st.one_of(
    st.text("0123456789.,-ADNSEWUV", max_size=14),
    st.sampled_from(["153000", "3634.5", "N", "13639.1", "E", "A", "140126", "99999999999", "1", "4294967295"]),
)
LINES = st.builds(
    lambda address, fields: sentence(",".join([address, *fields])), ADDRESSES, st.lists(FIELDS, max_size=14)
)
RUBBISH = st.one_of(st.binary(max_size=60), st.sampled_from([b"\r", b"\n", b"\r\n", b"$", b"*00", b"\x00"]))
PAYLOADS = st.lists(st.one_of(LINES, RUBBISH), max_size=12).map(b"".join)


def values_of(fixes: FixBatch, at: int) -> dict[str, int]:
    """The values that a fix has, without those that name its bytes as a whole."""
    columns = {name: getattr(fixes, name) for name in fixes.dtypes() if name != "digest"}
    return {name: int(column[at]) for name, column in columns.items() if present(column)[at]}


@given(PAYLOADS)
def test_no_bytes_raise_and_no_line_is_lost(content: bytes) -> None:
    fixes, rejects = decode_alone(content)
    lines = [line.strip() for line in content.replace(b"\r", b"\n").split(b"\n") if line.strip()]
    assert len(rejects) <= len(lines)
    assert (len(fixes) > 0) == (len(lines) > len(rejects))
    assert all(raw in (line[:RAW_BYTES_KEPT] for line in lines) for _, raw in rejects)


@given(st.lists(PAYLOADS, max_size=5))
def test_payloads_decoded_together_equal_each_alone(contents: list[bytes]) -> None:
    messages = [Message(device=at, received_us=at * 7, payload=content) for at, content in enumerate(contents)]
    together, alone = decode(messages), [decode([message]) for message in messages]
    assert together.fixes.rows() == [row for one in alone for row in one.fixes.rows()]
    assert together.rejects == tuple(reject for one in alone for reject in one.rejects)


@pytest.mark.parametrize("name", names())
def test_a_recording_cut_at_any_byte_gives_no_wrong_value(name: str) -> None:
    content = payload(name)
    whole, _ = decode_alone(content)
    for size in range(len(content)):
        part, rejects = decode_alone(content[:size])
        assert len(part) <= len(whole)
        earlier = max(len(part) - 1, 0)
        assert part.rows()[:earlier] == whole.rows()[:earlier]
        if len(part):
            assert values_of(part, earlier).items() <= values_of(whole, earlier).items()
        assert len(part) or rejects or not content[:size].strip()


@pytest.mark.parametrize("name", names())
def test_a_recording_with_one_bit_turned_gives_no_other_position(name: str) -> None:
    content = payload(name)
    whole, _ = decode_alone(content)
    places = set(zip(whole.lat_e7.tolist(), whole.lon_e7.tolist(), strict=True)) | {(-(2**31), -(2**31))}
    for at in range(len(content)):
        damaged = content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
        fixes, _ = decode_alone(damaged)
        assert set(zip(fixes.lat_e7.tolist(), fixes.lon_e7.tolist(), strict=True)) <= places


def test_the_example_of_the_protocol_decodes_to_what_it_says() -> None:
    text = PROTOCOL.read_text().split("Example (checksums are right):")[1].split("\n## ")[0]
    example_lines = re.findall(r"^ {4}(\$.*)$", text, re.MULTILINE)
    assert len(example_lines) == 3
    fixes, rejects = decode_alone("\r\n".join(example_lines).encode())
    assert not rejects
    assert len(fixes) == 1
    assert values_of(fixes, 0) == {
        "device": 1,
        "boot": 7,
        "seq": 1,
        "uptime_ms": 1000,
        "time_us": AT_US,
        "day_us": (15 * 60 + 30) * 60_000_000,
        "received_us": fixes.received_us[0],
        "lat_e7": 365_666_667,
        "lon_e7": 1_366_500_000,
        "alt_mm": 31_400,
        "speed_mmps": 6_379,
        "course_cdeg": 8_750,
        "quality": 1,
        "satellites": 11,
        "hdop_centi": 90,
        "blade": BLADE_DOWN,
    }


@given(
    st.integers(1, 2**32 - 1),
    st.integers(1, 2**53 - 1),
    st.integers(0, 10**9).map(lambda hundredths: AT_US + hundredths * 10_000),
    st.integers(-899_999_999, 899_999_999),
    st.integers(-1_799_999_999, 1_799_999_999),
)
@example(1, 1, AT_US, 0, 0)
def test_what_a_tracker_writes_is_read_back_exactly(boot: int, seq: int, at_us: int, lat: int, lon: int) -> None:
    fixes, rejects = decode_alone(psnow(boot, seq, "D") + rmc(at_us, lat, lon) + gga(at_us, lat, lon))
    assert not rejects
    found = [int(getattr(fixes, name)[0]) for name in ("boot", "seq", "time_us", "lat_e7", "lon_e7")]
    assert found == [boot, seq, at_us, lat, lon]


def test_psnow_opens_an_epoch() -> None:
    content = b"".join(psnow(1, seq) + rmc(AT_US, LAT, LON) for seq in (1, 2, 3))
    fixes, _ = decode_alone(content)
    assert fixes.seq.tolist() == [1, 2, 3]


def test_what_the_first_sentence_of_an_epoch_says_counts() -> None:
    fixes, rejects = decode_alone(psnow(1, 1) + rmc(AT_US, LAT, LON) + gga(AT_US, LAT + 5, LON + 5))
    assert not rejects
    assert (fixes.lat_e7.tolist(), fixes.lon_e7.tolist()) == ([LAT], [LON])


def test_without_psnow_a_new_time_or_a_second_sentence_of_a_kind_opens_an_epoch() -> None:
    second = 1_000_000
    content = b"".join(rmc(AT_US + n * second, LAT, LON) + gga(AT_US + n * second, LAT, LON) for n in range(3))
    fixes, _ = decode_alone(content)
    assert fixes.time_us.tolist() == [AT_US + n * second for n in range(3)]
    assert set(fixes.quality.tolist()) == {1}
    assert set(fixes.seq.tolist()) == {ABSENT_64}


def test_two_instants_are_never_mixed_into_one_fix() -> None:
    before_midnight = AT_US - AT_US % 86_400_000_000 + 86_399_900_000
    content = psnow(1, 1) + gga(before_midnight, LAT, LON) + rmc(before_midnight + 100_000, LAT + 9, LON)
    fixes, _ = decode_alone(content)
    assert fixes.lat_e7.tolist() == [LAT, LAT + 9]
    assert fixes.time_us.tolist() == [ABSENT_64, before_midnight + 100_000]
    assert fixes.seq.tolist() == [1, ABSENT_64]


def test_a_leap_second_is_the_first_second_of_the_next_day() -> None:
    fixes, rejects = decode_alone(sentence("GPRMC,235960.00,V,,,,,,,311226,,,N"))
    assert not rejects
    assert fixes.day_us[0] == 0
    assert (EPOCH.replace(year=2027) - EPOCH).total_seconds() * 1e6 == fixes.time_us[0]


def test_a_payload_that_is_too_large_is_one_reject() -> None:
    line = psnow(1, 1)
    content = line * (PAYLOAD_BYTES_MAX // len(line) + 1)
    fixes, rejects = decode_alone(content)
    assert not len(fixes)
    assert rejects == [(RejectReason.TOO_LARGE.name, content[:RAW_BYTES_KEPT])]


def test_a_payload_of_the_largest_size_is_read() -> None:
    line = psnow(1, 1)
    content = (line * (PAYLOAD_BYTES_MAX // len(line))).ljust(PAYLOAD_BYTES_MAX, b"\n")
    fixes, rejects = decode_alone(content)
    assert (len(fixes), rejects) == (PAYLOAD_BYTES_MAX // len(line), [])


def test_the_digest_is_of_the_bytes_and_not_of_the_line_ends() -> None:
    content = psnow(1, 1, "D") + rmc(AT_US, LAT, LON)
    digests = {
        int(decode_alone(content.replace(b"\r\n", end))[0].digest[0]) for end in (b"\r\n", b"\n", b"\r", b"\n\n")
    }
    assert digests == {2039236989727892455}


def test_the_digest_tells_epochs_apart() -> None:
    contents = [psnow(1, seq) + rmc(AT_US, LAT, LON + east) for seq in (1, 2) for east in (0, 1)]
    assert len({int(decode_alone(content)[0].digest[0]) for content in contents}) == 4
