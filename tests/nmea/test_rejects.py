"""What could not be read is kept up to a bound, and counted without one."""

import pytest

from snowtrack.model.fixes import Message, Reject, RejectReason
from snowtrack.nmea.decode import Decoder, Dialect, decode
from snowtrack.nmea.rejects import RAW_BYTES_KEPT
from snowtrack.nmea.unpack import PAYLOAD_BYTES_MAX
from tests.oracles.nmea import sentence

GOOD = sentence("GPRMC,153000,A,3634.0,N,13639.0,E,,,140126")
BAD_FIELD = sentence("GPRMC,153000,A,3634.0,N,13639.0,E,fast,,140126")
JUNK, CUT, UNREAD = b"junk\r\n", b"$GPRMC,15\r\n", sentence("GPGSV,1,1,00")
TOO_LARGE = bytes(PAYLOAD_BYTES_MAX + 1)


def message(payload: bytes, device: int = 1, dialect: int = 0) -> Message:
    return Message(device=device, received_us=device * 100, payload=payload, dialect=dialect)


def test_a_reject_says_whose_it_is_where_it_stood_and_what_it_was() -> None:
    decoded = decode([message(GOOD), message(GOOD + CUT, device=9), message(BAD_FIELD + JUNK, device=9)])
    at = {"device": 9, "received_us": 900}
    assert decoded.rejects == (
        Reject(message=1, at=len(GOOD), reason=RejectReason.NO_CHECKSUM, raw=CUT.strip(), **at),
        Reject(message=2, at=0, reason=RejectReason.BAD_FIELD, raw=BAD_FIELD.strip(), **at),
        Reject(message=2, at=len(BAD_FIELD), reason=RejectReason.NO_START, raw=JUNK.strip(), **at),
    )


def test_payloads_that_gave_nothing_are_told_before_lines() -> None:
    decoded = decode([message(JUNK), message(TOO_LARGE, device=2), message(b"\x1f\x8b", device=3)])
    reasons = [(reject.message, reject.reason) for reject in decoded.rejects]
    assert reasons == [(1, RejectReason.TOO_LARGE), (2, RejectReason.BAD_COMPRESSION), (0, RejectReason.NO_START)]
    assert decoded.rejects[0].raw == bytes(RAW_BYTES_KEPT)


@pytest.mark.parametrize("line", [b"junk" * 100, b"$GPRMC" + b"," * 300, b"$GP" + b"A" * 252 + b"*00"])
def test_the_bytes_of_a_long_line_are_cut(line: bytes) -> None:
    (reject,) = decode([message(GOOD + line + b"\r\n" + GOOD)]).rejects
    assert reject.raw == line[:RAW_BYTES_KEPT]


def test_the_bytes_of_a_bad_field_are_the_line_as_it_came() -> None:
    unchecked = BAD_FIELD[:-5] + b"\r\n"
    lenient = Decoder([Dialect(unchecked=True)])
    rejects = lenient.decode([message(GOOD + BAD_FIELD + unchecked, dialect=1)]).rejects
    assert [reject.raw for reject in rejects] == [BAD_FIELD.strip(), unchecked.strip()]


def test_every_reason_is_counted_by_device() -> None:
    payload = (
        GOOD
        + JUNK
        + CUT
        + b"$GP\xff\r\n"
        + b"$" * 3
        + b"A" * 300
        + b"\r\n"
        + sentence("GP")[:-3]
        + b"9\r\n"
        + BAD_FIELD
    )
    counts = decode(
        [message(payload), message(payload + UNREAD), message(TOO_LARGE), message(b"\x28\xb5\x2f\xfd"), message(CUT, 2)]
    ).counts
    assert counts == {
        (1, RejectReason.NO_START): 2,
        (1, RejectReason.NO_CHECKSUM): 6,
        (1, RejectReason.NOT_ASCII): 2,
        (1, RejectReason.TOO_LONG): 2,
        (1, RejectReason.BAD_CHECKSUM): 2,
        (1, RejectReason.BAD_FIELD): 2,
        (1, RejectReason.UNKNOWN_SENTENCE): 1,
        (1, RejectReason.TOO_LARGE): 1,
        (1, RejectReason.BAD_COMPRESSION): 1,
        (2, RejectReason.NO_CHECKSUM): 1,
    }
    # What is unfit could be read.
    assert {reason for _, reason in counts} == set(RejectReason) - {RejectReason.UNFIT}


@pytest.mark.parametrize("kept", [0, 1, 5, 6, 7, 100])
def test_details_are_kept_up_to_a_bound_and_counts_are_exact(kept: int) -> None:
    payload = (GOOD + JUNK + BAD_FIELD + CUT) * 2
    decoded = Decoder(rejects_kept=kept).decode([message(payload), message(payload, 2)])
    everything = Decoder().decode([message(payload), message(payload, 2)])
    assert len(everything.rejects) == 12
    assert decoded.rejects == everything.rejects[:kept]
    assert decoded.counts == everything.counts
    assert decoded.fixes.rows() == everything.fixes.rows()


def test_a_clean_payload_counts_nothing() -> None:
    assert decode([message(GOOD)]).counts == {}
    assert decode([]).counts == {}
    assert decode([]).rejects == ()
