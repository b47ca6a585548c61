"""Which sentences become one fix, and which of two that differ is believed."""

import itertools
from collections.abc import Callable

import pytest

from snowtrack.model.fixes import Message, Remark, Source
from snowtrack.nmea.decode import decode
from tests.nmea.reading import decoded, fixes
from tests.oracles.nmea import sentence
from tests.oracles.nmea_fixes import digest
from tests.oracles.recordings import values

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
THREE = (15 * 60 + 30) * 60 * SECOND_US
MIDNIGHT = 1_768_348_800 * SECOND_US  # 2026-01-14
LAT, LON = 365_666_667, 1_366_500_000


def rmc(clock: str = "153000", *, minutes: str = "34.0", knots: str = "12.40", day: str = "140126") -> str:
    return f"GPRMC,{clock},A,36{minutes},N,13639.0,E,{knots},87.5,{day},,,A"


def gga(clock: str = "153000", *, minutes: str = "34.0", hdop: str = "0.9") -> str:
    return f"GPGGA,{clock},36{minutes},N,13639.0,E,1,11,{hdop},31.4,M,36.9,M,,"


def gns(*, minutes: str = "34.0") -> str:
    return f"GNGNS,153000,36{minutes},N,13639.0,E,A,11"


def gll(clock: str = "153000", *, minutes: str = "34.0", status: str = "A") -> str:
    return f"GPGLL,36{minutes},N,13639.0,E,{clock},{status}"


VTG = "GPVTG,87.5,T,,M,12.40,N,22.96,K,A"
GSA = "GNGSA,A,3,,,,,,,,,,,,,1.5,0.8,1.2"
ZDA = "GPZDA,153000,14,01,2026,00,00"
PSNOW = "PSNOW,7,1,1000,D"


def columns(name: str, *texts: str) -> list[int | None]:
    """A value of each fix."""
    return [fix.get(name) for fix in fixes(*texts)]


def test_the_sentences_of_an_instant_are_one_fix_that_says_which_they_were() -> None:
    texts = [PSNOW, gga(), gns(), rmc(), gll(), VTG, GSA, GSA, ZDA]
    (fix,) = fixes(*texts)
    assert fix["sources"] == sum(Source) - Source.ADAPTED
    assert fix["remarks"] == 0
    assert fix["digest"] == digest([text.encode() for text in texts if text not in (VTG, GSA)])
    assert (fix["lat_e7"], fix["lon_e7"], fix["time_us"]) == (LAT, LON, MIDNIGHT + THREE)


def test_a_fix_begins_where_its_first_sentence_does() -> None:
    first, second = sentence(gga()) + sentence(rmc()), sentence("GPGSV,1,1,00") + b"junk\r\n"
    found = decoded(first + second + sentence(rmc("153001")) + sentence(gga("153001")))
    assert found.begins.tolist() == [0, len(first + second)]


def test_two_instants_are_two_fixes() -> None:
    assert columns("day_us", rmc(), gga(), rmc("153001"), gga("153001")) == [THREE, THREE + SECOND_US]
    assert columns("quality", rmc(), gga(), rmc("153001"), gga("153001")) == [1, 1]


def test_the_same_instant_may_be_written_with_more_or_fewer_digits() -> None:
    assert columns("day_us", rmc("153000"), gga("153000.000"), "GPGLL,,,,,153000.,A") == [THREE]


def test_a_fraction_of_a_second_is_another_instant() -> None:
    clocks = ["153000.0", "153000.2", "153000.4"]
    texts = [text for clock in clocks for text in (rmc(clock), gga(clock))]
    assert columns("day_us", *texts) == [THREE, THREE + 200_000, THREE + 400_000]
    assert columns("sources", *texts) == [Source.RMC | Source.GGA] * 3


@pytest.mark.parametrize("order", [(gga, rmc), (rmc, gga)])
def test_several_fixes_of_one_second_without_fractions_stay_apart(order: tuple[Callable[..., str], ...]) -> None:
    texts = [write(minutes=f"34.{place}") for place in range(4) for write in order]
    found = fixes(*texts)
    assert [fix["lat_e7"] - LAT for fix in found] == [0, 16_666, 33_333, 50_000]
    assert [fix["sources"] for fix in found] == [Source.RMC | Source.GGA] * 4
    assert {fix["time_us"] for fix in found} == {MIDNIGHT + THREE}


def test_a_sentence_that_only_says_the_same_again_is_passed_over() -> None:
    again = rmc().replace("GPRMC", "GNRMC")
    assert fixes(rmc(), again, gga()) == fixes(rmc(), gga())
    assert fixes(rmc(), gga(), again, rmc()) == fixes(rmc(), gga())


