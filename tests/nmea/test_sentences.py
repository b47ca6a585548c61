"""What each sentence states, in all forms of the standard, and what becomes of a field that is bad."""

import pytest

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch, Remark, Source
from snowtrack.nmea.sentences import SENTENCES, VALUES
from tests.nmea.reading import decoded, fixes, names, read, read_with_a_bad_field
from tests.oracles.nmea import sentence

CLOCK = {"day_us": (15 * 60 + 30) * 60_000_000}
TIME = CLOCK | {"time_us": 1_768_404_600_000_000}
PLACE = {"lat_e7": 365_666_667, "lon_e7": 1_366_500_000}
AT = "3634.0000,N,13639.0000,E"
RMC = f"GPRMC,153000.00,A,{AT},12.40,87.5,140126,,,A"
GGA = f"GPGGA,153000.00,{AT},1,11,0.9,31.4,M,36.9,M,,"
GNS = f"GNGNS,153000.00,{AT},AA,11,0.9,31.4,36.9,,"
MOVING = {"speed_mmps": 6_379, "course_cdeg": 8_750}
ACCURACY = {"satellites": 11, "hdop_centi": 90, "alt_mm": 31_400}
PSNOW = "PSNOW,7,1,1000,D,-12.5,1,20,3.5,0,00fF,12.8,17"
OWN = {"boot": 7, "seq": 1, "uptime_ms": 1_000, "blade": BLADE_DOWN, "blade_cdeg": -1_250, "spreading": 1}
OWN |= {"spread_mgpm2": 20_000, "spread_width_mm": 3_500, "pto": 0, "inputs": 255, "battery_mv": 12_800, "buffered": 17}


def with_field(text: str, at: int, field: str) -> str:
    fields = text.split(",")
    fields[at] = field
    return ",".join(fields)


@pytest.mark.parametrize("talker", ["GP", "GN", "GL", "GA", "GB", "BD", "QZ", "GQ", "II", "SP", "X1", "  "])
def test_every_talker_is_understood(talker: str) -> None:
    assert read(talker + RMC[2:]) == TIME | PLACE | MOVING


@pytest.mark.parametrize(
    "address",
    [
        *("", "GPGSV", "PXRMC", "GPRMCX", "gprmc", "GPrmc", "PSNOWX", "PSNO", "PUBX", "GPRM", "XRMC", "RMC", "GPSNOW"),
        *("XPSNOW", "PRMC", "PGRMC", "psnow", "GPRMC ", "PGGA", "P", "PSNOWPSNOW"),
    ],
)
def test_an_address_that_nobody_reads_is_counted_and_kept_nowhere(address: str) -> None:
    found = decoded(sentence(f"{address},153000.00,V"))
    assert names(found.counts) == {"UNKNOWN_SENTENCE": 1}
    assert not found.rejects
    assert not len(found.fixes)


