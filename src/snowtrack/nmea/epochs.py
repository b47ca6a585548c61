"""Sentences to epochs: what belongs to one instant becomes one row.

`$PSNOW` opens an epoch. Where a tracker sends none, a new time of day opens the next one, and so does a sentence whose
kind the epoch has already, unless it only says the same again. A sentence without a time belongs to the epoch before
it; one whose time cannot be read stands alone. Of two that state the same value the one higher in the table is
believed, whichever comes first.

An epoch is known by the sentences that say when it was: receivers differ in whether course and dilution come before or
after these, and so does where one burst of theirs ends.
"""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import compiled, part
from snowtrack.model.columns import Bools, Int8s, Int64s
from snowtrack.model.fixes import Remark
from snowtrack.nmea.fields import Sentences
from snowtrack.nmea.framing import Frames

UNCHECKED = int(Remark.UNCHECKED)
# Some receivers write the same instant with more decimals in one sentence than in another.
SAME_INSTANT_US = 5_000


class Joining(NamedTuple):
    """What the table says of each kind: its source, whether it opens an epoch, whether an epoch may have several.

    `absent` is what stands for no value, by value; the first is the time of day.
    """

    source: Int64s
    opens: Bools
    repeats: Bools
    absent: Int64s


class Epochs(NamedTuple):
    """Rows: `numbers` has a line per value and a column per epoch. `at` is where its first sentence begins.

    Of the epoch being joined: which kind `stated_by` value is believed, and which frame is the `first_of` each kind.
    """

    payload: Int64s
    at: Int64s
    digest: Int64s
    sources: Int64s
    remarks: Int64s
    numbers: Int64s
    stated_by: Int64s
    first_of: Int64s


@compiled
def join_sentences(frames: Frames, sentences: Sentences, joining: Joining, epochs: Epochs) -> int:
    """Fill `epochs`; how many there are."""
    source, opens, absent = joining.source, joining.opens, joining.absent
    numbers, stated_by, first_of = epochs.numbers, epochs.stated_by, epochs.first_of
    count, row, payload = 0, -1, -1
    opened, closed, timed = False, True, False
    for frame in range(len(sentences.kind)):
        kind, alone = sentences.kind[frame], sentences.alone[frame]
        if kind < 0:
            continue
        facts = slice(sentences.facts_from[frame], sentences.facts_from[frame + 1])
        value, number = sentences.value[facts], sentences.number[facts]
        joins = not (closed or opens[kind] or frames.payload[frame] != payload or (alone and not opened))
        joins = joins and same_instant(value, number, numbers[0, row], absent[0])
        if joins and first_of[kind] >= 0 and not joining.repeats[kind]:
            if says_no_more(sentences, frame, first_of[kind]):
                continue
            joins = False
        if not joins:
            row, count, payload = count, count + 1, frames.payload[frame]
            opened, closed, timed = opens[kind], alone and not opens[kind], False
            epochs.payload[row], epochs.at[row], epochs.digest[row] = payload, frames.at[frame], 0
            epochs.sources[row], epochs.remarks[row] = 0, 0
            for line in range(len(absent)):
                numbers[line, row], stated_by[line] = absent[line], len(source)
            first_of[:] = -1
        if first_of[kind] < 0:
            first_of[kind] = frame
        epochs.sources[row] |= source[kind]
        epochs.remarks[row] |= UNCHECKED * frames.unchecked[frame]
        tells_when = opens[kind] or states_time(value)
        if tells_when and not timed:
            epochs.digest[row], timed = 0, True
        if tells_when or not timed:
            epochs.digest[row] = chained(epochs.digest[row], frames.digest[frame])
        for fact in range(len(value)):
            if kind < stated_by[value[fact]]:
                numbers[value[fact], row], stated_by[value[fact]] = number[fact], kind
    return count


@part
def states_time(value: Int8s) -> bool:
    """Whether a sentence says when it was."""
    found = False
    for fact in range(len(value)):
        found |= value[fact] == 0
    return found


@part
def same_instant(value: Int8s, number: Int64s, day_us: int, absent: int) -> bool:
    """Whether a sentence may belong to an epoch of this time of day."""
    for fact in range(len(value)):
        if value[fact] == 0:
            return bool(day_us == absent or abs(number[fact] - day_us) < SAME_INSTANT_US)
    return True


@part
def says_no_more(sentences: Sentences, frame: int, earlier: int) -> bool:
    """Whether a sentence states nothing that an earlier one has not stated."""
    value, number, facts_from = sentences.value, sentences.number, sentences.facts_from
    for fact in range(facts_from[frame], facts_from[frame + 1]):
        said = False
        for other in range(facts_from[earlier], facts_from[earlier + 1]):
            said |= value[other] == value[fact] and number[other] == number[fact]
        if not said:
            return False
    return True


@part
def chained(digest: int, next_digest: int) -> int:
    """The digest of a text and one more."""
    mixed = (np.uint64(digest) ^ np.uint64(next_digest)) * np.uint64(0x9E3779B97F4A7C15)
    return int(np.int64(mixed ^ (mixed >> np.uint64(32))))
