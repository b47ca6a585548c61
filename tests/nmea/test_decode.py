"""The door of the package: messages in, fixes and rejects out, by the dialect of each."""

from pathlib import Path

import numpy as np
import pytest

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch, Message, RejectReason, Remark, Source
from snowtrack.nmea.decode import Decoder, Dialect, decode
from snowtrack.nmea.fields import Read
from snowtrack.nmea.sentences import Field, Kind
from tests.nmea.packing import PACKERS
from tests.oracles.nmea import gga, psnow, rmc, sentence
from tests.oracles.recordings import names, payload, values

PROTOCOL = Path(__file__).parent.parent.parent / "docs" / "device-protocol.md"
AT_US = 1_768_404_600_000_000  # 2026-01-14 15:30 UTC
LAT, LON = 365_666_667, 1_366_500_000
BLADE = Kind(
    address="PXBLADE",
    source=Source.ADAPTED,
    fields=(Field(value="blade", at=2, read=Read.CHOICE, choices={"UP": BLADE_UP, "DOWN": BLADE_DOWN}),),
)
SPREADER = Kind(
    address="PXS",
    source=Source.ADAPTED,
    fields=(
        Field(value="spread_mgpm2", at=1, read=Read.DECIMAL, scale=(100, 1), high=1_000_000),
        Field(value="blade", at=2, read=Read.CHOICE, choices={"0": BLADE_UP, "1": BLADE_DOWN}),
    ),
)
NUMBER = Kind(
    address="PXS",
    source=Source.ADAPTED,
    opens=True,
    fields=(
        Field(value="boot", at=1, read=Read.COUNT, low=1, needed=True),
        Field(value="seq", at=2, read=Read.COUNT, low=1, needed=True),
    ),
)
DECODER = Decoder([Dialect(kinds=(BLADE, SPREADER)), Dialect(kinds=(NUMBER,)), Dialect(unchecked=True)])
MADE, NUMBERED, UNCHECKED = 1, 2, 3
FIX = sentence("GPRMC,153000,A,3634.0,N,13639.0,E,,,140126")


def by(dialect: int, content: bytes) -> list[dict[str, int]]:
    return values(DECODER.decode([Message(device=1, received_us=0, payload=content, dialect=dialect)]).fixes)


def test_no_messages_are_no_fixes() -> None:
    decoded = decode([])
    assert len(decoded.fixes) == len(decoded.begins) == 0
    assert {name: getattr(decoded.fixes, name).dtype for name in FixBatch.dtypes()} == FixBatch.dtypes()


def test_every_column_has_its_dtype() -> None:
    fixes = decode([Message(device=1, received_us=2, payload=FIX)]).fixes
    assert {name: getattr(fixes, name).dtype for name in fixes.dtypes()} == FixBatch.dtypes()
    assert fixes.seq.tolist() == [ABSENT_64]


def test_fixes_stand_in_the_order_of_the_messages_and_of_their_bytes() -> None:
    contents = [b"".join(psnow(boot, seq) + rmc(AT_US, LAT, LON) for seq in (2, 1)) for boot in (5, 3)]
    messages = [Message(device=at, received_us=at + 7, payload=content) for at, content in enumerate(contents)]
    fixes = decode(messages).fixes
    found = list(
        zip(*(getattr(fixes, name).tolist() for name in ("device", "boot", "seq", "received_us")), strict=True)
    )
    assert found == [(0, 5, 2, 7), (0, 5, 1, 7), (1, 3, 2, 8), (1, 3, 1, 8)]


def test_what_a_payload_says_does_not_depend_on_who_sent_it_and_when() -> None:
    for name in names():
        first, second = (
            decode([Message(device=device, received_us=device * 11, payload=payload(name))]) for device in (1, 2)
        )
        assert values(first.fixes) == values(second.fixes)
        assert [reject.raw for reject in first.rejects] == [reject.raw for reject in second.rejects]


def test_recordings_decoded_together_say_what_each_says_alone() -> None:
    contents = [pack(payload(name)) for name in names() for pack in (bytes, *PACKERS.values())]
    messages = [Message(device=at, received_us=0, payload=content) for at, content in enumerate(contents)]
    together, alone = decode(messages), [decode([message]) for message in messages]
    assert together.fixes.rows() == [row for one in alone for row in one.fixes.rows()]
    assert together.begins.tolist() == np.concatenate([one.begins for one in alone]).tolist()
    assert together.counts == {key: count for one in alone for key, count in one.counts.items()}