def test_a_sentence_of_another_network_is_not_ours() -> None:
    line = b"!" + sentence(RMC)[1:]
    assert names(decoded(line).counts) == {"UNKNOWN_SENTENCE": 1}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (RMC, TIME | PLACE | MOVING),
        (f"GPRMC,153000,A,{AT},12.40,87.5,140126", TIME | PLACE | MOVING),  # 1.5: no variation
        (f"GPRMC,153000,A,{AT},12.40,87.5,140126,7.5,W", TIME | PLACE | MOVING),  # 2.1: no mode
        (f"GNRMC,153000,A,{AT},12.40,87.5,140126,,,D,V", TIME | PLACE | MOVING),  # 4.1: a state that says nothing
        (f"GNRMC,153000,A,{AT},12.40,87.5,140126,,,R,S", TIME | PLACE | MOVING),
        (f"GNRMC,153000,A,{AT},12.40,87.5,140126,,,E", TIME | PLACE | MOVING | {"quality": 6}),
        (f"GNRMC,153000,A,{AT},12.40,87.5,140126,,,M", TIME | PLACE | MOVING | {"quality": 7}),
        (f"GNRMC,153000,A,{AT},12.40,87.5,140126,,,S", TIME | PLACE | MOVING | {"quality": 8}),
        (f"GPRMC,153000,A,{AT},0.00,,140126,,,A", TIME | PLACE | {"speed_mmps": 0}),
        (f"GPRMC,153000,A,{AT},,360.0,140126,,,A", TIME | PLACE | {"course_cdeg": 0}),
        (f"GPRMC,153000,A,{AT},,359.995,140126", TIME | PLACE | {"course_cdeg": 0}),
        ("GPRMC,153000,A", CLOCK),
        ("GPRMC,,A,,,,,,,,,,", {}),
        (GGA, CLOCK | PLACE | ACCURACY | {"quality": 1}),
        (f"GPGGA,153000,{AT},2,11,0.9,31.4", CLOCK | PLACE | ACCURACY | {"quality": 2}),
        (f"GPGGA,153000,{AT},4,11,0.9,31.4,,,,1.0,0120", CLOCK | PLACE | ACCURACY | {"quality": 4}),
        (f"GPGGA,153000,{AT},9,,,-1000.0,M,,,,", CLOCK | PLACE | {"quality": 9, "alt_mm": -1_000_000}),
        (f"GPGGA,153000,{AT},1,,,,F,,,,", CLOCK | PLACE | {"quality": 1}),  # a unit of nothing
        (GNS, CLOCK | PLACE | ACCURACY | {"quality": 1}),
        (f"GNGNS,153000,{AT},NDRN,,,,,,,V", CLOCK | PLACE | {"quality": 4}),
        (f"GNGNS,153000,{AT},F", CLOCK | PLACE | {"quality": 5}),
        (f"GPGLL,{AT}", PLACE),  # 1.5: neither time nor status
        (f"GPGLL,{AT},153000", CLOCK | PLACE),
        (f"GPGLL,{AT},153000,A", CLOCK | PLACE),
        (f"GPGLL,{AT},153000,,", CLOCK | PLACE),
        (f"GNGLL,{AT},153000,A,D", CLOCK | PLACE),
        (f"GNGLL,{AT},153000,A,E", CLOCK | PLACE | {"quality": 6}),
        ("GPVTG,87.5,T,93.1,M,12.40,N,22.96,K,A", MOVING),
        ("GPVTG,87.5,T,,M,12.40,N,,K", MOVING),
        ("GPVTG,87.5,,93.1,,12.40,,22.96,", MOVING),
        ("GPVTG,,T,,M,,N,22.9644,K,A", {"speed_mmps": 6_379}),
        ("GPVTG,,T,,M,1.00,N,99.99,K,A", {"speed_mmps": 514}),
        ("GPVTG,,T,,M,,N,,K,N", {}),
        ("GPVTG", {}),
        ("GNGSA,A,3,03,04,06,13,,,,,,,,,1.5,0.9,1.2", {"hdop_centi": 90}),
        ("GNGSA,A,3,03,04,06,13,,,,,,,,,1.5,0.9,1.2,1", {"hdop_centi": 90}),
        ("GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99", {"hdop_centi": 9_999}),
        ("GNGSA,A,1,,,,,,,,,,,,,,,", {}),
        ("GPZDA,153000.00,14,01,2026,00,00", TIME),
        ("GPZDA,153000.00,14,1,2026", TIME),
        ("GPZDA,153000.00,,,,00,00", CLOCK),
        ("GPZDA,,14,01,2026,,", {}),
        (PSNOW, OWN),
        ("PSNOW,7,1", {"boot": 7, "seq": 1}),
        ("PSNOW,7,1,,,,,,,,,,", {"boot": 7, "seq": 1}),
        ("PSNOW,7,1,1000,U", {"boot": 7, "seq": 1, "uptime_ms": 1_000, "blade": BLADE_UP}),
        ("PSNOW,7,1,,,,,,,1,,,,and,more", {"boot": 7, "seq": 1, "pto": 1}),
        (
            "PSNOW,4294967295,9007199254740991,9007199254740991",
            {"boot": 2**32 - 1, "seq": 2**53 - 1, "uptime_ms": 2**53 - 1},
        ),
    ],
)
def test_what_a_sentence_states(text: str, values: dict[str, int]) -> None:
    assert read(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("GPRMC,153000,V,3634.0000,N,13639.0000,E,12.40,87.5,140126,,,A", TIME | MOVING),
        ("GPRMC,153000,,3634.0000,N,13639.0000,E,12.40,87.5,140126,,,A", TIME | MOVING),
        ("GPRMC,153000,A,3634.0000,N,13639.0000,E,12.40,87.5,140126,,,N", TIME | MOVING),
        ("GPRMC,,V,,,,,,,,,,N", {}),
        ("GPRMC", {}),
        (f"GPGGA,153000,{AT},0,00,99.99,,,,,,", CLOCK | {"quality": 0, "satellites": 0, "hdop_centi": 9_999}),
        (f"GPGGA,153000,{AT},,11", CLOCK | {"satellites": 11}),
        (f"GPGGA,153000,{AT}", CLOCK),
        (f"GNGNS,153000,{AT},NN,00", CLOCK | {"quality": 0, "satellites": 0}),
        (f"GNGNS,153000,{AT},,00", CLOCK | {"satellites": 0}),
        (f"GNGLL,{AT},153000,V,A", CLOCK),
        (f"GNGLL,{AT},153000,A,N", CLOCK),
    ],
)
def test_a_void_sentence_has_no_place_but_all_else(text: str, values: dict[str, int]) -> None:
    assert read(text) == values
    assert [fix["remarks"] for fix in fixes(text)] == [Remark.VOID]


