"""`snowtrack events` and `snowtrack closures`: what people decide is kept, and shown as it is."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from snowtrack.cli import main
from snowtrack.model.calendar import tokyo_text
from snowtrack.model.errors import ConfigError
from snowtrack.network.arrays import Network
from snowtrack.store.instants import to_instant
from snowtrack.wall_clock import now_us, read_time
from tests.services.registry import register
from tests.services.town import AT_WORK, HOUR_US, PLOUGH
from tests.store.databases import rows

Command = Callable[..., str]
WHO = ("--reason", "heavy snow", "--by", "Sato")


@pytest.fixture
def command(
    clean_database: str, network_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs it, and gives what it printed; the line in which it failed begins with `snowtrack:`."""
    monkeypatch.setenv("SNOWTRACK_CONFIG", "")
    monkeypatch.setenv("SNOWTRACK_NETWORK_FOLDER", str(network_folder))

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["snowtrack", *arguments, "--database", clean_database])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (ended.value.code == 0) == (said.err == "")
        return said.out + said.err

    return run


def shown(time_us: int) -> str:
    return tokyo_text(time_us, "%Y-%m-%d %H:%M")


def work(url: str, hour_us: int, *hours: int) -> None:
    """So many hours before this one."""
    register(url, PLOUGH)
    with psycopg.connect(url) as connection:
        (device,) = connection.execute("select device from device").fetchone() or (0,)
        for hour in hours:
            span = to_instant(hour_us - hour * HOUR_US), to_instant(hour_us - hour * HOUR_US + 1)
            connection.execute(AT_WORK.encode(), [device, *span, 0])


def test_events_are_listed_the_newest_first(command: Command, clean_database: str) -> None:
    assert command("events") == "no snow event this season\n"
    hour_us = now_us() // HOUR_US * HOUR_US
    work(clean_database, hour_us, 30, 29, 2)
    newest, before = command("events").splitlines()
    assert newest == f"{shown(hour_us - 2 * HOUR_US)} – open"
    assert before == f"{shown(hour_us - 30 * HOUR_US)} – {shown(hour_us - 28 * HOUR_US)}"