def test_a_packed_backlog_is_read_as_the_lines_are() -> None:
    content = b"".join(psnow(7, seq) + rmc(AT_US, LAT, LON) + gga(AT_US, LAT, LON) for seq in range(1, 501))
    plain, packed = (
        decode([Message(device=1, received_us=0, payload=each)]) for each in (content, PACKERS["zstd"](content))
    )
    assert packed.fixes.rows() == plain.fixes.rows()
    assert packed.begins.tolist() == plain.begins.tolist()
    assert plain.fixes.seq.tolist() == list(range(1, 501))


def test_a_makers_sentence_is_read_for_its_agency_alone() -> None:
    content = FIX + sentence("PXBLADE,1,DOWN")
    (fix,) = by(MADE, content)
    assert fix["blade"] == BLADE_DOWN
    assert fix["sources"] == Source.RMC | Source.ADAPTED
    for dialect in (0, NUMBERED, UNCHECKED):
        (fix,) = by(dialect, content)
        assert "blade" not in fix
        assert fix["sources"] == Source.RMC


def test_the_same_address_means_in_each_dialect_what_its_maker_says() -> None:
    content = sentence("PXS,5,1") + FIX
    (fix,) = by(MADE, content)
    assert (fix["spread_mgpm2"], fix["blade"], fix.get("boot")) == (500, BLADE_DOWN, None)
    (fix,) = by(NUMBERED, content)
    assert (fix["boot"], fix["seq"], fix.get("spread_mgpm2")) == (5, 1, None)


def test_several_sentences_of_a_maker_belong_to_one_fix() -> None:
    for content in (
        (FIX, sentence("PXBLADE,1,DOWN"), sentence("PXS,5")),
        (sentence("PXS,5"), FIX, sentence("PXBLADE,1,DOWN")),
    ):
        (fix,) = by(MADE, b"".join(content))
        assert (fix["blade"], fix["spread_mgpm2"]) == (BLADE_DOWN, 500)


def test_of_two_sentences_of_a_maker_the_one_named_first_is_believed() -> None:
    lines = [FIX, sentence("PXBLADE,1,DOWN"), sentence("PXS,5,0")]
    assert [fix["blade"] for fix in by(MADE, b"".join(lines))] == [BLADE_DOWN]
    assert [fix["blade"] for fix in by(MADE, b"".join(reversed(lines)))] == [BLADE_DOWN]


def test_psnow_is_believed_before_a_makers_sentence() -> None:
    assert [fix["blade"] for fix in by(MADE, psnow(1, 1, "U") + sentence("PXBLADE,1,DOWN"))] == [BLADE_UP]


def test_a_makers_sentence_with_a_number_opens_a_fix() -> None:
    content = b"".join(sentence(f"PXS,5,{seq}") + FIX for seq in (1, 2))
    assert [fix["seq"] for fix in by(NUMBERED, content)] == [1, 2]


def test_a_makers_sentence_that_lacks_what_it_needs_is_told() -> None:
    decoded = DECODER.decode([Message(device=1, received_us=0, payload=sentence("PXS,5"), dialect=NUMBERED)])
    assert decoded.counts == {(1, RejectReason.BAD_FIELD): 1}


@pytest.mark.parametrize("dialect", [0, MADE, NUMBERED])
def test_lines_without_checksum_are_taken_for_their_agency_alone(dialect: int) -> None:
    content = FIX[:-5] + b"\r\n"
    assert by(dialect, content) == []
    assert [fix["remarks"] for fix in by(UNCHECKED, content)] == [Remark.UNCHECKED]


def test_each_message_of_a_call_is_read_in_its_own_dialect() -> None:
    content = sentence("PXS,5,1") + FIX[:-5] + b"\r\n" + FIX
    messages = [Message(device=at, received_us=0, payload=content, dialect=at) for at in range(4)]
    decoded = DECODER.decode(messages)
    assert decoded.fixes.rows() == [row for message in messages for row in DECODER.decode([message]).fixes.rows()]
    assert decoded.fixes.boot.tolist() == [ABSENT_64, ABSENT_64, 5, ABSENT_64]
    assert decoded.fixes.remarks.tolist() == [0, 0, 0, Remark.UNCHECKED]
