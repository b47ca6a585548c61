"""The command as a user meets it when something is wrong, or when its parent ends."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_UNUSED_BROKER = "mqtt://127.0.0.1:9"
_SIMULATOR = [sys.executable, "-m", "ploughsim", "run"]


def _command(town: Path, state: Path, *more: str, scenario: str = "demo", broker: str = _UNUSED_BROKER) -> list[str]:
    given = ["--broker", broker, "--network", str(town), "--state", str(state)]
    return [*_SIMULATOR, scenario, *given, *more]


def _run(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ploughs", "0"], "plough-sim: command line: ploughs is 0; expected a whole number from 1 to 10000\n"),
        (["--speed", "1e9"], "plough-sim: command line: speed is 1000000000.0; expected a number from 0.1 to 100\n"),
        (["--broker", "tcp://u:secret@x"], "plough-sim: --broker must read mqtt://[user:password@]host[:port] or"),
        (["--network", "/nowhere"], "plough-sim: /nowhere/network.json: No such file or directory; --network must"),
        (["--state", "/dev/null/x"], "plough-sim: /dev/null/x: Not a directory; --state must name a folder"),
    ],
)
def test_wrong_input_is_one_clear_line(town: Path, tmp_path: Path, more: list[str], said: str) -> None:
    code, stderr = _run(_command(town, tmp_path, *more))
    assert code == 2
    assert stderr.startswith(said)
    assert stderr.count("\n") == 1
    assert "secret" not in stderr


def test_a_ring_of_another_size_is_named(town: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    for slots, code in ((100, 0), (200, 2)):
        scenario = tmp_path / f"{slots}.toml"
        scenario.write_text(f'name="x"\nagency="kaga"\nploughs=1\nring_slots={slots}\n')
        with _started(_command(town, state, scenario=str(scenario))) as (process, first):
            if code == 0:
                process.terminate()
            assert process.wait(30) == code
    assert "kaga/plough-01.ring: made with 100 slots, not 200" in first


def test_two_simulators_cannot_share_a_state_folder(town: Path, tmp_path: Path) -> None:
    command = _command(town, tmp_path, "--ploughs", "1")
    with _started(command) as (first, _):
        code, stderr = _run(command)
        first.terminate()
        assert first.wait(30) == 0
    assert (code, stderr) == (
        2,
        f"plough-sim: {tmp_path}: in use by another plough-sim; stop it or give another --state\n",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_broker_it_fills_its_rings_and_stops_cleanly(
    town: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with _started(_command(town, tmp_path, "--ploughs", "2")) as (process, first):
        assert '"event":"started"' in first
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 0
    assert '"event":"stopped"' in stderr.splitlines()[-1]
    assert sorted(path.name for path in (tmp_path / "ishikawa").iterdir()) == ["plough-01.ring", "plough-02.ring"]


def test_people_at_a_terminal_get_words(town: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(_command(town, tmp_path, "--ploughs", "1"), stderr=theirs) as process:
        os.close(theirs)
        said = os.read(ours, 1000).decode()
        process.kill()
    os.close(ours)
    assert said.startswith("started · ")
    assert "Z · 0/1 connected · 0 epochs · 0 held" in said


@pytest.mark.slow
def test_a_broker_that_cannot_be_reached_is_named(town: Path, tmp_path: Path) -> None:
    with _started(_command(town, tmp_path, "--ploughs", "1")) as (process, _):
        assert process.stderr
        progress = json.loads(process.stderr.readline())
    assert progress["event"] == "progress"
    assert progress["connected"] == 0
    assert progress["epochs"] == progress["held"] > 0
    assert progress["trouble"].startswith("127.0.0.1:9: ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_it_stops_with_its_parent(town: Path, tmp_path: Path) -> None:
    command = _command(town, tmp_path, "--ploughs", "1", "--stop-with-parent")
    # The parent starts the simulator, says its process id, and waits to be killed.
    program = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdin
    assert parent.stdout
    assert parent.stderr
    simulator = int(parent.stdout.readline())
    assert b"started" in parent.stderr.readline()
    parent.kill()
    # Ends when the simulator has closed its end of the pipe.
    assert b"stopped" in parent.stderr.read()
    for pipe in (parent.stdin, parent.stdout, parent.stderr):
        pipe.close()
    parent.wait(30)
    _until_gone(simulator)


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the first line that it said."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield process, process.stderr.readline()
        finally:
            process.kill()


def _until_gone(process_id: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = Path(f"/proc/{process_id}/stat")
        # Nobody may be there to bury it.
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        os.sched_yield()
    pytest.fail("the simulator outlived its parent")
