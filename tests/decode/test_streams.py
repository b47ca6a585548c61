"""Where logs come from and where fixes go: files packed or plain, pipes at both ends, and ends before their time."""

import gzip
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import pytest

from tests.decode.receiver_logs import START_US, second, seconds
from tests.decode.running import COMMAND, ENDED_S_MAX, environment, fault, objects, run
from tests.nmea.packing import PACKERS, in_two, zstd_in_blocks

pytestmark = pytest.mark.slow
LOG = seconds(START_US, 400)
# More than is read ahead to find the last time.
LONG = seconds(START_US, 85_000, step_us=2_000_000)
RECEIVED = ("--received-at", "2026-01-15T06:00:00Z")
RECEIVED_LATER = ("--received-at", "2026-02-01T00:00:00Z")


def started(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*COMMAND, *map(str, arguments)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


@pytest.mark.parametrize("pack", [*PACKERS.values(), *map(in_two, PACKERS.values())])
def test_a_packed_log_is_known_by_its_first_bytes(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    packed = tmp_path / "no-matter-how-it-is-called"
    packed.write_bytes(pack(LOG))
    expected = run("-", given=LOG).stdout
    assert len(objects(expected)) == 400
    assert run(packed).stdout == expected
    assert run("-", given=pack(LOG)).stdout == expected


@pytest.mark.parametrize("when", [(), RECEIVED], ids=["", "received"])
@pytest.mark.parametrize("packed", [gzip.compress(LOG), zstd_in_blocks([LOG])], ids=["gzip", "zstd"])
def test_of_a_packed_log_without_its_last_byte_all_is_read(
    packed: bytes, when: tuple[str, ...], tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(packed[:-1])
    said, out = fault(cut, *when)
    assert said.startswith(f"{cut}: cannot be read: Compressed file ended before")
    assert objects(out) == objects(run("-", *when, given=LOG).stdout)


def test_a_gzip_that_was_cut_off_in_the_middle_gives_the_fixes_before_the_cut(tmp_path: Path) -> None:
    packed = tmp_path / "cut.gz"
    packed.write_bytes(gzip.compress(LOG)[:-600])
    _, out = fault(packed)
    whole = run("-", given=LOG).stdout
    found, expected = objects(out), objects(whole)
    assert 0 < len(found) < len(expected)
    assert found[:-1] == expected[: len(found) - 1]


def test_a_packed_log_with_bytes_changed_is_one_line(tmp_path: Path) -> None:
    packed = tmp_path / "changed.gz"
    content = bytearray(gzip.compress(LOG))
    content[-6] ^= 1
    packed.write_bytes(content)
    said, out = fault(packed)
    assert said == f"{packed}: cannot be read: CRC check failed 0x{int.from_bytes(content[-8:-4], 'little'):x} != " + (
        f"0x{int.from_bytes(gzip.compress(LOG)[-8:-4], 'little'):x}"
    )
    assert len(objects(out)) == 400


def test_a_fix_comes_out_as_soon_as_the_next_begins_when_the_receipt_is_known() -> None:
    with started("-", *RECEIVED) as process:
        log, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        log.write(second(START_US) + second(START_US + 1_000_000))
        log.flush()
        first = out.readline()
        log.write(second(START_US + 2_000_000))
        log.flush()
        next_one = out.readline()
        log.close()
        assert len(objects(first + next_one + out.read())) == 3
        assert process.wait(ENDED_S_MAX) == 0


def test_a_reader_who_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    long = tmp_path / "long.nmea"
    long.write_bytes(LONG)
    with started(long) as process:
        out = cast(IO[bytes], process.stdout)
        assert len(objects(out.readline())) == 1
        out.close()
        assert cast(IO[bytes], process.stderr).read() == b""
        assert process.wait(ENDED_S_MAX) == 0


def test_a_long_log_is_read_alike_from_a_file_and_through_any_pipe(tmp_path: Path) -> None:
    """Of what cannot be read twice the last time is not known ahead; a log that needs no now does not miss it."""
    long, pipe = tmp_path / "long.nmea", tmp_path / "pipe"
    long.write_bytes(LONG)
    expected = run(long).stdout
    assert expected.count(b"\n") == 85_000
    os.mkfifo(pipe)

    def pour() -> None:
        with pipe.open("wb") as end:
            end.write(LONG)

    pouring = threading.Thread(target=pour)
    pouring.start()
    assert run(pipe).stdout == expected
    pouring.join()
    assert run("-", given=LONG).stdout == expected
    with long.open("rb") as stream:
        done = subprocess.run((*COMMAND, "-"), stdin=stream, capture_output=True, env=environment(), check=True)
    assert done.stdout == expected
    assert run(long, *RECEIVED_LATER).stdout == expected


def test_standard_input_can_be_named_twice_and_is_read_once() -> None:
    assert run("-", "-", given=LOG).stdout == run("-", given=LOG).stdout


def test_standard_output_that_takes_no_more_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "night.nmea"
    log.write_bytes(LOG)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run((*COMMAND, str(log)), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False)
    assert done.stderr == b"snowtrack: standard output: cannot be written: No space left on device\n"
    assert done.returncode == 1