@pytest.mark.parametrize(
    ("text", "at", "field", "lost"),
    [
        (RMC, 1, "253000", ["day_us", "time_us"]),
        (RMC, 2, "X", list(PLACE)),
        (RMC, 2, "a", list(PLACE)),
        (RMC, 2, "AA", list(PLACE)),
        (RMC, 3, "3660.0", list(PLACE)),
        (RMC, 3, "", list(PLACE)),
        (RMC, 4, "", list(PLACE)),
        (RMC, 5, "nowhere", list(PLACE)),
        (RMC, 6, "N", list(PLACE)),
        (RMC, 7, "-1", ["speed_mmps"]),
        (RMC, 7, "fast", ["speed_mmps"]),
        (RMC, 7, "99999999", ["speed_mmps"]),
        (RMC, 8, "360.01", ["course_cdeg"]),
        (RMC, 8, "-1", ["course_cdeg"]),
        (RMC, 9, "310226", ["time_us"]),
        (RMC, 12, "B", []),
        (GGA, 6, "X", ["quality", *PLACE]),
        (GGA, 6, "12", ["quality", *PLACE]),
        (GGA, 7, "-1", ["satellites"]),
        (GGA, 7, "1000", ["satellites"]),
        (GGA, 7, "11.0", ["satellites"]),
        (GGA, 8, "x", ["hdop_centi"]),
        (GGA, 8, "-0.9", ["hdop_centi"]),
        (GGA, 9, "100000.001", ["alt_mm"]),
        (GGA, 9, "-1000.001", ["alt_mm"]),
        (GGA, 9, "--1", ["alt_mm"]),
        (GGA, 10, "F", ["alt_mm"]),
        (GGA, 10, "m", ["alt_mm"]),
        (GGA, 10, "MM", ["alt_mm"]),
        (GNS, 6, "AX", ["quality", *PLACE]),
        (GNS, 6, "1", ["quality", *PLACE]),
        (GNS, 2, "9100.0", list(PLACE)),
        (PSNOW, 3, "-1", ["uptime_ms"]),
        (PSNOW, 3, "9007199254740992", ["uptime_ms"]),
        (PSNOW, 4, "X", ["blade"]),
        (PSNOW, 4, "d", ["blade"]),
        (PSNOW, 5, "90.01", ["blade_cdeg"]),
        (PSNOW, 5, "-90.01", ["blade_cdeg"]),
        (PSNOW, 6, "2", ["spreading"]),
        (PSNOW, 6, "01", ["spreading"]),
        (PSNOW, 7, "1000.001", ["spread_mgpm2"]),
        (PSNOW, 8, "-1", ["spread_width_mm"]),
        (PSNOW, 8, "100.001", ["spread_width_mm"]),
        (PSNOW, 9, "on", ["pto"]),
        (PSNOW, 10, "10000", ["inputs"]),
        (PSNOW, 10, "G", ["inputs"]),
        (PSNOW, 11, "100.001", ["battery_mv"]),
        (PSNOW, 12, "2147483648", ["buffered"]),
    ],
)
def test_a_bad_field_loses_nothing_else(text: str, at: int, field: str, lost: list[str]) -> None:
    left = {name: value for name, value in read(text).items() if name not in lost}
    assert read_with_a_bad_field(with_field(text, at, field)) == left