def test_a_sentence_that_says_less_again_is_passed_over() -> None:
    assert fixes(gga(), "GPGGA,153000,3634.0,N,13639.0,E,1,11") == fixes(gga())


@pytest.mark.parametrize(
    "other", [rmc(minutes="34.1"), rmc(knots="12.5"), rmc(day="150126"), rmc().replace(",A,36", ",V,36")]
)
def test_a_sentence_of_a_kind_that_says_something_else_begins_a_fix(other: str) -> None:
    assert columns("sources", rmc(), other) == [Source.RMC, Source.RMC]
    assert columns("sources", gga(), rmc(), other) == [Source.GGA | Source.RMC, Source.RMC]
    assert columns("sources", PSNOW, gga(), rmc(), other) == [Source.PSNOW | Source.GGA | Source.RMC, Source.RMC]


def test_a_sentence_that_says_more_begins_a_fix() -> None:
    assert columns("satellites", "GPGGA,153000,3634.0,N,13639.0,E,1", gga()) == [None, 11]


def test_what_one_sentence_says_is_not_what_another_kind_has_said() -> None:
    """The place is known from GGA when RMC states another one."""
    assert columns("lat_e7", rmc(), gga(minutes="34.0"), rmc(minutes="34.1")) == [LAT, LAT + 16_666]


@pytest.mark.parametrize(
    ("texts", "value", "believed"),
    [
        ([rmc(minutes="34.1"), gga()], "lat_e7", LAT),
        ([gll(minutes="34.1"), rmc()], "lat_e7", LAT),
        ([rmc(minutes="34.1"), gns()], "lat_e7", LAT),
        ([gns(minutes="34.1"), gga()], "lat_e7", LAT),
        (["GPVTG,,T,,M,1.00,N", rmc()], "speed_mmps", 6_379),
        ([GSA, gga()], "hdop_centi", 90),
        ([GSA, gga(hdop="")], "hdop_centi", 80),
        (["GPZDA,153000,15,01,2026", rmc()], "time_us", MIDNIGHT + THREE),
        ([ZDA, rmc(day="")], "time_us", MIDNIGHT + THREE),
        (["GNRMC,153000,A,,,,,,,,,,E", gga()], "quality", 1),
        ([VTG, rmc(knots="fast")], "speed_mmps", 6_379),
    ],
)
def test_which_of_two_is_believed_does_not_depend_on_their_order(texts: list[str], value: str, believed: int) -> None:
    assert columns(value, *texts) == [believed]
    assert columns(value, *reversed(texts)) == [believed]


@pytest.mark.parametrize("order", list(itertools.permutations([gga(), gll(status="V"), VTG])))
def test_one_void_sentence_takes_the_place_from_the_fix(order: tuple[str, ...]) -> None:
    (fix,) = fixes(*order)
    assert not {"lat_e7", "lon_e7"} & fix.keys()
    assert fix["remarks"] == Remark.VOID
    assert (fix["quality"], fix["speed_mmps"]) == (1, 6_379)


def test_several_gsa_are_one_fix() -> None:
    several = [GSA, GSA, GSA.replace("0.8", ""), f"{GSA},4"]
    assert columns("hdop_centi", rmc(), *several, gga(hdop=""), rmc("153001")) == [80, None]
    assert columns("hdop_centi", rmc(), *reversed(several)) == [80]


def test_a_sentence_without_a_time_belongs_to_the_fix_before_it() -> None:
    assert columns("speed_mmps", gga(), VTG, gga("153001"), VTG) == [6_379, 6_379]
    assert columns("sources", VTG, gga(), ZDA) == [Source.VTG | Source.GGA | Source.ZDA]


def test_psnow_opens_a_fix() -> None:
    texts = [text for seq in (1, 2, 3) for text in (f"PSNOW,7,{seq}", rmc())]
    assert columns("seq", *texts) == [1, 2, 3]
    assert columns("sources", *texts) == [Source.PSNOW | Source.RMC] * 3
    assert columns("seq", "PSNOW,7,1", "PSNOW,7,1", rmc()) == [1, 1]
    assert columns("seq", rmc(), PSNOW) == [None, 1]


def test_another_instant_behind_psnow_has_no_number() -> None:
    assert columns("seq", PSNOW, gga(), rmc("153001")) == [1, None]
    assert columns("blade", PSNOW, gga(), rmc("153001")) == [1, None]


