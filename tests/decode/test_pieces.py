"""A log is read piece by piece and gives what it would as one piece: no epoch is cut, wherever a read ends."""

import json
from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.nmea.decode import Decoder, Dialect
from snowtrack.services import nmea_log
from snowtrack.services.decoding import REJECTS_KEPT, LogDecoder, Reading, Tally
from snowtrack.services.nmea_log import read_pieces
from snowtrack.tracks.clock import place
from snowtrack.tracks.learning import learn
from tests.decode.plain_words import in_words
from tests.decode.receiver_logs import COLD_START, LAT_E7, LON_E7, START_US, logs, second, seconds, without_checksums
from tests.decode.running import STANDARD, Written, pieces, written
from tests.oracles.nmea import psnow, rmc, sentence
from tests.services.dialect_of_ptrk import PTRK, in_ptrk

WHOLE = 2**30
NUMBERED = b"".join(psnow(7, at + 1, "D") + second(START_US + at * SECOND_US) for at in range(2_000))
UNCHECKED = Reading(decoder=Decoder([Dialect(unchecked=True)], REJECTS_KEPT), dialect=1)
ADAPTED = Reading(decoder=Decoder([PTRK], REJECTS_KEPT), dialect=1)
# An epoch of these logs, with the dirt in it, is shorter than the smallest block.
BLOCKS = st.integers(3_000, 9_000)


def as_one_piece(log: bytes, reading: Reading = STANDARD) -> Written:
    return written(log, reading, block_bytes=WHOLE, epoch_bytes_max=WHOLE)


@given(log=logs(), block=BLOCKS, window=st.integers(300, 3_000))
def test_blocks_of_any_size_give_the_same(log: bytes, block: int, window: int) -> None:
    assert written(log, block_bytes=block, epoch_bytes_max=window) == as_one_piece(log)


@given(log=logs(), block=BLOCKS)
def test_so_they_do_where_lines_have_no_checksum(log: bytes, block: int) -> None:
    bare = without_checksums(log)
    assert written(bare, UNCHECKED, block_bytes=block) == as_one_piece(bare, UNCHECKED)


@given(log=logs(), block=BLOCKS)
def test_so_they_do_where_a_makers_sentence_opens_the_epochs(log: bytes, block: int) -> None:
    adapted = in_ptrk(log)
    assert written(adapted, ADAPTED, block_bytes=block) == as_one_piece(adapted, ADAPTED)


@given(log=logs(), cuts=st.lists(st.integers(0, 20_000), max_size=30))
def test_reads_may_end_anywhere(log: bytes, cuts: list[int]) -> None:
    """As those of a pipe do."""
    found = list(read_pieces(pieces(log, [cut for cut in cuts if cut < len(log)]), STANDARD.decode))
    assert b"".join(piece.content for piece in found) == log
    assert [piece.at for piece in found] == [0, *accumulate(len(piece.content) for piece in found)][: len(found)]
    counts = [len(STANDARD.decode(b"\n" + piece.content).fixes) for piece in found]
    assert sum(counts) == len(STANDARD.decode(b"\n" + log).fixes)


@given(log=logs(), block=BLOCKS)
def test_pieces_give_what_decoding_and_placing_at_once_gives(log: bytes, block: int) -> None:
    """Numbered by their order if they have no number, told to the clocks, placed, and written with plain arithmetic."""
    last_us = nmea_log.last_time(log, STANDARD.decode)
    decoder = LogDecoder(Reading(decoder=STANDARD.decoder), 2**62 if last_us is None else last_us + DAY_US, Tally())
    decoded = STANDARD.decode(b"\n" + log, decoder.now_us)
    fixes = decoder._numbered(decoded.fixes)
    learn(decoder.clocks, fixes, decoder._oldest_us)
    expected = in_words(fixes, place(fixes, decoder.clocks, decoder._oldest_us))
    found = written(log, block_bytes=block)
    assert [_exactly(line) for line in found.out.splitlines()] == expected
    assert found.stats["bytes"] == len(log)
    assert found.stats["fixes"] == len(expected)