def test_several_bad_fields_of_a_sentence_are_one_line_that_is_told() -> None:
    assert read_with_a_bad_field("GPRMC,x,x,x,x,x,x,x,x,x,x,x,x") == {}


@pytest.mark.parametrize(
    "text",
    [
        *("PSNOW,0,1,1000,D", "PSNOW,1,0,1000,D", "PSNOW,,1,1000,D", "PSNOW,1,,1000,D", "PSNOW,1", "PSNOW", "PSNOW,,"),
        *("PSNOW,4294967296,1,1000,D", "PSNOW,1,9007199254740992,1000,D", "PSNOW,1.0,1,1000,D", "PSNOW,-1,1,1000,D"),
        *("PSNOW,1,x,1000,D", "PSNOW,1,99999999999999999999999,1000,D"),
    ],
)
def test_without_its_number_psnow_is_no_sentence(text: str) -> None:
    found = decoded(sentence(text) + sentence(RMC))
    assert names(found.counts) == {"BAD_FIELD": 1}
    assert found.fixes.sources.tolist() == [Source.RMC]
    assert read_with_a_bad_field(text) == {}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("GPVTG,087.5,093.1,012.4,022.9", {}),
        ("GPVTG,087.5,093.1,012.4,022.9,A", {}),
        ("GPVTG,87.5,M,93.1,T,12.40,K,22.96,N", {}),
        ("GPVTG,87.5,T,93.1,M,12.40,K,22.9644,K", MOVING),
        ("GPVTG,87.5,T,93.1,M,fast,N,22.9644,K", MOVING),
    ],
)
def test_a_vtg_with_other_units_gives_no_wrong_speed(text: str, values: dict[str, int]) -> None:
    assert read_with_a_bad_field(text) == values


@pytest.mark.parametrize(
    "text", ["GPGLL,363", "GPGLL,3634", "GPGLL,3634.0,N", "GPGLL,,,13639.0,E", "GPGLL,1,,", "GPGLL,,,,E"]
)
def test_half_a_position_is_bad(text: str) -> None:
    assert read_with_a_bad_field(text) == {}


@pytest.mark.parametrize("text", ["GPZDA,153000,14", "GPZDA,153000,14,01", "GPZDA,153000,1,,", "GPZDA,153000,,,2026"])
def test_part_of_a_date_is_bad(text: str) -> None:
    assert read_with_a_bad_field(text) == CLOCK


def test_the_table_is_in_the_order_of_belief_that_its_sources_have() -> None:
    assert [kind.source for kind in SENTENCES] == sorted(Source)[: len(SENTENCES)]


def test_all_that_a_fix_has_is_stated_by_some_sentence_or_made_of_what_is() -> None:
    stated = {field.value for kind in SENTENCES for field in kind.fields} | {"lon_e7"}
    made = {"device", "received_us", "digest", "time_us", "sources", "remarks"}
    assert stated | made == {*FixBatch.dtypes(), "date_us", "void"}
    assert set(VALUES) == stated
