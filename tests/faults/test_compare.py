"""What is held against SQL is found: an epoch that is lost, doubled, altered, or of nobody."""

from pathlib import Path

import psycopg
import pytest

from tests.faults.compare import Comparison, Stored, compare, read_quarantined
from tests.faults.ledger import Key, Ledger, Pen, Watch
from tests.faults.trial import compared

DEVICE = "kanazawa/d1"
ADD_DEVICE = "insert into device (agency, name) values ('kanazawa', 'd1') returning device"
ADD = """
insert into fix_undated (device, received_at, received_minute, boot, seq, digest, uptime_ms)
values (%s, now(), now() - %s * interval '1 minute', %s, %s, 0, %s)
"""
ADD_QUARANTINE = """
insert into quarantine (device, received_at, payload, reasons, first_line) values (%s, now(), %s, '{1}', '')
"""


def epoch(boot: int, seq: int) -> bytes:
    return b"$PSNOW,%d,%d,%d,D*00\r\n" % (boot, seq, seq * 1000)


def key(seq: int, boot: int = 1) -> Key:
    return Key(DEVICE, boot, seq)


def written(folder: Path, seqs: range, durable: int) -> Ledger:
    pen = Pen(folder)
    for seq in seqs:
        pen.epoch(key(seq), epoch(1, seq))
    pen.mark(DEVICE, {1: durable})
    return Ledger.read(folder)


def stored(*seqs: int) -> dict[Key, Stored]:
    return {key(seq): Stored(1, seq * 1000) for seq in seqs}


def test_all_that_was_confirmed_is_there_once(tmp_path: Path) -> None:
    found = compare(written(tmp_path, range(1, 6), 5), stored(1, 2, 3, 4, 5), set())
    assert found == Comparison(5, 5, 5, 0, lost=0, unsaid=0, doubled=0, foreign=0, altered=0)
    assert found.flawless


def test_what_stands_in_quarantine_is_not_lost(tmp_path: Path) -> None:
    found = compare(written(tmp_path, range(1, 4), 3), stored(1, 3), {key(2)})
    assert found.flawless
    assert found.quarantined == 1


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({key(2): None}, "lost"),
        ({key(2): Stored(2, 2000)}, "doubled"),
        ({key(2): Stored(1, 2001)}, "altered"),
        ({key(6): Stored(1, 6000)}, "foreign"),
        ({key(1, boot=2): Stored(1, 1000)}, "foreign"),
    ],
)
def test_each_flaw_is_found(tmp_path: Path, changed: dict[Key, Stored | None], what: str) -> None:
    rows = {of: one for of, one in {**stored(1, 2, 3), **changed}.items() if one}
    found = compare(written(tmp_path, range(1, 4), 3), rows, set())
    assert not found.flawless
    assert getattr(found, what) == 1


def test_what_was_not_confirmed_in_the_end_is_a_flaw_and_not_lost(tmp_path: Path) -> None:
    found = compare(written(tmp_path, range(1, 4), 2), stored(1, 2), set())
    assert (found.lost, found.unsaid, found.acknowledged) == (0, 1, 2)
    assert not found.flawless


def test_another_process_sees_what_the_database_has(clean_database: str, tmp_path: Path) -> None:
    written(tmp_path, range(1, 5), 4)
    with psycopg.connect(clean_database) as connection:
        (device,) = connection.execute(ADD_DEVICE).fetchone() or (0,)
        for minute, seq in ((0, 1), (0, 2), (1, 2)):
            connection.execute(ADD, [device, minute, 1, seq, seq * 1000])
        connection.execute(ADD_QUARANTINE, [device, epoch(1, 3) + b"$garbage"])
    found = compared(tmp_path, clean_database)
    assert found == Comparison(4, 4, 2, 1, lost=1, unsaid=0, doubled=1, foreign=0, altered=0)
    assert read_quarantined(clean_database) == {key(3)}


def test_who_watches_sees_what_is_new_once_and_whole(tmp_path: Path) -> None:
    pen, watch = Pen(tmp_path), Watch(tmp_path / "marks.jsonl")
    watch.look()
    assert (watch.newest_s, watch.told_since(0.0)) == (0.0, 0)
    pen.mark(DEVICE, {1: 1})
    watch.look()
    first_s = watch.newest_s
    pen.mark(DEVICE, {1: 1})  # as a broker says it to who comes again
    watch.look()
    assert watch.newest_s == first_s
    pen.mark(DEVICE, {1: 2})
    pen.mark("kanazawa/d2", {7: 1})
    with watch.file.open("ab") as half:
        half.write(b"[99999999999.0,")
    watch.look()
    assert first_s < watch.newest_s < 99999999999.0
    assert (watch.told_since(first_s), watch.told_since(watch.newest_s)) == (2, 0)
