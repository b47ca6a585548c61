"""What cannot be read is kept within bounds, counted, shown, and taken in once when it can be read after all."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from snowtrack.model.access import Right
from snowtrack.model.fixes import RejectReason, Source
from snowtrack.services.quarantine import retry_quarantine, show_quarantine
from snowtrack.store.instants import to_instant
from tests.keys import key_headers
from tests.mosquitto import RunningBroker
from tests.oracles.nmea import gga
from tests.ports import free_port
from tests.services.epochs import SECOND_US, Fix, blade, epoch, rmc, sentence
from tests.services.line import Line, make_line
from tests.services.waiting import await_true
from tests.store.databases import fresh_database, prepare, rows

pytestmark = pytest.mark.slow
STORED = "select boot, seq from fix join device using (device) where name = %s order by boot, seq"
KEPT = "select payload, retry from quarantine join device using (device) where name = %s order by quarantine"
SET_ASIDE = """
insert into quarantine (device, received_at, payload, reasons, first_line, retry)
select device, %s, %s, '{5}', 'by hand', %s from device where name = %s returning quarantine
"""
BAD = b"$GPRMC,bad*01\r\n"
MEGABYTE = 2**20


@pytest.fixture
def own_line(mosquitto: RunningBroker, postgres_url: str, network_folder: Path, tmp_path: Path) -> Iterator[Line]:
    """With little room for what cannot be read, and an API."""
    flags = ("ingest.quarantine_mb=1", "ingest.quarantine_days=2", f"api.port={free_port()}")
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield make_line(mosquitto, url, network_folder, tmp_path, *flags)


def stored(line: Line, device: str) -> list[tuple[int, int]]:
    return [(boot, seq) for boot, seq in rows(line.url, STORED, device)]


def kept(line: Line, device: str) -> list[tuple[bytes, bool]]:
    return [(bytes(payload), retry) for payload, retry in rows(line.url, KEPT, device)]


def set_aside(line: Line, device: str, payload: bytes, received_us: int, *, retry: bool = False) -> int:
    """By hand, as an earlier version of the program may have done that could not read it."""
    ((number,),) = rows(line.url, SET_ASIDE, to_instant(received_us), payload, retry, device)
    return int(number)


def seconds(now_us: int, count: int) -> list[Fix]:
    return [Fix(time_us=now_us - (count - at) * SECOND_US) for at in range(count)]


def test_a_message_that_is_partly_bad_is_kept_whole_beside_its_fixes(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("partly") as tracker:
        payload = b"".join([*tracker.record(seconds(now_us, 2)), BAD])
        tracker.publish("up", payload)
        tracker.publish("up", b"".join(tracker.record(seconds(now_us, 1))))
        tracker.await_durable(3)
    assert stored(shared_line, "partly") == [(1, 1), (1, 2), (1, 3)]
    assert kept(shared_line, "partly") == [(payload, False)]


def test_sentences_that_nobody_reads_are_not_kept(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("skipped") as tracker:
        tracker.publish("up", b"".join(tracker.record(seconds(now_us, 1))) + sentence("GPGSV,3,1,11,10,63,137,17"))
        tracker.await_durable(1)
    assert kept(shared_line, "skipped") == []


def test_what_can_be_read_now_is_taken_in_once_and_leaves(shared_line: Line, now_us: int) -> None:
    """More copies than are read at once, as a tracker sends again what is not confirmed."""
    with shared_line.tracker("again") as tracker:
        first, *rest = tracker.record(seconds(now_us, 4))
        tracker.publish("up", first)
        tracker.await_durable(1)
        for _ in range(120):
            set_aside(shared_line, "again", b"".join(rest), now_us)
        asyncio.run(retry_quarantine(shared_line.settings))
        await_true(lambda: kept(shared_line, "again") == [], "all have left")
        assert stored(shared_line, "again") == [(1, 1), (1, 2), (1, 3), (1, 4)]
        counted = "select fixes from device where name = 'again'"
        await_true(lambda: rows(shared_line.url, counted) == [(4,)], "its fixes are counted")
        tracker.publish("log", b"".join(rest))
        tracker.await_durable(4)
    assert stored(shared_line, "again") == [(1, 1), (1, 2), (1, 3), (1, 4)]
    tracker.assert_word_kept()


def test_what_still_cannot_be_read_stays_and_is_not_tried_until_asked_again(shared_line: Line, now_us: int) -> None:
    version = "select xmin::text, retry from quarantine where quarantine = %s"
    with shared_line.tracker("never") as tracker:
        one, other = tracker.record(seconds(now_us, 2))
        tracker.publish("up", one)
        tracker.await_durable(1)
        number = set_aside(shared_line, "never", BAD, now_us, retry=True)
        await_true(lambda: rows(shared_line.url, version, number)[0][1] is False, "it was tried")
        tried = rows(shared_line.url, version, number)
        set_aside(shared_line, "never", other, now_us, retry=True)
        await_true(lambda: len(stored(shared_line, "never")) == 2, "another was tried after it")
        assert rows(shared_line.url, version, number) == tried
    assert kept(shared_line, "never") == [(BAD, False)]


def test_of_a_message_that_is_partly_readable_now_that_part_is_taken_in_and_it_stays(
    shared_line: Line, now_us: int
) -> None:
    with shared_line.tracker("half") as tracker:
        one, other = tracker.record(seconds(now_us, 2))
        tracker.publish("up", one)
        tracker.await_durable(1)
        set_aside(shared_line, "half", one + other + BAD, now_us, retry=True)
        await_true(lambda: stored(shared_line, "half") == [(1, 1), (1, 2)], "what can be read is taken in")
    assert kept(shared_line, "half") == [(one + other + BAD, False)]


def test_the_other_half_of_an_epoch_is_stored_beside_the_first(shared_line: Line, now_us: int) -> None:
    fix = Fix(time_us=now_us - SECOND_US)
    altitude = gga(fix.time_us, 365_613_000, 1_366_562_000)
    with shared_line.tracker("halves") as tracker:
        tracker.publish("up", blade(1, 1) + rmc(fix))
        tracker.await_durable(1)
        set_aside(shared_line, "halves", blade(1, 1) + rmc(fix) + altitude, now_us, retry=True)
        await_true(lambda: kept(shared_line, "halves") == [], "it could be read")
    assert stored(shared_line, "halves") == [(1, 1), (1, 1)]
    found = rows(
        shared_line.url,
        "select sources, alt_mm from fix join device using (device) where name = 'halves' order by sources",
    )
    first = int(Source.PSNOW | Source.RMC)
    assert found == [(first, None), (first | int(Source.GGA), 31_400)]


def test_what_an_agency_is_allowed_later_is_read_then(own_line: Line, network_folder: Path, now_us: int) -> None:
    """From the trackers' first lines without checksums to their fixes: nothing is sent a second time."""
    fixes = seconds(now_us, 3)
    bare = [
        line.partition(b"*")[0] + b"\r\n" for at, fix in enumerate(fixes) for line in epoch(1, at + 1, fix).split(b"\n")
    ]
    payload = b"".join(line for line in bare if line.strip())
    with own_line.service("ingest"), own_line.tracker("old") as tracker:
        tracker.await_engine()
        tracker.publish("up", payload)
        await_true(lambda: kept(own_line, "old") == [(payload, False)], "it is set aside")
    assert stored(own_line, "old") == []
    dialects = own_line.folder / "dialects.toml"
    dialects.write_text("[kanazawa]\nunchecked = true\n")
    allowed = make_line(own_line.broker, own_line.url, network_folder, own_line.folder, f"ingest.dialects={dialects}")
    asyncio.run(retry_quarantine(allowed.settings))
    with allowed.service("ingest"):
        await_true(lambda: kept(allowed, "old") == [], "it could be read")
    assert stored(allowed, "old") == [(1, 1), (1, 2), (1, 3)]


