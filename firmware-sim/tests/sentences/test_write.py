"""The compiled text of epochs against plain string formatting, another implementation, and recordings of receivers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pynmea2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.sentences.families import ALL_KINDS, FAMILIES, FAMILY_NAMES, Family, Kind, Units, days
from ploughsim.sentences.read import read_epoch
from ploughsim.sentences.write import write_epoch, write_epochs

FAMILY = st.integers(0, len(FAMILIES) - 1)
Row = dict[str, int]
RECEIVERS = tuple(EPOCH.fields or ())[12:]
"""The fields that are not the tracker's own."""


def maybe(values: st.SearchStrategy[int], absent: int = UNKNOWN) -> st.SearchStrategy[int]:
    return st.one_of(values, st.just(absent))


@st.composite
def rows(draw: st.DrawFn, family: int, leap_seconds: bool = True) -> Row:
    """Any row that a receiver of the family can show."""
    form = FAMILIES[family]
    tick_ms = 10 ** (3 - form.time_places)
    day_ms = 86_401_000 if leap_seconds else 86_400_000
    minute = 10**form.minute_places
    return {
        "boot": draw(st.integers(1, 2**32 - 1)),
        "seq": draw(st.integers(1, 2**53 - 1)),
        "uptime_ms": draw(maybe(st.integers(0, 2**53 - 1))),
        "blade": draw(st.sampled_from([NOT_SAID, 0, 1])),
        "spreader": draw(st.sampled_from([NOT_SAID, 0, 1])),
        "pto": draw(st.sampled_from([NOT_SAID, 0, 1])),
        "angle_tenths": draw(maybe(st.integers(-900, 900))),
        "density_tenths": draw(maybe(st.integers(0, 10_000))),
        "width_tenths": draw(maybe(st.integers(0, 1_000))),
        "inputs": draw(maybe(st.integers(0, 0xFFFF))),
        "battery_hundredths": draw(maybe(st.integers(0, 10_000))),
        "buffer": draw(maybe(st.integers(0, 2**31 - 1))),
        "clock_ms": draw(maybe(st.integers(0, day_ms // tick_ms - 1).map(lambda ticks: ticks * tick_ms))),
        "date_days": draw(maybe(st.integers(0, days(2079, 12, 31)))),
        "status": draw(st.integers(0, 1)),
        "quality": draw(st.integers(-1, 8)),
        "mode": draw(st.sampled_from(b"ADEFMNPRS")) if form.modes else NOT_SAID,
        "lat": draw(maybe(st.integers(-90 * 60 * minute, 90 * 60 * minute))),
        "lon": draw(maybe(st.integers(-180 * 60 * minute, 180 * 60 * minute))),
        "speed": draw(maybe(st.integers(0, 300_000))),
        "course": draw(maybe(st.integers(0, 360 * 10**form.course_places - 1))),
        "altitude": draw(maybe(st.integers(-500_000, 9_000_000))),
        "separation_tenths": draw(maybe(st.integers(-1_000, 1_000))),
        "satellites": draw(st.integers(-1, 99)),
        "hdop": draw(maybe(st.integers(0, 9_999))),
    }


WRITTEN = FAMILY.flatmap(lambda family: st.tuples(st.just(family), rows(family)))


def table(*values: Row) -> Array:
    return np.array([tuple(row[name] for name in EPOCH.names or ()) for row in values], EPOCH)


# The same text by plain string formatting.


def checked(body: str) -> str:
    checksum = 0
    for byte in body.encode("ascii"):
        checksum ^= byte
    return f"${body}*{checksum:02X}\r\n"


def decimal(value: int, places: int, digits: int = 1) -> str:
    if value == UNKNOWN:
        return ""
    text = f"{abs(value):0{digits + places}d}"
    return "-" * (value < 0) + f"{text[:-places]}.{text[-places:]}"


def count(value: int, digits: int = 1) -> str:
    return "" if value < 0 else f"{value:0{digits}d}"


def own_text(row: Row) -> str:
    fields = [
        *("PSNOW", f"{row['boot']}", f"{row['seq']}", count(row["uptime_ms"])),
        {NOT_SAID: "", 0: "U", 1: "D"}[row["blade"]],
        decimal(row["angle_tenths"], 1),
        *(count(row["spreader"]), decimal(row["density_tenths"], 1), decimal(row["width_tenths"], 1)),
        *(count(row["pto"]), "" if row["inputs"] < 0 else f"{row['inputs']:04X}"),
        *(decimal(row["battery_hundredths"], 2), count(row["buffer"])),
    ]
    return checked(",".join(fields).rstrip(","))


def clock_text(row: Row, form: Family) -> str:
    if row["clock_ms"] == UNKNOWN:
        return ""
    second, ms = divmod(row["clock_ms"], 1000)
    shown = "235960" if second == 86_400 else f"{timedelta(seconds=second)}".replace(":", "").zfill(6)
    return shown + (f".{ms:03d}"[: 1 + form.time_places] if form.time_places else "")


def angle_text(value: int, form: Family, digits: int, sides: str) -> str:
    if value == UNKNOWN:
        return ","
    minutes, parts = divmod(abs(value), 10**form.minute_places)
    shown = f"{minutes // 60:0{digits}d}{minutes % 60:02d}.{parts:0{form.minute_places}d}"
    return f"{shown},{sides[value < 0]}"


def receiver_texts(row: Row, form: Family) -> Iterator[str]:
    """Without GSA and GSV."""
    clock, day = clock_text(row, form), date(1980, 1, 1)
    place = f"{angle_text(row['lat'], form, 2, 'NS')},{angle_text(row['lon'], form, 3, 'EW')}"
    speed = decimal(row["speed"], form.speed_places, form.whole_digits)
    course = decimal(row["course"], form.course_places, form.whole_digits)
    kmh = UNKNOWN if row["speed"] == UNKNOWN else (row["speed"] * 1852 + 500) // 1000
    status, letter = "VA"[row["status"]], chr(row["mode"]) if row["mode"] > 0 else ""
    mode, nav_status = f",{letter}" * form.modes, form.nav_status
    tail = form.differential_tail if row["quality"] == 2 else form.tail
    satellites, hdop = row["satellites"], decimal(row["hdop"], form.hdop_places)
    altitude, separation = decimal(row["altitude"], form.altitude_places), decimal(row["separation_tenths"], 1)
    has_altitude = "M" * (row["altitude"] != UNKNOWN or form.gga_units is Units.ALWAYS)
    beside = form.gga_units is Units.BESIDE_VALUE
    has_separation = "M" * (row["separation_tenths"] != UNKNOWN) if beside else has_altitude
    true, magnetic, knots, kilometres = "TMNK" if form.vtg_units or speed else [""] * 4
    short = long = ","
    if row["date_days"] != UNKNOWN:
        day += timedelta(days=row["date_days"])
        short, long = f"{day:%d%m%y},", f"{day:%d,%m,%Y}"
    else:
        long = ",,"
    modes = "".join("A" if system and letter == "D" else letter for system in range(form.systems))
    kilometres_an_hour = decimal(kmh, form.speed_places, form.whole_digits)
    used = count(satellites, form.satellites_digits)
    bodies = {
        Kind.RMC: f"{clock},{status},{place},{speed},{course},{short}{form.variation}{mode}{nav_status}",
        Kind.GGA: f"{clock},{place},{count(row['quality'])},{used},{hdop},{altitude},{has_altitude},"
        f"{separation},{has_separation},{tail}",
        Kind.GNS: f"{clock},{place},{modes},{count(satellites, 2)},{hdop},{altitude},{separation},{tail}{nav_status}",
        Kind.GLL: f"{place},{clock},{status}{mode}",
        Kind.VTG: f"{course},{true},,{magnetic},{speed},{knots},{kilometres_an_hour},{kilometres}{mode}",
        Kind.ZDA: f"{clock},{long},{form.zone}",
    }
    for kind in form.order:
        if kind in bodies:
            yield checked(f"{(kind is Kind.GGA and form.gga_talker) or form.talker}{kind.name},{bodies[kind]}")


def without_satellites(text: bytes) -> str:
    lines = text.decode("ascii").splitlines(keepends=True)
    return "".join(line for line in lines if line[3:6] not in ("GSA", "GSV"))


@given(WRITTEN)
def test_text_is_what_plain_formatting_gives(written: tuple[int, Row]) -> None:
    family, row = written
    expected = own_text(row) + "".join(receiver_texts(row, FAMILIES[family]))
    assert without_satellites(write_epoch(table(row), family, kinds=ALL_KINDS)) == expected


@given(st.lists(WRITTEN, max_size=5), st.booleans(), st.integers(0, 255))
def test_many_rows_are_written_as_each_alone(written: list[tuple[int, Row]], own: bool, wanted: int) -> None:
    kinds = 2 * wanted
    families = np.array([family for family, _ in written], np.int64)
    text, offsets = write_epochs(table(*(row for _, row in written)), families, own=own, kinds=kinds)
    alone = [write_epoch(table(row), family, own=own, kinds=kinds) for family, row in written]
    assert text.tobytes() == b"".join(alone)
    assert list(np.diff(offsets)) == [len(each) for each in alone]


@given(WRITTEN)
def test_rows_that_cannot_be_written_to_are_read_all_the_same(written: tuple[int, Row]) -> None:
    family, row = written
    frozen = np.frombuffer(table(row).tobytes(), EPOCH)
    assert write_epoch(frozen, family) == write_epoch(table(row), family)


@given(WRITTEN)
def test_what_was_written_is_read_as_it_was(written: tuple[int, Row]) -> None:
    family, row = written
    text = write_epoch(table(row), family, own=False)
    read = read_epoch(text, family)
    assert read is not None
    assert {name: int(read[name][0]) for name in RECEIVERS} == {name: row[name] for name in RECEIVERS}


def damaged(text: bytes) -> st.SearchStrategy[bytes]:
    """With a few bytes turned into others, and a right checksum if the lines are still lines."""
    signs = st.sampled_from(b"0123456789,.-+ _AVNSEWM*$\r\n\x00\xff")
    changes = st.lists(st.tuples(st.integers(0, len(text) - 1), signs), min_size=1, max_size=3)

    def change(made: list[tuple[int, int]]) -> bytes:
        changed = bytearray(text)
        for at, sign in made:
            changed[at] = sign
        lines = bytes(changed).split(b"\r\n")
        bodies = [line[1:-3].decode("latin-1") for line in lines if line]
        if all(body.isascii() for body in bodies):
            return "".join(map(checked, bodies)).encode("ascii")
        return bytes(changed)

    return changes.map(change)


ALMOST = WRITTEN.flatmap(
    lambda written: st.tuples(st.just(written[0]), damaged(write_epoch(table(written[1]), written[0], own=False)))
)


@given(ALMOST)
def test_what_is_read_would_be_written_the_same(almost: tuple[int, bytes]) -> None:
    family, text = almost
    read = read_epoch(text, family)
    assert read is None or write_epoch(read, family, own=False) == text


@given(st.binary(max_size=300), FAMILY)
def test_noise_is_not_read(noise: bytes, family: int) -> None:
    assert read_epoch(noise, family) is None


@pytest.mark.parametrize("family", range(len(FAMILIES)), ids=FAMILY_NAMES)
def test_an_epoch_is_not_read_as_one_cut_off_anywhere_or_with_more_behind_it(family: int) -> None:
    text = write_epoch(table(AT_WORK | {"mode": ord("A") if FAMILIES[family].modes else NOT_SAID}), family, own=False)
    assert read_epoch(text, family) is not None
    assert [cut for cut in range(len(text)) if read_epoch(text[:cut], family) is not None] == []
    assert read_epoch(text + b"$", family) is None


AT_WORK: Row = {
    **dict.fromkeys(EPOCH.names or (), 0),
    **{"boot": 7, "seq": 2, "uptime_ms": 2000, "clock_ms": 55_801_000, "date_days": days(2026, 1, 14), "status": 1},
    **{"quality": 1, "mode": ord("A"), "lat": 21_940_004, "lon": 81_990_052, "speed": 124, "course": 875},
    **{"altitude": 314, "separation_tenths": 369, "satellites": 9, "hdop": 9},
}


@pytest.mark.parametrize("family", range(len(FAMILIES)), ids=FAMILY_NAMES)
@given(data=st.data())
def test_another_implementation_reads_every_sentence(family: int, data: st.DataObject) -> None:
    row, form = data.draw(rows(family, leap_seconds=False)), FAMILIES[family]
    lines = write_epoch(table(row), family, own=False, kinds=ALL_KINDS).decode("ascii").splitlines()
    parsed = [pynmea2.parse(line, check=True) for line in lines]
    kinds = list(dict.fromkeys(sentence.sentence_type for sentence in parsed))
    quiet = row["clock_ms"] != UNKNOWN and row["clock_ms"] % (1000 * form.gsv_every_s) > 0
    assert kinds == [kind.name for kind in form.order if not (quiet and kind is Kind.GSV)]
    by_kind = {sentence.sentence_type: sentence for sentence in parsed}
    rmc, gga = by_kind["RMC"], by_kind["GGA"]
    minute = 60 * 10**form.minute_places
    for sentence in [by_kind[kind] for kind in ("RMC", "GGA", "GLL", "GNS") if kind in by_kind]:
        if UNKNOWN not in (row["lat"], row["lon"]):
            assert sentence.latitude == pytest.approx(row["lat"] / minute, abs=1e-9)
            assert sentence.longitude == pytest.approx(row["lon"] / minute, abs=1e-9)
    if UNKNOWN not in (row["clock_ms"], row["date_days"]):
        instant = datetime(1980, 1, 1, tzinfo=UTC) + timedelta(days=row["date_days"], milliseconds=row["clock_ms"])
        shown = datetime.combine(rmc.datestamp, rmc.timestamp.replace(tzinfo=UTC))
        # A year of two digits is of this century or the last one, depending on whom one asks.
        assert instant.replace(year=2000) == shown.replace(year=2000) if instant.day != 29 else True
    assert rmc.status == "VA"[row["status"]]
    assert said(gga.horizontal_dil) == shown_value(row["hdop"], form.hdop_places)
    assert said(gga.altitude) == shown_value(row["altitude"], form.altitude_places)
    assert said(rmc.spd_over_grnd) == shown_value(row["speed"], form.speed_places)
    assert said(rmc.true_course) == shown_value(row["course"], form.course_places)


def said(value: object) -> float | None:
    return None if value in (None, "") else float(str(value))


def shown_value(value: int, places: int) -> float | None:
    return None if value == UNKNOWN else value / float(10**places)


def satellites(row: Row, family: int) -> tuple[list[tuple[str, str]], list[tuple[str, ...]]]:
    """Those of the GSA, with the number of their sentence; those of the GSV, each with talker, place and strength."""
    text = write_epoch(table(row), family, own=False, kinds=Kind.GSA.bit | Kind.GSV.bit).decode("ascii")
    in_use, in_view, sentence = [], [], 0
    for line in text.splitlines():
        assert len(line) <= 80
        fields = line.split("*")[0].split(",")
        if fields[0].endswith("GSA"):
            sentence += 1
            in_use += [(str(sentence), number) for number in fields[3:15] if number]
            assert fields[16] == decimal(row["hdop"], FAMILIES[family].hdop_places)
        else:
            end = len(fields) - FAMILIES[family].numbered
            in_view += [(fields[0][1:3], *fields[at : at + 4]) for at in range(4, end, 4)]
    return in_use, in_view


@given(WRITTEN)
def test_satellites_are_as_many_as_are_said_and_none_twice(written: tuple[int, Row]) -> None:
    family, row = written
    in_use, in_view = satellites(row, family)
    form = FAMILIES[family]
    each = [len(range(system, max(row["satellites"], 0), form.systems)) for system in range(form.systems)]
    assert len(in_use) == sum(min(share, 12) for share in each)
    assert len(set(in_use)) == len(in_use)
    assert len({(talker, number) for talker, number, *_ in in_view}) == len(in_view)
    if in_view:
        strong = [one for one in in_view if one[4] and one[0] != form.qzss_talker]
        assert sorted(number for _, number in in_use) == sorted(number for _, number, *_ in strong)
        assert len(in_view) == len(strong) + 3 * sum(share > 0 for share in each) + bool(form.qzss_talker)


def test_satellites_rise_and_set() -> None:
    noon, later, evening = ({**AT_WORK, "clock_ms": 43_200_000 + ms} for ms in (0, 60_000, 7_200_000))
    assert satellites(noon, 0)[0] == satellites(later, 0)[0] != satellites(evening, 0)[0]
    assert satellites(noon, 0)[1] != satellites(later, 0)[1]


def test_our_own_sentence_is_the_one_in_the_protocol() -> None:
    first = AT_WORK | {"seq": 1, "uptime_ms": 1000, "blade": 1, "spreader": NOT_SAID, "pto": NOT_SAID}
    first |= dict.fromkeys(("angle_tenths", "density_tenths", "width_tenths", "inputs"), UNKNOWN)
    first |= dict.fromkeys(("battery_hundredths", "buffer"), UNKNOWN)
    second = first | {"seq": 2, "uptime_ms": 2000, "spreader": 1, "pto": 1, "inputs": 3, "buffer": 0}
    second |= {"angle_tenths": -250, "density_tenths": 205, "width_tenths": 32, "battery_hundredths": 1381}
    third = first | {"seq": 3, "uptime_ms": 3000, "blade": 0}
    text, _ = write_epochs(table(first, second, third), 0, kinds=0)
    assert text.tobytes().decode("ascii").splitlines() == [
        "$PSNOW,7,1,1000,D*16",
        "$PSNOW,7,2,2000,D,-25.0,1,20.5,3.2,1,0003,13.81,0*02",
        "$PSNOW,7,3,3000,U*07",
    ]
