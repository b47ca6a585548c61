"""What `snowtrack decode` promises to who calls it: what it writes where, and how it ends."""

import os
import pty
import subprocess
from pathlib import Path

import orjson
import pytest

from tests.decode.receiver_logs import DIRT, START_US, second, seconds
from tests.decode.running import COMMAND, ENDED_S_MAX, fault, objects, run, written
from tests.oracles.nmea import sentence

pytestmark = pytest.mark.slow
KEYS = ["time", "time_of_day", "time_trust", "lat", "lon", "alt_m", "speed_mps", "course_deg"]
KEYS += ["quality", "sats", "hdop", "sources"]
DIRTY = DIRT[2] + second(START_US) + b"$GPRMC,1*00\r\n" + DIRT[10] + second(START_US + 1_000_000)
SHOWN = (
    b'{"time":"2026-01-14T23:59:30.000Z","time_of_day":"23:59:30.000","time_trust":"stated","lat":36.5666667,'
    b'"lon":136.65,"alt_m":31.4,"speed_mps":6.379,"course_deg":87.5,"quality":1,"sats":11,"hdop":0.9,'
    b'"sources":["RMC","GGA"]}\n'
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "night.nmea"
    path.write_bytes(seconds(START_US, 3))
    return path


def test_a_fix_is_one_line_with_exact_decimals(tmp_path: Path) -> None:
    log = tmp_path / "one.nmea"
    log.write_bytes(second(START_US))
    done = run(log)
    assert done.stdout == SHOWN
    assert done.stderr == b""


def test_each_object_has_the_same_keys_in_the_same_order_and_null_for_what_is_absent(tmp_path: Path) -> None:
    log = tmp_path / "bare.nmea"
    log.write_bytes(second(START_US) + sentence("GPRMC,,V,,,,,,,,,,"))
    whole, bare = objects(run(log).stdout)
    assert list(bare) == list(whole) == KEYS
    assert bare == dict.fromkeys(KEYS) | {"time_trust": "unknown", "sources": ["RMC"]}
    assert [type(value).__name__ for value in whole.values()] == [
        *["str"] * 3,
        *["float"] * 5,
        *["int"] * 2,
        "float",
        "list",
    ]


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00" * 5_000, bytes(range(256)) * 40, b"$" * 300_000, b"\xff\xfe"])
def test_whatever_is_in_a_log_it_was_read(content: bytes, tmp_path: Path) -> None:
    log = tmp_path / "strange.nmea"
    log.write_bytes(content)
    done = run(log, "--stats")
    assert done.stdout == b""
    assert orjson.loads(done.stderr)["bytes"] == len(content)


def test_rejected_lines_are_written_with_their_file_place_and_reason(tmp_path: Path) -> None:
    log, rejects = tmp_path / "dirty.nmea", tmp_path / "rejects.jsonl"
    log.write_bytes(DIRTY)
    done = run(log, "--rejects", rejects)
    assert len(objects(done.stdout)) == 2
    found = objects(rejects.read_bytes())
    assert [(each["reason"], each["line"]) for each in found] == [
        ("no_start", "junk without a beginning"),
        ("bad_checksum", "$GPRMC,1*00"),
    ]
    assert {each["file"] for each in found} == {str(log)}
    for each in found:
        assert DIRTY[each["at"] :].startswith(each["line"].encode())


def test_bytes_that_are_no_ascii_are_written_as_escapes(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    run("-", "--rejects", rejects, given=b"$GP\xff\x80RMC*00\r\n")
    (found,) = objects(rejects.read_bytes())
    assert (found["file"], found["at"], found["line"]) == ("-", 0, "$GP\\xff\\x80RMC*00")


def test_a_file_of_rejects_is_new_each_time_and_empty_without_any(log: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    rejects.write_bytes(b"of yesterday\n")
    run(log, "--rejects", rejects)
    assert rejects.read_bytes() == b""


def test_stats_are_one_object_on_standard_error(tmp_path: Path) -> None:
    log = tmp_path / "dirty.nmea"
    log.write_bytes(DIRTY + sentence("GPRMC,,V,,,,,,,,,,N"))
    done = run(log, "--stats")
    (line,) = done.stderr.splitlines()
    assert orjson.loads(line) == {
        "bytes": len(DIRTY) + len(sentence("GPRMC,,V,,,,,,,,,,N")),
        "fixes": 3,
        "skipped": 1,
        "rejects": {"no_start": 1, "bad_checksum": 1},
        "time_trust": {"stated": 2, "unknown": 1},
    }


def test_several_logs_are_read_one_after_the_other_and_counted_together(log: Path, tmp_path: Path) -> None:
    """Each is a log of its own: the date of one says nothing of the next."""
    other, rejects = tmp_path / "other.nmea", tmp_path / "rejects.jsonl"
    other.write_bytes(DIRTY)
    done = run(log, other, log, "--stats", "--rejects", rejects)
    assert done.stdout == run(log).stdout + run(other).stdout + run(log).stdout
    assert orjson.loads(done.stderr)["fixes"] == 8
    assert {each["file"] for each in objects(rejects.read_bytes())} == {str(other)}


def test_the_command_writes_what_the_function_behind_it_does(log: Path) -> None:
    log.write_bytes(DIRTY * 7)
    assert run(log).stdout == written(DIRTY * 7).out


def test_the_time_of_receipt_may_be_of_any_zone(tmp_path: Path) -> None:
    log = tmp_path / "undated.nmea"
    log.write_bytes(sentence("GPGGA,235930.00,3634.0000,N,13639.0000,E,1,11,0.9,31.4,M,36.9,M,,"))
    for text in ("2026-01-15T00:00:00Z", "2026-01-15T09:00:00+09:00", "2026-01-15T00:00"):
        (found,) = objects(run(log, "--received-at", text).stdout)
        assert (found["time"], found["time_trust"]) == ("2026-01-14T23:59:30.000Z", "received")


def test_a_log_that_cannot_be_read_is_one_line_after_what_came_before_it(log: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.nmea"
    said, out = fault(log, missing, log)
    assert said == f"{missing}: cannot be read: No such file or directory"
    assert out == run(log).stdout
    assert fault(tmp_path)[0] == f"{tmp_path}: cannot be read: Is a directory"


def test_a_log_is_not_overwritten_with_its_rejects(log: Path) -> None:
    before = log.read_bytes()
    said, out = fault(log, "--rejects", log)
    assert (said, out) == (f"{log}: is one of the logs; name another file for the rejects", b"")
    assert log.read_bytes() == before


def test_what_cannot_be_written_is_one_line(log: Path, tmp_path: Path) -> None:
    said, out = fault(log, "--rejects", tmp_path)
    assert (said, out) == (f"{tmp_path}: cannot be written: Is a directory", b"")
    log.write_bytes(DIRTY)
    said, _ = fault(log, "--rejects", "/dev/full")
    assert said == "/dev/full: cannot be written: No space left on device"


@pytest.mark.parametrize("wrong", [("--received-at", "yesterday"), ("--agency", "kanazawa"), ("--no-such-option",), ()])
def test_a_wrong_call_ends_with_code_2(wrong: tuple[str, ...], log: Path) -> None:
    done = run(*([log, *wrong] if wrong else []), code=2)
    assert done.stdout == b""
    assert b"snowtrack decode" in done.stderr


def test_the_agency_says_which_dialect_a_log_is_in(tmp_path: Path) -> None:
    log, dialects = tmp_path / "kanazawa.nmea", tmp_path / "dialects.toml"
    log.write_bytes(second(START_US).replace(b"*", b"\r\n#"))
    dialects.write_text("[kanazawa]\nunchecked = true\n")
    assert objects(run(log, "--dialects", dialects, "--agency", "kanazawa").stdout) == objects(SHOWN)
    assert run(log, "--dialects", dialects, "--agency", "hakusan").stdout == b""
    dialects.write_text("[kanazawa]\nuncheked = true\n")
    said, _ = fault(log, "--dialects", dialects, "--agency", "kanazawa")
    assert said == f"{dialects}: kanazawa.uncheked: Extra inputs are not permitted"


def test_who_waits_at_a_terminal_sees_how_far_it_is(log: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen((*COMMAND, str(log)), stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        while b"decoding" not in said:  # the read fails when the command ends without having said it
            said += os.read(ours, 1000)
        assert process.wait(ENDED_S_MAX) == 0
    os.close(ours)