def test_the_bound_of_its_size_holds_whatever_is_sent(own_line: Line, now_us: int) -> None:
    with own_line.service("ingest"), own_line.tracker("loud") as tracker:
        tracker.await_engine()
        for number in range(30):
            tracker.publish("log", BAD + b"%03d" % number + b"\xff" * 200_000)
        tracker.live(seconds(now_us, 1))
        tracker.await_durable(1)

        def last_and_size() -> tuple[bytes, int]:
            found = [payload for payload, _ in kept(own_line, "loud")]
            return found[-1][len(BAD) :][:3], sum(map(len, found))

        await_true(lambda: last_and_size()[0] == b"029", "the last one is kept")
        await_true(lambda: last_and_size()[1] <= MEGABYTE, "only as much is kept as may be")
        assert last_and_size()[1] > MEGABYTE // 2


def test_the_bound_of_its_age_holds_when_nothing_more_is_sent(own_line: Line, now_us: int) -> None:
    rows(own_line.url, "insert into device (agency, name) values ('kanazawa', 'gone') returning device")
    old_us, young_us = (now_us - hours * 3_600 * SECOND_US for hours in (49, 47))
    set_aside(own_line, "gone", b"old", old_us)
    set_aside(own_line, "gone", b"young", young_us)
    with own_line.service("ingest"):
        await_true(lambda: kept(own_line, "gone") == [(b"young", False)], "the old one has left")


