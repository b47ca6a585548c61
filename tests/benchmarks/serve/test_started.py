"""Programs that run while something is measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.serve.started import started

WAITS = "print('ready now', flush=True); import signal; signal.pause()"


def begin(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_it_runs_until_it_is_no_more_needed(tmp_path: Path) -> None:
    popen = begin(WAITS)
    with started(popen, tmp_path / "one.log", b"ready"):
        assert popen.poll() is None
    assert popen.returncode is not None
    assert (tmp_path / "one.log").read_text() == "ready now\n"


def test_what_does_not_start_is_said_with_its_last_words(tmp_path: Path) -> None:
    popen = begin("print('no room')")
    with (
        pytest.raises(RuntimeError, match="one did not start: no room"),
        started(popen, tmp_path / "one.log", b"ready"),
    ):
        pytest.fail("it never was ready")
    assert popen.returncode == 0


def test_it_ends_when_the_measurement_fails(tmp_path: Path) -> None:
    popen = begin(WAITS)
    with pytest.raises(ZeroDivisionError), started(popen, tmp_path / "one.log", b"ready"):
        _ = 1 // 0
    assert popen.returncode is not None
