"""Whatever comes in, the columnar decoder says what the scalar oracle says, and what follows from its promises.

These are the tests that `make fuzz` repeats.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch, Message
from snowtrack.nmea.decode import Decoder
from snowtrack.nmea.unpack import GZIP, ZSTD, unpack
from tests.nmea.beginnings import assert_beginning, decode_each, same_but_for_the_device
from tests.nmea.makers import DIALECTS, MAKERS_SENTENCES, ORACLES
from tests.nmea.packing import PACKERS
from tests.nmea.receivers import DIRTY, NOISE, PAYLOADS, STRANGE, instants, lines, psnow
from tests.oracles import nmea_fixes
from tests.oracles.nmea import EPOCH, angle, sentence

REJECTS_KEPT = 10
DECODER = Decoder(DIALECTS, rejects_kept=REJECTS_KEPT)

WITH_MAKERS = st.lists(
    st.one_of(instants(), st.lists(MAKERS_SENTENCES, max_size=2), st.lists(psnow(), max_size=1)), max_size=6
).flatmap(lambda parts: lines([text for part in parts for text in part]))
UNCHECKED = PAYLOADS.flatmap(
    lambda payload: st.sampled_from([payload, payload.replace(b"*", b"\n"), payload.replace(b"*", b"\r\n# ", 2)])
)


def messages(payloads: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[Message]]:
    """Some messages of a few devices, in any of the dialects."""
    message = st.builds(
        Message,
        device=st.integers(1, 3),
        received_us=st.integers(0, 2**60),
        payload=payloads,
        dialect=st.integers(0, len(ORACLES)),
    )
    return st.lists(message, max_size=2)


def assert_as_the_oracle_says(given_messages: Sequence[Message]) -> None:
    decoded = DECODER.decode(given_messages)
    expected = nmea_fixes.read(given_messages, ORACLES, REJECTS_KEPT)
    assert named(decoded.fixes) == [dict(zip(FixBatch.dtypes(), row, strict=True)) for row in expected.rows]
    assert decoded.begins.tolist() == expected.begins
    assert decoded.rejects == expected.rejects
    assert decoded.counts == expected.counts


def named(fixes: FixBatch) -> list[dict[str, int]]:
    return [dict(zip(fixes.dtypes(), row, strict=True)) for row in fixes.rows()]


@given(messages(PAYLOADS))
def test_whole_epochs_are_read_as_the_oracle_reads_them(given_messages: list[Message]) -> None:
    assert_as_the_oracle_says(given_messages)


@given(messages(st.one_of(WITH_MAKERS, UNCHECKED)))
def test_dialects_are_read_as_the_oracle_reads_them(given_messages: list[Message]) -> None:
    assert_as_the_oracle_says(given_messages)


@given(messages(DIRTY))
def test_damaged_epochs_are_read_as_the_oracle_reads_them(given_messages: list[Message]) -> None:
    assert_as_the_oracle_says(given_messages)


@given(messages(STRANGE))
def test_strange_fields_are_read_as_the_oracle_reads_them(given_messages: list[Message]) -> None:
    assert_as_the_oracle_says(given_messages)


@given(messages(NOISE))
def test_noise_is_read_as_the_oracle_reads_it(given_messages: list[Message]) -> None:
    assert_as_the_oracle_says(given_messages)


@given(messages(st.one_of(PAYLOADS, DIRTY, NOISE)))
def test_messages_decoded_together_say_what_each_says_alone(given_messages: list[Message]) -> None:
    together, alone = DECODER.decode(given_messages), [DECODER.decode([message]) for message in given_messages]
    assert together.fixes.rows() == [row for one in alone for row in one.fixes.rows()]
    assert together.begins.tolist() == [at for one in alone for at in one.begins.tolist()]
    rejects = [replace(reject, message=at) for at, one in enumerate(alone) for reject in one.rejects]
    assert list(together.rejects) == rejects[:REJECTS_KEPT]
    assert together.counts == sum((Counter(one.counts) for one in alone), Counter())


@given(st.lists(st.tuples(psnow(), instants()), min_size=1, max_size=4))
def test_what_psnow_opens_is_one_fix_with_its_number(found: list[tuple[str, list[str]]]) -> None:
    decoded, (fixes,) = decode_each([whole_lines([text for opening, said in found for text in [opening, *said]])])
    assert not decoded.rejects
    assert not decoded.counts
    numbers = [tuple(int(text) for text in opening.split(",")[1:3]) for opening, _ in found]
    assert list(zip(fixes.boot.tolist(), fixes.seq.tolist(), strict=True)) == numbers


@given(st.lists(psnow(), max_size=1), instants(), st.randoms())
def test_the_order_of_the_sentences_of_an_epoch_changes_no_value(
    opening: list[str], said: list[str], random: Random
) -> None:
    shuffled = random.sample(said, len(said))
    _, (first, second) = decode_each([whole_lines([*opening, *said]), whole_lines([*opening, *shuffled])])
    for fixes in (first, second):
        assert len(fixes) == 1
    assert values(first) == values(second)


@given(PAYLOADS, st.data())
def test_a_payload_cut_anywhere_gives_its_beginning(payload: bytes, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(payload)))
    _, (part, whole) = decode_each([payload[:size], payload])
    assert_beginning(part, whole)


@given(st.lists(st.one_of(PAYLOADS, DIRTY), max_size=3), st.data())
def test_packed_payloads_say_what_plain_ones_say(parts: list[bytes], data: st.DataObject) -> None:
    packed = b"".join(PACKERS[data.draw(st.sampled_from(list(PACKERS)))](part) for part in parts)
    _, (plain, unpacked) = decode_each([b"".join(parts), packed])
    assert same_but_for_the_device(plain) == same_but_for_the_device(unpacked)


@given(st.sampled_from([GZIP, ZSTD, *(pack(b"$")[:9] for pack in PACKERS.values())]), NOISE)
def test_noise_that_looks_packed_is_told(start: bytes, noise: bytes) -> None:
    decoded = DECODER.decode([Message(device=1, received_us=0, payload=start + noise)])
    plain, fault = unpack(start + noise)
    expected = DECODER.decode([Message(device=1, received_us=0, payload=plain)])
    assert decoded.fixes.rows() == expected.fixes.rows()
    assert decoded.counts == Counter(expected.counts) + Counter([(1, fault)] if fault else [])
    told = [reject.reason for reject in expected.rejects]
    assert [reject.reason for reject in decoded.rejects] == ([fault] if fault else []) + told


FIX = st.fixed_dictionaries(
    {
        "boot": st.integers(1, 2**32 - 1),
        "seq": st.integers(1, 2**53 - 1),
        "uptime_ms": st.integers(0, 2**53 - 1),
        "time_us": st.integers(315_532_800 * 10**6, 3_471_292_800 * 10**6 - 1),  # 1980 to 2079
        "lat_e7": st.integers(-900_000_000, 900_000_000),
        "lon_e7": st.integers(-1_800_000_000, 1_800_000_000),
        "alt_mm": st.integers(-1_000_000, 100_000_000),
        "speed_mmps": st.integers(0, 2**31 - 1),
        "course_cdeg": st.integers(0, 35_999),
        "quality": st.integers(1, 9),
        "satellites": st.integers(0, 999),
        "hdop_centi": st.integers(0, 2**31 - 1),
        "blade": st.sampled_from([BLADE_UP, BLADE_DOWN]),
        "blade_cdeg": st.integers(-9_000, 9_000),
        "spreading": st.integers(0, 1),
        "spread_mgpm2": st.integers(0, 1_000_000),
        "spread_width_mm": st.integers(0, 100_000),
        "pto": st.integers(0, 1),
        "inputs": st.integers(0, 0xFFFF),
        "battery_mv": st.integers(0, 100_000),
        "buffered": st.integers(0, 2**31 - 1),
    }
)


@given(FIX)
def test_what_a_tracker_writes_is_read_back_exactly(fix: dict[str, int]) -> None:
    decoded, (fixes,) = decode_each([whole_lines(written(fix))])
    assert not decoded.rejects
    assert {name: value for (name, value) in named(fixes)[0].items() if name in fix} == fix


def written(fix: dict[str, int]) -> list[str]:
    """A fix as sentences that lose nothing of it."""
    at = EPOCH + timedelta(microseconds=fix["time_us"])
    clock, place = f"{at:%H%M%S.%f}", f"{angle(fix['lat_e7'], 2, 'NS')},{angle(fix['lon_e7'], 3, 'EW')}"
    own = [fix["boot"], fix["seq"], fix["uptime_ms"], "UD"[fix["blade"]], fixed(fix["blade_cdeg"], 2), fix["spreading"]]
    own += [fixed(fix["spread_mgpm2"], 3), fixed(fix["spread_width_mm"], 3), fix["pto"], f"{fix['inputs']:X}"]
    own += [fixed(fix["battery_mv"], 3), fix["buffered"]]
    accuracy = f"{fix['quality']},{fix['satellites']},{fixed(fix['hdop_centi'], 2)},{fixed(fix['alt_mm'], 3)}"
    return [
        f"PSNOW,{','.join(map(str, own))}",
        f"GNRMC,{clock},A,{place},,{fixed(fix['course_cdeg'], 2)},{at:%d%m%y},,,A",
        f"GNGGA,{clock},{place},{accuracy},M,36.9,M,,",
        f"GNVTG,,T,,M,,N,{fixed(fix['speed_mmps'] * 36, 4)},K,A",
    ]


def fixed(value: int, places: int) -> str:
    """A number of so many decimal places."""
    whole, rest = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"


def whole_lines(texts: Sequence[str]) -> bytes:
    return b"".join(map(sentence, texts))


def values(fixes: FixBatch) -> dict[str, list[int]]:
    return {name: getattr(fixes, name).tolist() for name in fixes.dtypes() if name not in ("device", "digest")}