@given(content=st.binary(max_size=3_000), block=st.integers(1, 500))
def test_any_bytes_are_read(content: bytes, block: int) -> None:
    found = written(b"\n" + content, block_bytes=block)
    assert found.stats["bytes"] == 1 + len(content)
    assert len(found.fixes) == found.stats["fixes"]
    assert len(found.rejected) == sum(found.stats["rejects"].values())


@given(log=logs(), changes=st.dictionaries(st.integers(0, 10_000), st.integers(0, 255), max_size=40), block=BLOCKS)
def test_bytes_that_were_changed_harm_no_piece(log: bytes, changes: dict[int, int], block: int) -> None:
    changed = bytearray(b"\n" + log)
    for at, byte in changes.items():
        changed[1 + at % len(log)] = byte
    found = written(bytes(changed), block_bytes=block)
    assert found.stats["bytes"] == len(changed)
    assert len(found.fixes) == found.stats["fixes"]
    for each in found.rejected:
        assert changed[each["at"] :].decode("ascii", "backslashreplace").startswith(each["line"])


def test_a_cold_start_that_lasts_longer_than_the_window_is_one_epoch() -> None:
    log = seconds(START_US, 500) + COLD_START * 400 + seconds(START_US + 900 * SECOND_US, 500)
    found = read_pieces(pieces(log, range(1_000, len(log), 1_000)), STANDARD.decode)
    assert sum(len(STANDARD.decode(piece.content).fixes) for piece in found) == len(as_one_piece(log).fixes) == 1_001


def test_a_hole_of_nuls_takes_nothing_with_it() -> None:
    """As a file has where the power went: longer than any piece, with good lines on both sides."""
    for size in (100_000, 300_000, 1_000_000):
        log = seconds(START_US, 2) + bytes(size) + seconds(START_US + 2 * SECOND_US, 3_000)
        found = written(log)
        assert len(found.fixes) == 3_002
        assert found.stats["rejects"] == {}


def test_lines_without_an_end_are_read() -> None:
    frames = b"".join(rmc(START_US + at * SECOND_US, LAT_E7, LON_E7).rstrip() for at in range(6_000))
    found = written(frames)
    # Where a piece has to end without a line end, it may end within a frame.
    assert len(found.fixes) >= 6_000 - len(frames) // nmea_log.BLOCK_BYTES


def test_each_rejected_line_of_a_long_log_is_written_once_at_its_place() -> None:
    bad = b"$GPRMC,bad*01\r\n"
    log = b"".join(bad + second(START_US + at * SECOND_US) for at in range(4_000))
    found = written(log)
    step = len(bad) + len(second(START_US))
    assert [each["at"] for each in found.rejected] == list(range(0, 4_000 * step, step))


def test_numbers_of_a_tracker_stay_with_their_epochs_over_all_pieces() -> None:
    found = written(NUMBERED).fixes
    assert len(found) == 2_000
    assert {tuple(fix["sources"]) for fix in found} == {("RMC", "GGA", "PSNOW")}


def test_an_epoch_that_never_ends_does_not_grow_for_ever() -> None:
    log = sentence("GNGSA,A,3,01,,,,,,,,,,,,1.8,0.9,1.5") * 8_000
    sizes = [len(piece.content) for piece in read_pieces(pieces(log, range(0, len(log), 5_000)), STANDARD.decode)]
    assert sum(sizes) == len(log)
    assert max(sizes) <= 2 * nmea_log.BLOCK_BYTES


def test_fixes_that_wait_for_a_date_are_bounded() -> None:
    decoder = LogDecoder(STANDARD, 2**62, Tally(), held_max=5)
    lines = [sentence(f"GPGGA,{at:06d},3634.0,N,13639.0,E,1,11,0.9,31.4,M,,M,,") for at in range(12)]
    released = [len(decoder.decode(line)[0]) for line in lines]
    assert released == [0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0]
    assert len(decoder.release(ended=True)) == 2


def _exactly(line: bytes) -> dict[str, object]:
    """With its decimals as they are written."""
    read: dict[str, object] = json.loads(line, parse_float=Decimal)
    return read
