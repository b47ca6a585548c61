"""A log of any length is read in the memory that its pieces take."""

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import IO, cast

import pytest

from snowtrack.model.calendar import SECOND_US
from tests.decode.receiver_logs import DIRT, LAT_E7, LON_E7, START_US, seconds
from tests.decode.running import COMMAND, ENDED_S_MAX, environment
from tests.oracles.nmea import gga

pytestmark = pytest.mark.slow
MEGABYTE = 2**20
LOG_BYTES = 200 * MEGABYTE
GROWTH_BYTES_MAX = 64 * MEGABYTE
DAY = [seconds(START_US + hour * 3_600 * SECOND_US, 3_600) for hour in range(24)]
DIRTY = [hour + b"".join(DIRT) * 500 for hour in DAY]
UNDATED = [b"".join(gga(START_US + at * SECOND_US, LAT_E7, LON_E7) for at in range(0, 86_400, 7))]
RECEIVED = ("--received-at", "2026-01-16T00:00:00Z")


def repeated(parts: Sequence[bytes], size: int) -> Iterator[bytes]:
    """About so many bytes."""
    for part in cycle(parts):
        yield part
        size -= len(part)
        if size < 0:
            return


def peak_bytes(process: subprocess.Popen[bytes]) -> int:
    """The most that it ever had of its own; what the kernel tells after its end counts its parent's too."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    ("parts", "when"), [(DAY, ()), (DIRTY, RECEIVED), (UNDATED, ())], ids=["clean", "dirty", "without a date"]
)
def test_a_long_log_takes_no_more_memory_than_a_short_one(
    parts: Sequence[bytes], when: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        ThreadPoolExecutor() as pool,
        subprocess.Popen(
            (*COMMAND, "-", *when, "--rejects", str(tmp_path / "rejects")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        ) as process,
    ):
        log, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        fixes = pool.submit(lambda: sum(1 for _ in out))
        peaks = []
        for size in (LOG_BYTES // 5, LOG_BYTES):
            for part in repeated(parts, size):
                log.write(part)
            log.flush()
            peaks.append(peak_bytes(process))
        log.close()
        assert fixes.result(ENDED_S_MAX) > 1_000_000
        assert process.wait(ENDED_S_MAX) == 0
    assert peaks[1] - peaks[0] < GROWTH_BYTES_MAX, peaks
