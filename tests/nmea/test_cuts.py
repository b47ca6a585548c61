"""A payload that was cut off anywhere gives the beginning of what it was, and never a wrong value."""

import re
from collections.abc import Callable

import pytest

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fixes import RejectReason
from snowtrack.nmea.unpack import unpack
from tests.nmea.beginnings import assert_beginning, decode_each, same_but_for_the_device
from tests.nmea.packing import PACKERS, in_two
from tests.oracles.recordings import names, payload

END_OF_SENTENCE = re.compile(rb"\*[0-9A-Fa-f]{2}$")
PACKS = {**PACKERS, **{f"two of {name}": in_two(pack) for name, pack in PACKERS.items()}}


@pytest.mark.parametrize("name", names())
def test_a_recording_cut_at_any_byte_gives_no_wrong_value(name: str) -> None:
    content = payload(name)
    cuts = [content[:size] for size in range(len(content) + 1)]
    decoded, parts = decode_each(cuts)
    told = {device for device, _ in decoded.counts}
    for size, part in enumerate(parts):
        assert_beginning(part, parts[-1])
        assert len(part) or size in told or says_nothing(cuts[size])
        if size and same_but_for_the_device(part) != same_but_for_the_device(parts[size - 1]):
            assert END_OF_SENTENCE.search(cuts[size]), "only a whole sentence changes what is read"


def says_nothing(content: bytes) -> bool:
    """Blanks, or a comment."""
    return content.strip(bytes(range(0x21)))[:1] in (b"", b"#")


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS.keys())
@pytest.mark.parametrize("name", names())
def test_a_packed_recording_cut_at_any_byte_gives_no_wrong_value(name: str, pack: Callable[[bytes], bytes]) -> None:
    content = payload(name)
    packed = pack(content)
    cuts = [packed[:size] for size in range(len(packed) + 1)]
    decoded, parts = decode_each([content, *cuts])
    assert same_but_for_the_device(parts[-1]) == same_but_for_the_device(parts[0])
    for device, (part, cut) in enumerate(zip(parts[1:], cuts, strict=True), start=1):
        assert_beginning(part, parts[0])
        plain, fault = unpack(cut)
        assert content.startswith(plain) or len(cut) < 4
        assert (fault is not None) == ((device, RejectReason.BAD_COMPRESSION) in decoded.counts)


@pytest.mark.parametrize("name", names())
def test_a_recording_with_one_bit_turned_gives_no_other_position(name: str) -> None:
    content = payload(name)
    turned = [content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :] for at in range(len(content))]
    decoded, (whole, *_) = decode_each([content, *turned])
    places = set(zip(whole.lat_e7.tolist(), whole.lon_e7.tolist(), strict=True))
    found = set(zip(decoded.fixes.lat_e7.tolist(), decoded.fixes.lon_e7.tolist(), strict=True))
    assert found <= places | {(ABSENT_32, ABSENT_32)}
