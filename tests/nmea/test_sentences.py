"""Which lines are read, and when one bad field spoils the whole line."""

import pytest

from snowtrack.model.fixes import RejectReason
from snowtrack.nmea.sentences import Sentence, read_sentence

RMC = ["GPRMC", "153000.00", "A", "3634.0000", "N", "13639.0000", "E", "12.40", "87.5", "140126", "", "", "A"]
GGA = ["GPGGA", "153000.00", "3634.0000", "N", "13639.0000", "E", "1", "11", "0.9", "31.4", "M", "36.9", "M", "", ""]


def read(fields: list[str], **changed: str) -> Sentence | RejectReason:
    """Read the fields with some of them changed, by number: `_3="x"`."""
    for name, text in changed.items():
        fields = [text if f"_{at}" == name else field for at, field in enumerate(fields)]
    return read_sentence(tuple(fields))


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "QZ"])
def test_every_talker_is_understood(talker: str) -> None:
    found = read(RMC, _0=f"{talker}RMC")
    assert isinstance(found, Sentence)
    assert found.kind == "RMC"


@pytest.mark.parametrize(
    "address", ["", "GPGSV", "PXRMC", "GPRMCX", "gprmc", "PSNOWX", "PUBX", "GPRM", "XRMC", "RMC", "GPSNOW", "XPSNOW"]
)
def test_an_unknown_address_is_told(address: str) -> None:
    assert read(RMC, _0=address) is RejectReason.UNKNOWN_SENTENCE


@pytest.mark.parametrize(
    "changed",
    [
        {"_1": "253000"},
        {"_3": "3660.0"},
        {"_4": "X"},
        {"_4": ""},
        {"_3": ""},
        {"_3": "", "_4": ""},
        {"_5": "", "_6": ""},
        {"_7": "-1"},
        {"_7": "fast"},
        {"_8": "360.1"},
        {"_8": "-1"},
        {"_9": "310226"},
    ],
)
def test_a_bad_field_spoils_the_sentence(changed: dict[str, str]) -> None:
    assert read(RMC, **changed) is RejectReason.BAD_FIELD


@pytest.mark.parametrize(
    "changed", [{"_6": "9"}, {"_7": "-1"}, {"_7": "1000"}, {"_8": "x"}, {"_9": "100001"}, {"_9": "--1"}]
)
def test_a_bad_field_spoils_gga_too(changed: dict[str, str]) -> None:
    assert read(GGA, **changed) is RejectReason.BAD_FIELD


@pytest.mark.parametrize(
    "fields",
    [
        "PSNOW,0,1,1000,D",
        "PSNOW,1,0,1000,D",
        "PSNOW,,1,1000,D",
        "PSNOW,1,,1000,D",
        "PSNOW,1",
        "PSNOW",
        "PSNOW,4294967296,1,1000,D",
        "PSNOW,1,9007199254740992,1000,D",
        "PSNOW,1,1,-1,D",
        "PSNOW,1,1,1000,X",
        "PSNOW,1,1,1000,d",
        "PSNOW,1.0,1,1000,D",
    ],
)
def test_numbers_out_of_the_protocol_are_refused(fields: str) -> None:
    assert read_sentence(tuple(fields.split(","))) is RejectReason.BAD_FIELD


def test_the_largest_numbers_of_the_protocol_are_read() -> None:
    found = read_sentence(("PSNOW", "4294967295", "9007199254740991", "9007199254740991", ""))
    assert isinstance(found, Sentence)
    assert found.values == {"boot": 2**32 - 1, "seq": 2**53 - 1, "uptime_ms": 2**53 - 1}


@pytest.mark.parametrize("status", ["V", "", "X", "a"])
def test_a_void_rmc_has_no_place_but_keeps_its_time(status: str) -> None:
    found = read(RMC, _2=status)
    assert isinstance(found, Sentence)
    assert "lat_e7" not in found.values
    assert found.values["day_us"] == (15 * 60 + 30) * 60_000_000


def test_a_gga_of_quality_0_or_without_one_has_no_place() -> None:
    for quality in ("0", ""):
        found = read(GGA, _6=quality)
        assert isinstance(found, Sentence)
        assert not {"lat_e7", "lon_e7"} & set(found.values)


def test_a_course_of_360_is_north() -> None:
    found = read(RMC, _8="360.0")
    assert isinstance(found, Sentence)
    assert found.values["course_cdeg"] == 0


def test_fields_that_are_missing_at_the_end_are_absent() -> None:
    found = read_sentence(("GPRMC", "153000", "A"))
    assert isinstance(found, Sentence)
    assert found.values == {"day_us": (15 * 60 + 30) * 60_000_000}
