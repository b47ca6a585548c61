"""Bodies to messages: what is decoded from them is what was said."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, Decoded, FixBatch, Message, Source
from snowtrack.model.ids import DeviceId
from snowtrack.nmea.decode import decode
from snowtrack.nmea.unpack import PAYLOAD_BYTES_MAX
from snowtrack.sources import http
from snowtrack.sources.http import MESSAGE_BYTES, MESSAGE_OBSERVATIONS, Sent, read_lines, read_observations
from snowtrack.sources.observation import NUMBERS, Wrong
from tests.oracles.batches import batch_of
from tests.services.epochs import Fix, epoch, rmc, sentence

PLOUGH = DeviceId("kahoku", "plough-12")
START_US = 1_800_000_000_000_000
FIRST_US, LAST_US = 315_532_800_000_000, 3_471_292_799_999_999  # 1980 … 2079
SEEN = {"time": "2027-01-15T08:00:00Z", "lat": 36.5613, "lon": 136.6562}
DAY_US = 86_400_000_000
# Which fix it is, and of what it was made, has other tests.
APART = {"digest", "sources", "day_us"}


def column_values(name: str) -> st.SearchStrategy[int]:
    number = NUMBERS[name]
    return st.integers(number.low, number.high) | st.sampled_from((number.low, number.high))


PLACES = {"time_us": st.integers(FIRST_US, LAST_US), "lat_e7": column_values("lat"), "lon_e7": column_values("lon")}
OF_RECEIVER = ("alt_m", "speed_mps", "course_deg", "quality", "satellites", "hdop")
OF_WORK = ("angle_deg", "density_gpm2", "width_m", "inputs", "battery_v")
SWITCHED = dict.fromkeys(("blade", "spreading", "pto"), st.integers(0, 1))
WORK = {NUMBERS[name].column: column_values(name) for name in OF_WORK} | SWITCHED
OPTIONAL = {NUMBERS[name].column: column_values(name) for name in OF_RECEIVER} | WORK
NUMBERED = {NUMBERS[name].column: column_values(name) for name in ("uptime_ms", "buffered")}
NUMBER = {"boot": column_values("boot"), "seq": column_values("seq")}
UNNUMBERED_ROWS = st.fixed_dictionaries(PLACES, optional=OPTIONAL)
ROWS = UNNUMBERED_ROWS | st.fixed_dictionaries(PLACES | NUMBER, optional=OPTIONAL | NUMBERED)


def said(row: Mapping[str, int], zone_h: int = 9) -> dict[str, Any]:
    """An observation as its sender writes it; numbers in decimal, as they are."""
    names = {number.column: name for name, number in NUMBERS.items() if name != "speed_kmh"}
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["time_us"])
    found: dict[str, Any] = {"time": at.astimezone(timezone(timedelta(hours=zone_h))).isoformat()}
    for column, value in row.items():
        if column in SWITCHED:
            found[column] = bool(value)
        elif column != "time_us":
            number = NUMBERS[names[column]]
            found[names[column]] = value if number.whole else float(Decimal(value) / number.one[0])
    return found


def sent_of(rows: list[dict[str, Any]]) -> list[Sent]:
    found = read_observations(orjson.dumps(rows), PLOUGH.agency, PLOUGH.device)
    assert not isinstance(found, Wrong), found
    return found


def decoded(messages: list[Sent]) -> FixBatch:
    found = decode([Message(0, 0, message.payload) for message in messages])
    assert not found.counts
    return found.fixes


def read(lines: bytes) -> Decoded:
    return decode([Message(0, 0, lines)])


def expected(rows: list[dict[str, int]]) -> list[dict[str, int]]:
    """What one would put into a `FixBatch` by oneself."""
    defaults = {"device": 0, "received_us": 0, "remarks": 0, "quality": 1}
    batch = batch_of(FixBatch, *({**defaults, **row} for row in rows))
    told = without_apart(batch)
    for row in told:
        row["course_cdeg"] %= 36_000 if row["course_cdeg"] >= 0 else ABSENT_64
    return told


def without_apart(batch: FixBatch) -> list[dict[str, int]]:
    names = list(FixBatch.dtypes())
    rows = (dict(zip(names, row, strict=True)) for row in batch.rows())
    return [{name: value for name, value in row.items() if name not in APART} for row in rows]


@given(st.lists(ROWS, min_size=1, max_size=12), st.integers(-12, 12))
def test_what_is_decoded_is_what_was_said(rows: list[dict[str, int]], zone_h: int) -> None:
    fixes = decoded(sent_of([said(row, zone_h) for row in rows]))
    assert without_apart(fixes) == expected(rows)
    assert fixes.day_us.tolist() == [row["time_us"] % DAY_US for row in rows]
    assert fixes.sources.tolist() == [Source.RMC | Source.GGA | own_sentence(row) for row in rows]


def own_sentence(row: Mapping[str, int]) -> int:
    return Source.PSNOW if "seq" in row else Source.ADAPTED if WORK.keys() & row.keys() else 0


FEW_TIMES = st.builds(
    lambda row, time_us: row | {"time_us": time_us}, UNNUMBERED_ROWS, st.integers(START_US, START_US + 2)
)


@given(st.lists(FEW_TIMES, min_size=1, max_size=8), st.randoms())
def test_an_observation_is_known_again_whatever_stands_around_it(rows: list[dict[str, int]], chance: Any) -> None:  # noqa: ANN401
    alone = [decoded(sent_of([said(row)])).rows() for row in rows]
    mixed = list(rows)
    chance.shuffle(mixed)
    together = decoded(sent_of([said(row) for row in mixed]))
    assert sorted(set(together.rows())) == sorted({one for (one,) in alone})


def test_kilometres_an_hour_and_words_are_understood() -> None:
    for blade, meant in (("down", BLADE_DOWN), (True, BLADE_DOWN), ("up", BLADE_UP), (False, BLADE_UP)):
        assert decoded(sent_of([SEEN | {"blade": blade}])).blade.tolist() == [meant]
    assert decoded(sent_of([SEEN | {"speed_kmh": 36}])).speed_mmps.tolist() == [10_000]
    assert decoded(sent_of([SEEN | {"hdop": None}])).hdop_centi.tolist() == decoded(sent_of([SEEN])).hdop_centi.tolist()


def test_messages_are_small_and_keep_machines_apart() -> None:
    rows = [
        SEEN | {"time": f"2027-01-15T08:{at // 60:02d}:{at % 60:02d}Z", "device": f"d{at % 2}"}
        for at in range(2 * MESSAGE_OBSERVATIONS + 10)
    ]
    sent = read_observations(orjson.dumps(rows), "kahoku")
    assert not isinstance(sent, Wrong)
    assert [(message.device.device, message.observations) for message in sent] == [
        ("d0", MESSAGE_OBSERVATIONS),
        ("d0", 5),
        ("d1", MESSAGE_OBSERVATIONS),
        ("d1", 5),
    ]
    assert max(len(message.payload) for message in sent) < PAYLOAD_BYTES_MAX
    assert len(decoded(sent)) == len(rows)


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"time": None}, "time", "a time with an offset"),
        ({"time": "2027-01-15T08:00:00"}, "time", "a time with an offset"),
        ({"time": "1979-12-31T23:59:59Z"}, "time", "from 1980 to 2079"),
        ({"time": "0001-01-01T00:00:00+12:00"}, "time", "from 1980 to 2079"),
        ({"time": 1_800_000_000}, "time", "a time with an offset"),
        ({"lat": 90.1}, "lat", "a number from -90 to 90"),
        ({"lat": "36.5"}, "lat", "a number from -90 to 90"),
        ({"lat": True}, "lat", "a number from -90 to 90"),
        ({"lon": None}, "lon", "a number from -180 to 180"),
        ({"lon": 1e308}, "lon", "a number from -180 to 180"),
        ({"latitude": 1}, "latitude", "known are time, lat"),
        ({"satellites": 1.5}, "satellites", "a whole number from 0 to 999"),
        ({"quality": 0}, "quality", "a whole number from 1 to 9"),
        ({"speed_mps": 1, "speed_kmh": 3.6}, "speed_kmh", "not both"),
        ({"speed_kmh": -1}, "speed_kmh", "a number from 0"),
        ({"blade": 1, "boot": 1, "seq": 1}, "blade", '"down" or "up" or true or false'),
        ({"blade": "D", "boot": 1, "seq": 1}, "blade", '"down" or "up" or true or false'),
        ({"uptime_ms": 1}, "uptime_ms", "boot and seq beside it"),
        ({"boot": 1}, "seq", "the number that belongs to this boot"),
        ({"seq": 1}, "boot", "the boot that this seq belongs to"),
        ({"boot": 0, "seq": 1}, "boot", "a whole number from 1 to 4294967295"),
        ({"device": "other"}, "device", "known are time"),
    ],
)
def test_of_a_wrong_body_the_first_row_and_field_are_told(change: dict[str, Any], where: str, what: str) -> None:
    wrong = read_observations(orjson.dumps([SEEN, SEEN | change, {}]), "kahoku", "d1")
    assert isinstance(wrong, Wrong)
    assert str(wrong).startswith(f"row 2: {where}: expected ")
    assert what in str(wrong)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "body: expected JSON"),
        (b"[]", "body: expected 1 to 50,000 observations"),
        (b"[7]", "row 1: expected an object"),
        (b'{"device": "no id"}', "row 1: device: expected 1 to 64 of"),
        (b"{}", "row 1: device: expected 1 to 64 of"),
        (b"\xff", "body: expected JSON"),
    ],
)
def test_what_is_no_list_of_observations_is_told(body: bytes, what: str) -> None:
    assert str(read_observations(body, "kahoku")).startswith(what)


def test_observations_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "OBSERVATIONS_MAX", 2)
    assert "at most 2 epochs" in str(read_lines(b"".join(epochs(3)), PLOUGH, read))
    assert "1 to 2 observations" in str(read_observations(orjson.dumps([SEEN] * 3), "kahoku", "d1"))


def epochs(count: int, numbered: bool = True) -> list[bytes]:
    fixes = (Fix(time_us=START_US + at * 1_000_000, lat_deg=36.5 + at * 1e-5) for at in range(count))
    return [epoch(7, at, fix) if numbered else rmc(fix) for at, fix in enumerate(fixes, 1)]


@given(st.integers(1, 900), st.booleans(), st.sampled_from((b"", b"\r\n", b"# a comment\r\n")))
def test_lines_are_cut_where_epochs_begin(count: int, numbered: bool, before: bytes) -> None:
    body = before + b"".join(epochs(count, numbered))
    sent = read_lines(body, PLOUGH, read)
    assert not isinstance(sent, Wrong)
    assert b"".join(message.payload for message in sent).endswith(body.removeprefix(before))
    assert [message.observations for message in sent] == [len(read(message.payload).fixes) for message in sent]
    assert max(len(message.payload) for message in sent) <= MESSAGE_BYTES
    assert decoded(sent).rows() == read_whole(body).rows()


def read_whole(body: bytes) -> FixBatch:
    """Without cuts, in one payload."""
    assert len(body) < PAYLOAD_BYTES_MAX
    return read(body).fixes


def test_what_nobody_reads_between_epochs_is_no_fault() -> None:
    unread = sentence("GPGSV,1,1,00") * 3_000
    body = epochs(1)[0] + unread + epochs(2)[1]
    sent = read_lines(body, PLOUGH, read)
    assert not isinstance(sent, Wrong)
    assert [message.observations for message in sent] == [1, 1]
    assert len(body) > MESSAGE_BYTES


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_the_first_line_that_cannot_be_read_is_named(ending: bytes) -> None:
    for bad, what in (
        (b"$GPRMC,1*00", "the checksum that the line has, found $GPRMC,1*00"),
        (b"hello", "a sentence, which begins with $, found hello"),
        (b"$GPRMC,1", "a checksum, as in $\u2026*hh, found $GPRMC,1".encode()),
        (b"$" + b"x" * 300, "at most 256 bytes"),
        (sentence("GPGGA,x,,,,,1,,,,,,,,").strip(), "fields that can be read"),
    ):
        lines = b"".join(epochs(400)).split(b"\r\n")
        lines[700] = bad
        wrong = read_lines(ending.join(lines), PLOUGH, read)
        assert str(wrong).startswith("line 701: expected "), wrong
        assert (what.decode() if isinstance(what, bytes) else what) in str(wrong)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "at least one epoch"),
        (b"\r\n\r\n", "at least one epoch"),
        (gzip.compress(b"$"), "Content-Encoding"),
        (b"x" * 100_000, "begins with $"),
    ],
)
def test_a_body_without_lines_is_told(body: bytes, what: str) -> None:
    assert what in str(read_lines(body, PLOUGH, read))