def test_counts_come_with_the_devices(own_line: Line, now_us: int) -> None:
    unknown = sentence("GPGSV,3,1,11,10,63,137,17")
    key = key_headers(own_line.url, Right.LOOK)
    with own_line.service("ingest"), own_line.service("serve"), own_line.tracker("counted") as tracker:
        tracker.await_engine()
        tracker.publish("up", BAD + BAD + b"junk\r\n" + unknown)
        tracker.publish("up", BAD + b"".join(tracker.record(seconds(now_us, 1))))
        tracker.await_durable(1)

        def said() -> object:
            found = httpx.get(f"{own_line.settings.api.url}/v1/devices", headers=key).json()["devices"]
            return [(each["device"], each["fixes"], each["rejects"]) for each in found]

        expected = {"bad_checksum": 3, "no_start": 1, "unknown_sentence": 1}
        await_true(lambda: said() == [("counted", 1, expected)], "all are counted")
        tracker.publish("up", BAD)
        more = expected | {"bad_checksum": 4}
        await_true(lambda: said() == [("counted", 1, more)], "those that follow are added")


def test_it_is_shown_newest_first_and_harmlessly(
    own_line: Line, now_us: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of devices hold anything, also what a terminal or our table would obey."""
    monkeypatch.setenv("COLUMNS", "40")  # which a pipe is not
    asyncio.run(show_quarantine(own_line.settings))
    assert capsys.readouterr().out == "quarantine: empty\n"
    rows(own_line.url, "insert into device (agency, name) values ('kanazawa', 'shown') returning device")
    for number in range(52):
        set_aside(own_line, "shown", b"x" * (1_000 + number), now_us)
    raw = b"[/bold][red]\x1b[2J\xff" + b"y" * 200
    rows(own_line.url, "update quarantine set first_line = %s where octet_length(payload) = 1051 returning 1", raw)
    rows(own_line.url, "update quarantine set retry = true where octet_length(payload) = 1050 returning 1")
    asyncio.run(show_quarantine(own_line.settings))
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if "kanazawa/shown" in line]
    assert [line.split("bytes")[0].count("1,0") for line in lines] == [1] * 50
    assert [f"1,{number:03d}" in line for number, line in zip(range(51, 1, -1), lines, strict=True)] == [True] * 50
    assert RejectReason(5).name.lower() in lines[0]
    assert r"[/bold][red]\x1b[2J\xffyyy" in lines[0]
    assert "(to be tried)" in lines[1]
    assert "\x1b" not in out
    assert out.endswith("and older ones; these are the newest 50\n")