def test_an_event_is_opened_closed_and_what_was_decided_taken_back(command: Command, clean_database: str) -> None:
    start, end = (shown(now_us() - hours * HOUR_US) for hours in (5, 3))
    opened = re.match(r"entry (\d+): noted", command("events", "open", *WHO, "--at", start))
    closed = re.match(r"entry (\d+): noted", command("events", "close", *WHO, "--at", end))
    assert opened is not None
    assert closed is not None
    listed = command("events").splitlines()
    assert listed[0] == f"{start} – {end}, opened by entry {opened[1]}, closed by entry {closed[1]}"
    assert f"entry {opened[1]}: open {start}: heavy snow (Sato)" in listed
    command("events", "void", opened[1], "--reason", "wrong day", "--by", "Ito")
    listed = command("events").splitlines()
    assert listed[0] == "no snow event this season"
    assert listed[-1].endswith(f"takes back entry {opened[1]}: wrong day (Ito)")
    assert rows(clean_database, "select count(*) from event_entry") == [(3,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("events", "open", *WHO, "--at", "noon"), "snowtrack: 'noon' is no time; expected one in Japan such as"),
        (("events", "void", "99", *WHO), "snowtrack: there is no entry 99; the list of events names them"),
        (("closures", "end", "99", *WHO), "snowtrack: there is no closure 99; 'snowtrack closures list --all' li"),
        (("closures", "add", *WHO), "snowtrack: no segment is named; name some, or a road with --road"),
        (("closures", "add", "5", *WHO), "snowtrack: there is no segment 5 in network"),
        (("closures", "add", "--road", "Nowhere Lane", *WHO), "snowtrack: no road is called 'Nowhere Lane'; expected"),
        (("closures", "add", "--from", "2026-12-02", "--until", "2026-12-01", *WHO), "snowtrack: --until has to be"),
        (("events", "open", "--by", "Sato"), "Missing option '--reason'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(command: Command, arguments: tuple[str, ...], said: str) -> None:
    assert said in command(*arguments)


def test_a_road_is_closed_by_its_name_and_opened_again(command: Command, clean_database: str, network: Network) -> None:
    assert command("closures", "list") == "no road is closed\n"
    named = {number for number in range(len(network.text_offsets) - 1) if network.text(number) == "雪国街道"}
    own = sorted(
        int(id_) for id_, text in zip(network.segment_id, network.name_text, strict=True) if int(text) in named
    )
    said = command("closures", "add", "--road", "雪国街道", "--from", "2026-12-01 06:30", *WHO)
    found = re.fullmatch(rf"closure (\d+): {len(own)} segments from 2026-12-01 06:30\n", said)
    assert found is not None
    assert rows(clean_database, "select segments from closure") == [(own,)]
    listed = f"{found[1]}: 2026-12-01 06:30 until further notice, {len(own)} segments: heavy snow (Sato)\n"
    assert command("closures", "list") == listed
    assert command("closures", "end", found[1], *WHO, "--at", "2026-12-01 06:30").startswith(
        f"closure {found[1]}: ends"
    )
    assert command("closures", "list") == "no road is closed\n"


def test_segments_are_closed_by_their_ids(command: Command, clean_database: str, network: Network) -> None:
    ids = network.segment_id[[9, 3]].tolist()
    command("closures", "add", *map(str, ids), "--until", "2100-01-01", *WHO)
    assert rows(clean_database, "select segments from closure") == [(sorted(ids),)]
    assert "– 2100-01-01 00:00, 2 segments" in command("closures", "list")


def test_a_time_is_one_in_japan_unless_it_says_otherwise() -> None:
    assert read_time("2026-12-01 06:30") == read_time("2026-11-30T21:30:00Z") == read_time("2026-11-30T21:30+00:00")


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59-10:00", "1969-12-31", "2200-01-02", "at six"])
def test_a_time_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time; expected one in Japan such as '2026-12-01 06:30', from 1970"):
        read_time(text)


def test_a_closure_does_not_end_before_it_begins(command: Command, clean_database: str, network: Network) -> None:
    segment = str(network.segment_id[3])
    added = command("closures", "add", segment, "--from", "2100-01-01 06:30:40", *WHO)
    (number,) = re.findall(r"closure (\d+)", added)
    for early in ((), ("--at", "2100-01-01 06:29")):
        said = command("closures", "end", number, *WHO, *early)
        assert said.startswith(f"snowtrack: closure {number} begins 2100-01-01 06:30 and cannot end ")
        assert said.endswith("to take it back as a whole, end it with --at '2100-01-01 06:30'\n")
    assert "2100-01-01 06:30 until further notice" in command("closures", "list")
    assert command("closures", "end", number, *WHO, "--at", "2100-01-01 06:30").startswith(f"closure {number}: ends")
    assert command("closures", "list") == "no road is closed\n"


def test_closures_that_have_ended_are_listed_when_asked_for(command: Command, network: Network) -> None:
    assert command("closures", "list", "--all") == "no road was ever closed\n"
    one, other = network.segment_id[[3, 9]].tolist()
    command("closures", "add", str(one), "--from", "2026-01-05", "--until", "2026-01-06", *WHO)
    command("closures", "add", str(other), "--from", "2026-01-07", *WHO)
    ended, holding = command("closures", "list", "--all").splitlines()
    assert ended.endswith(": 2026-01-05 00:00 – 2026-01-06 00:00, ended, 1 segments: heavy snow (Sato)")
    assert holding.endswith(": 2026-01-07 00:00 until further notice, 1 segments: heavy snow (Sato)")
    assert command("closures", "list") == f"{holding}\n"


@pytest.mark.parametrize("name", ["雪国街道 ", "　雪国街道", "国道９００号"])
def test_a_road_is_found_with_spaces_around_its_name_and_full_width_digits(command: Command, name: str) -> None:
    assert re.match(r"closure \d+: \d+ segments", command("closures", "add", "--road", name, *WHO))


def test_a_road_that_is_not_there_is_answered_with_those_that_are_called_alike(command: Command) -> None:
    assert "no road is called '雪国街'; did you mean 雪国街道" in command("closures", "add", "--road", "雪国街", *WHO)
    assert "snowtrack: --road names no road; expected" in command("closures", "add", "--road", "　", *WHO)


@pytest.mark.parametrize("arguments", [("events", "open"), ("events", "close"), ("events", "void", "1")])
def test_who_decides_an_event_says_so_and_why(command: Command, clean_database: str, arguments: tuple[str]) -> None:
    _refused_unsaid(command, *arguments)
    assert rows(clean_database, "select count(*) from event_entry") == [(0,)]


@pytest.mark.parametrize("arguments", [("closures", "add", "--road", "雪国街道"), ("closures", "end", "1")])
def test_who_closes_a_road_says_so_and_why(command: Command, clean_database: str, arguments: tuple[str]) -> None:
    _refused_unsaid(command, *arguments)
    assert rows(clean_database, "select count(*) from closure") == [(0,)]


def _refused_unsaid(command: Command, *arguments: str) -> None:
    said = "snowtrack: {} says nothing; it is kept for those who ask later\n"
    assert command(*arguments, "--reason", " ", "--by", "Sato") == said.format("--reason")
    assert command(*arguments, "--reason", "thaw", "--by", "　") == said.format("--by")


def test_a_reason_is_kept_in_one_line(command: Command, clean_database: str) -> None:
    command("events", "open", "--reason", " heavy\nsnow ", "--by", "Sato")
    assert rows(clean_database, "select reason from event_entry") == [("heavy snow",)]


def test_nothing_is_opened_or_closed_in_the_future(command: Command, clean_database: str) -> None:
    command("events", "open", *WHO)
    for kind in ("open", "close"):
        said = command("events", kind, *WHO, "--at", shown(now_us() + HOUR_US))
        assert re.match(r"snowtrack: \d{4}-\d\d-\d\d \d\d:\d\d has not come yet; an event opens and closes when", said)
    assert rows(clean_database, "select count(*) from event_entry") == [(1,)]


def test_only_an_event_that_was_open_then_is_closed(command: Command, clean_database: str) -> None:
    hour_us = now_us() // HOUR_US * HOUR_US
    hour = [shown(hour_us - hours * HOUR_US) for hours in range(40)]
    assert command("events", "close", *WHO).startswith("snowtrack: no event was open ")
    work(clean_database, hour_us, 30, 2)
    for early in (2, 3, 20):
        said = command("events", "close", *WHO, "--at", hour[early])
        assert said == f"snowtrack: the event that is open began {hour[2]}; it cannot close {hour[early]}\n"
    assert rows(clean_database, "select count(*) from event_entry") == [(0,)]
    command("events", "close", *WHO, "--at", hour[28])
    assert f"{hour[30]} – {hour[28]}, closed by entry" in command("events")
    command("events", "close", *WHO)
    said = command("events", "close", *WHO)
    assert re.match(r"snowtrack: no event was open \d{4}-.*; the list of events names them\n", said)


def test_an_entry_is_taken_back_once_and_the_list_says_so(command: Command, clean_database: str) -> None:
    (opened,) = re.findall(r"entry (\d+)", command("events", "open", *WHO))
    (void,) = re.findall(r"entry (\d+)", command("events", "void", opened, *WHO))
    line = next(line for line in command("events").splitlines() if line.startswith(f"entry {opened}: open "))
    assert line.endswith(f": heavy snow (Sato); taken back by entry {void}")
    said = command("events", "void", opened, *WHO)
    assert said == f"snowtrack: entry {opened} was taken back already, by entry {void}; nothing was noted\n"
    said = command("events", "void", void, *WHO)
    assert said.startswith(f"snowtrack: entry {void} takes back entry {opened} and stays; decide anew")
    assert rows(clean_database, "select count(*) from event_entry") == [(2,)]


def test_what_is_decided_at_the_console_is_in_the_log_of_what_was_done(
    command: Command, clean_database: str, network: Network
) -> None:
    register(clean_database, PLOUGH)
    command("events", "open", *WHO)
    segment = str(int(network.segment_id[0]))
    assert command("closures", "add", segment, *WHO).startswith("closure 1:")
    command("closures", "end", "1", *WHO)
    found = rows(clean_database, "select who, action, agencies, what from audit order by entry")
    assert [(action, what) for _, action, _, what in found] == [
        ("tell", "event entry 1"),
        ("tell", "closure 1"),
        ("tell", "end of closure 1"),
    ]
    assert all(who.startswith("console ") for who, *_ in found)
    assert [agencies for *_, agencies, _ in found] == [["*"], [PLOUGH.agency], [PLOUGH.agency]]