def test_a_sentence_whose_time_cannot_be_read_stands_alone() -> None:
    bad = rmc("153061")
    assert columns("sources", gga(), bad, VTG, gga("153001")) == [Source.GGA, Source.RMC, Source.VTG | Source.GGA]
    assert columns("day_us", gga(), bad, VTG, gga("153001")) == [THREE, None, THREE + SECOND_US]
    assert columns("sources", bad, bad) == [Source.RMC, Source.RMC]


def test_unless_psnow_says_whose_it_is() -> None:
    assert columns("seq", PSNOW, gga(), rmc("253000"), VTG) == [1]
    assert columns("time_us", PSNOW, rmc("253000"), gga()) == [MIDNIGHT + THREE]
    assert columns("seq", PSNOW, rmc(), rmc("253000", knots="1.0"), VTG) == [1, None, None]


def test_an_empty_time_is_no_bad_one() -> None:
    assert columns("sources", gga(), rmc("")) == [Source.GGA | Source.RMC]
    assert columns("time_us", gga(), rmc("")) == [MIDNIGHT + THREE]


def test_two_sides_of_midnight_are_never_mixed() -> None:
    texts = [PSNOW, gga("235959.9"), rmc("000000.0", day="150126")]
    assert columns("time_us", *texts) == [None, MIDNIGHT + DAY_US]
    assert columns("day_us", *texts) == [DAY_US - 100_000, 0]


def test_a_leap_second_is_the_first_second_of_the_next_day() -> None:
    texts = [rmc("235959", day="311226"), rmc("235960", day="311226"), rmc("000000", day="010127"), gga("235960")]
    new_year = 1_798_761_600 * SECOND_US
    assert columns("time_us", *texts) == [new_year - SECOND_US, new_year, new_year, None]
    assert columns("day_us", *texts) == [DAY_US - SECOND_US, 0, 0, 0]


def test_fixes_end_with_their_message() -> None:
    payloads = [sentence(gga()), sentence(rmc()), b"", sentence(VTG)]
    messages = [Message(device=at, received_us=at, payload=payload) for at, payload in enumerate(payloads)]
    found = decode(messages).fixes
    assert found.device.tolist() == found.received_us.tolist() == [0, 1, 3]
    assert [fix["sources"] for fix in values(found)] == [Source.GGA, Source.RMC, Source.VTG]


def test_one_line_without_checksum_marks_the_fix() -> None:
    plain = sentence(rmc())[:-5] + b"\r\n"
    found = decoded(plain + sentence(gga()) + sentence(gga("153001")), unchecked=True).fixes
    assert found.remarks.tolist() == [Remark.UNCHECKED, 0]
    void = decoded(sentence("GPRMC,153000,V")[:-5] + b"\n", unchecked=True).fixes
    assert void.remarks.tolist() == [Remark.UNCHECKED | Remark.VOID]


def test_the_digest_is_of_the_texts_in_their_order_and_not_of_the_line_ends() -> None:
    payload = sentence(PSNOW) + sentence(rmc())
    ends = [b"\r\n", b"\n", b"\r", b"\n\n", b"", b" # \\x\\"]
    digests = {int(decoded(payload.replace(b"\r\n", end)).fixes.digest[0]) for end in ends}
    assert digests == {digest([PSNOW.encode(), rmc().encode()])}
    assert columns("digest", gga(), rmc()) != columns("digest", rmc(), gga())
    assert columns("digest", rmc()) != columns("digest", rmc().replace("GP", "GN"))


def test_the_digest_is_of_what_says_when_it_was_wherever_the_rest_stands() -> None:
    """Of a receiver that writes course and dilution first, these stand before or behind the border of a payload."""
    (digest_alone,) = columns("digest", rmc(), gga())
    assert columns("digest", VTG, GSA, rmc(), gga()) == [digest_alone]
    assert columns("digest", rmc(), GSA, gga(), VTG) == [digest_alone]
    assert len({*columns("digest", VTG), *columns("digest", GSA), *columns("digest", GSA, VTG)}) == 3


def test_one_instant_may_be_written_with_fewer_decimals() -> None:
    """As an old handheld does: hundredths in RMC and GGA, thousandths in GLL."""
    (fix,) = fixes(gll("153000.758"), gga("153000.76"), rmc("153000.76"))
    assert fix["time_us"] == MIDNIGHT + THREE + 760_000
    assert len(fixes(gga("153000.00"), rmc("153000.01"))) == 2


def test_the_digest_stays_what_it_is() -> None:
    """Rows are known by it: a release that gives another one stores every such fix again."""
    assert columns("digest", PSNOW, rmc()) == [7917174142592959359]
