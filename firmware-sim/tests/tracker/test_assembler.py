"""The serial line, cut and broken in every way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.epoch import UNKNOWN
from ploughsim.sentences.families import ALL_KINDS, FAMILIES, FAMILY_NAMES, KEPT_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.assembler import EPOCH_BYTES_MAX, LINE_BYTES_MAX, Assembler, Heard

_FAMILIES = st.integers(0, len(FAMILIES) - 1)


def _night(family: int, count: int, kinds: int, step_ms: int = 1000) -> list[bytes]:
    rows = [row_of(number, boot=0, seq=0) for number in range(count)]
    for number, row in enumerate(rows):
        row["clock_ms"] = 55_800_000 + number * step_ms
    return [write_epoch(row, family, own=False, kinds=kinds) for row in rows]


def _heard(pieces: list[bytes], *, family: int = FAMILY, everything: bool = False, step_ms: int = 0) -> list[Heard]:
    """All that is heard, with silence after it."""
    assembler = Assembler(family, everything=everything)
    heard = [one for at, piece in enumerate(pieces) for one in assembler.feed(piece, at * step_ms)]
    return heard + assembler.feed(b"", len(pieces) * step_ms + 10_000)


def _texts(heard: list[Heard]) -> list[bytes]:
    return [one.text for one in heard]


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


_PLACES = st.lists(st.integers(0, 10**6), max_size=30)


@given(family=_FAMILIES, places=_PLACES)
def test_of_all_that_a_receiver_says_rmc_and_gga_are_kept_however_it_is_cut(family: int, places: list[int]) -> None:
    line = b"".join(_night(family, 4, ALL_KINDS))
    assert _texts(_heard(_cut(line, places), family=family)) == _night(family, 4, KEPT_KINDS)


@given(family=_FAMILIES, places=_PLACES, step_ms=st.sampled_from([100, 1000]))
def test_everything_is_kept_if_asked_for(family: int, places: list[int], step_ms: int) -> None:
    epochs = _night(family, 4, ALL_KINDS, step_ms)
    whole = [epoch for epoch in epochs if len(epoch) <= EPOCH_BYTES_MAX]
    heard = _texts(_heard(_cut(b"".join(whole), places), family=family, everything=True))
    assert heard == whole


_PIECES = [
    *_night(FAMILY, 2, ALL_KINDS)[1].splitlines(keepends=True),
    *(b"$", b"\n", b"\r", b"\r\n", b"$GPRMC,", b"*47\r\n", b"U" * 200, b"$GPTXT,1*00\r\n"),
]
_LINES = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=20), max_size=60).map(b"".join)


@given(data=_LINES, places=_PLACES, everything=st.booleans())
def test_whatever_comes_is_kept_within_bounds_and_the_same_however_it_is_cut(
    data: bytes, places: list[int], everything: bool
) -> None:
    whole = _texts(_heard([data], everything=everything))
    assert _texts(_heard(_cut(data, places), everything=everything)) == whole
    assert all(0 < len(text) <= EPOCH_BYTES_MAX for text in whole)
    assert all(len(line) <= LINE_BYTES_MAX for text in whole for line in text.splitlines(keepends=True))


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_broken_line_is_kept_as_it_came_and_the_other_lines_are_unharmed(position: int, bit: int) -> None:
    epochs = _night(FAMILY, 3, KEPT_KINDS)
    position %= len(epochs[1])
    broken = bytearray(epochs[1])
    broken[position] ^= 1 << bit
    heard = _texts(_heard([epochs[0], bytes(broken), epochs[2]], step_ms=1000))
    # Where the end of a line was lost, it gets one.
    assert b"".join(heard).replace(b"\r\n", b"") == (epochs[0] + broken + epochs[2]).replace(b"\r\n", b"")
    assert heard[0] == epochs[0]
    assert heard[-1].endswith(epochs[2])


def test_a_sentence_cut_by_a_power_cut_of_the_receiver_belongs_to_the_next_epoch() -> None:
    first, second = _night(FAMILY, 2, KEPT_KINDS)
    assert _texts(_heard([first[:30], second], step_ms=1000)) == [first[:30] + b"\r\n" + second]


def test_half_a_line_that_is_followed_by_nothing_is_an_epoch_after_two_seconds() -> None:
    assembler = Assembler(FAMILY, everything=False)
    assert assembler.feed(b"$GPRMC,1530", 0) == []
    assert assembler.feed(b"", 1999) == []
    assert assembler.feed(b"", 2000) == [Heard(b"$GPRMC,1530\r\n", b"", 0)]
    assert assembler.waiting_bytes == 0


def test_an_epoch_is_over_with_its_last_sentence_and_not_a_moment_later() -> None:
    (epoch,) = _night(FAMILY, 1, KEPT_KINDS)
    assembler = Assembler(FAMILY, everything=False)
    assert assembler.feed(epoch[:-1], 500) == []
    assert assembler.feed(epoch[-1:], 600) == [Heard(epoch, b"153000.00", 500)]


def test_an_epoch_without_its_last_sentence_is_over_when_the_line_falls_silent() -> None:
    rmc = _night(FAMILY, 1, KEPT_KINDS)[0].splitlines(keepends=True)[0]
    assembler = Assembler(FAMILY, everything=False)
    assert assembler.feed(rmc, 500) == []
    assert assembler.feed(b"", 700) == []
    assert assembler.feed(b"", 750) == [Heard(rmc, b"153000.00", 500)]


def test_another_time_of_day_begins_another_epoch() -> None:
    first, second = _night(FAMILY_NAMES.index("sirf"), 2, KEPT_KINDS)
    gga, rmc = first.splitlines(keepends=True)[0], second.splitlines(keepends=True)[1]
    assert _texts(_heard([gga + rmc], family=FAMILY_NAMES.index("sirf"))) == [gga, rmc]


def _timeless(family: int) -> list[bytes]:
    """The lines of an epoch of a receiver that knows neither time nor place, but those of the satellites."""
    row = row_of(1, boot=0, seq=0)
    row["clock_ms"] = row["date_days"] = row["lat"] = row["lon"] = UNKNOWN
    row["status"] = row["quality"] = 0
    row["mode"] = ord("N")
    text = write_epoch(row, family, own=False, kinds=ALL_KINDS)
    return [line for line in text.splitlines(keepends=True) if line[3:6] not in (b"GSA", b"GSV")]


def test_a_kind_that_an_epoch_has_already_begins_another_one_also_without_a_time() -> None:
    furuno = FAMILY_NAMES.index("furuno")
    epoch = b"".join(_timeless(furuno)[1:])
    assert _texts(_heard([epoch + epoch], family=furuno, everything=True)) == [epoch, epoch]


def test_the_first_kind_of_a_family_begins_another_epoch_also_when_the_one_before_had_lost_its_own() -> None:
    furuno = FAMILY_NAMES.index("furuno")
    lines = _timeless(furuno)
    assert lines[0][3:6] == b"RMC"
    heard = _texts(_heard(lines[1:3] + lines, family=furuno, everything=True))
    assert heard == [b"".join(lines[1:3]), b"".join(lines)]


def test_a_pause_within_a_line_does_not_end_an_epoch() -> None:
    (epoch,) = _night(FAMILY, 1, KEPT_KINDS)
    assembler = Assembler(FAMILY, everything=False)
    assert assembler.feed(epoch[:100], 0) == []
    assert assembler.feed(b"", 1000) == []
    assert _texts(assembler.feed(epoch[100:], 1500)) == [epoch]


def test_junk_without_an_end_is_bounded_and_counted() -> None:
    assembler = Assembler(FAMILY, everything=False)
    for at in range(1000):
        assembler.feed(b"U" * 100, at)
        assert assembler.waiting_bytes <= LINE_BYTES_MAX
    (heard,) = assembler.feed(b"", 5000)
    assert len(heard.text) <= LINE_BYTES_MAX
    assert heard.text.endswith(b"\r\n")
    assert len(heard.text) - 2 + assembler.dropped_bytes == pytest.approx(100_000, abs=4)


def test_an_epoch_has_a_bound_and_what_is_above_it_is_counted() -> None:
    assembler = Assembler(FAMILY, everything=True)
    line = b"$GPTXT,01,01,02,snow*00\n"
    assembler.feed(line * 100, 0)
    (heard,) = assembler.feed(b"", 5000)
    kept = EPOCH_BYTES_MAX // len(line)
    assert heard.text == line * kept
    assert assembler.dropped_bytes == (100 - kept) * len(line)


@pytest.mark.parametrize(
    ("line", "good"),
    [
        (b"$GPGLL,1*4D\r\n", True),
        (b"$GPGLL,1*4d\r\n", True),
        (b"$GPGLL,1*00\r\n", False),
        (b"$GPGLL,1*4D\n", False),
        (b"GPGLL,1*4D\r\n", False),
        (b"$GPGLL,1\r\n", False),
        (b"\r\n", False),
    ],
)
def test_a_good_line_of_another_kind_is_left_out_and_a_broken_one_is_not(line: bytes, good: bool) -> None:
    assert (_texts(_heard([line])) == []) == good


def test_of_too_long_an_epoch_only_what_comes_in_many_lines_is_left_out() -> None:
    for family in range(len(FAMILIES)):
        row = row_of(0, boot=0, seq=0)
        row["satellites"] = 40
        text = write_epoch(row, family, own=False, kinds=ALL_KINDS)
        assembler = Assembler(family, everything=True)
        (heard,) = [*assembler.feed(text, 0), *assembler.feed(b"", 5_000)]
        kinds = {line[3:6] for line in heard.text.split(b"\r\n") if line}
        assert kinds >= {kind.name.encode() for kind in FAMILIES[family].order} - {b"GSV", b"GSA"}
        assert len(heard.text) == len(text) - assembler.dropped_bytes <= EPOCH_BYTES_MAX
