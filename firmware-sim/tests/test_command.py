"""The command as a user meets it when something is wrong, or when its parent ends."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ploughsim.scenario import shipped

_UNUSED_BROKER = "mqtt://127.0.0.1:9"
_SIMULATOR = [sys.executable, "-m", "ploughsim", "run"]


def _command(roads: Path, state: Path, *more: str, scenario: str = "demo", broker: str = _UNUSED_BROKER) -> list[str]:
    given = ["--broker", broker, "--network", str(roads), "--state", str(state)]
    return [*_SIMULATOR, scenario, *given, *more]


def _run(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ploughs", "0"], "plough-sim: command line: machines is 0; expected a whole number from 1 to 100000\n"),
        (["--speed", "1e9"], "plough-sim: command line: speed is 1000000000.0; expected a number from 0.1 to 1000\n"),
        (["--to", "night.log"], "plough-sim: give --broker URL or --to FILE, one of them\n"),
        (["--certificates", "x"], "plough-sim: --certificates needs --broker mqtts://…\n"),
        (["--broker", "tcp://u:secret@x"], "plough-sim: --broker must read mqtt://[user:password@]host[:port] or"),
        (["--network", "/dev"], "plough-sim: /dev/network.json: No such file or directory; --network must"),
        (["--state", "/dev/null/x"], "plough-sim: /dev/null/x: Not a directory; --state must name a folder"),
    ],
)
def test_wrong_input_is_one_clear_line(roads: Path, tmp_path: Path, more: list[str], said: str) -> None:
    code, stderr = _run(_command(roads, tmp_path, *more))
    assert code == 2
    assert stderr.startswith(said)
    assert stderr.count("\n") == 1
    assert "secret" not in stderr


def test_a_night_into_a_file_needs_an_end_and_a_place(roads: Path, tmp_path: Path) -> None:
    assert _run([*_SIMULATOR, "demo", "--to", ".", "--hours", "1"])[1] == "plough-sim: .: is a folder; name a file\n"

    def said(*more: str) -> str:
        code, stderr = _run([*_SIMULATOR, "demo", "--network", str(roads), "--ploughs", "2", *more])
        assert code == 2
        return stderr

    assert "give --hours, or hours in [night]" in said("--to", str(tmp_path / "night.log"))
    assert "No such file or directory; name a f" in said("--to", str(tmp_path / "no" / "x"), "--hours", "0.1")
    truth = ["--truth", str(tmp_path / "truth"), "--hours", "0.1"]
    assert (
        _run([*_SIMULATOR, "demo", "--network", str(roads), "--ploughs", "2", *truth, "--to", str(tmp_path / "a")])[0]
        == 0
    )
    assert "is there already; remove it" in said(*truth, "--to", str(tmp_path / "b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "truth"]


def test_a_night_into_a_file_makes_its_roads_and_says_how_far_it_is(tmp_path: Path) -> None:
    scenario = tmp_path / "short.toml"
    scenario.write_text('[night]\nname = "short"\nhours = 0.1\n[network]\nsegments = 1000\n[fleet]\nmachines = 3\n')
    night = [*_SIMULATOR, str(scenario), "--to", "night.log"]
    done = subprocess.run(night, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(done.stderr.splitlines()[-1])
    assert (told["event"], told["epochs"], told["share"]) == ("done", 3 * 360, 1.0)
    assert told["simulated_time"] == "2026-01-14T18:06:00+09:00"
    assert (tmp_path / ".ploughsim" / "short" / "network-town-1000-1" / "network.json").exists()
    first = (tmp_path / "night.log").read_bytes()
    subprocess.run(night, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert (tmp_path / "night.log").read_bytes() == first


def test_roads_are_made_on_their_own_and_scenarios_listed(tmp_path: Path) -> None:
    network = [*_SIMULATOR[:-1], "network", "pass", "--segments", "1000", "--out", str(tmp_path / "net")]
    done = subprocess.run(network, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"{tmp_path / 'net'}: 1,") or done.stdout.startswith(f"{tmp_path / 'net'}: 9")
    code, stderr = _run(network)
    assert (code, stderr) == (
        2,
        f"plough-sim: {tmp_path / 'net'}: exists already; networks are never changed, choose another folder\n",
    )
    listed = subprocess.run([*_SIMULATOR[:-1], "scenarios"], capture_output=True, text=True, timeout=60, check=True)
    assert "flood                The flood: 600 machines" in listed.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "give --database URL or --api URL, or both"),
        (["--api", "file:///etc/passwd"], "/night.json: No such file or directory; --truth must name a folder"),
        (["--database", "postgresql://u:secret@127.0.0.1:9/x"], "/night.json: No such file or directory"),
    ],
)
def test_a_score_needs_a_truth_and_an_engine(tmp_path: Path, more: list[str], said: str) -> None:
    code, stderr = _run([*_SIMULATOR[:-1], "score", "--truth", str(tmp_path), *more])
    assert code == 2
    assert said in stderr
    assert stderr.count("\n") == 1


def test_a_score_never_tells_a_password(roads: Path, tmp_path: Path) -> None:
    truth = str(tmp_path / "truth")
    night = ["demo", "--network", str(roads), "--ploughs", "1", "--hours", "0.1", "--to", str(tmp_path / "n")]
    assert _run([*_SIMULATOR, *night, "--truth", truth])[0] == 0
    for more in (["--database", "postgresql://u:secret@127.0.0.1:9/x"], ["--api", "file:///etc/passwd"]):
        code, stderr = _run([*_SIMULATOR[:-1], "score", "--truth", truth, *more])
        assert (code, stderr.count("\n")) == (2, 1)
        assert stderr.startswith(f"plough-sim: {more[0]}")
        assert "secret" not in stderr


def test_two_simulators_cannot_share_a_state_folder(roads: Path, tmp_path: Path) -> None:
    command = _command(roads, tmp_path, "--ploughs", "1")
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
    roads: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with _started(_command(roads, tmp_path, "--ploughs", "2")) as (process, first):
        assert '"event":"started"' in first
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 0
    assert '"event":"stopped"' in stderr.splitlines()[-1]
    assert sorted(path.name for path in (tmp_path / "ishikawa").iterdir()) == ["plough-01.flash", "plough-02.flash"]


def test_people_at_a_terminal_get_words(roads: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(_command(roads, tmp_path, "--ploughs", "1"), stderr=theirs) as process:
        os.close(theirs)
        said = os.read(ours, 1000).decode()
        process.kill()
    os.close(ours)
    assert said.startswith("started · ")
    assert "· 0/0 of 1 connected · 0 epochs · 0 held" in said


@pytest.mark.slow
def test_a_broker_that_cannot_be_reached_is_named(roads: Path, tmp_path: Path) -> None:
    with _started(_command(roads, tmp_path, "--ploughs", "1")) as (process, _):
        assert process.stderr
        progress = json.loads(process.stderr.readline())
    assert progress["event"] == "progress"
    assert progress["connected"] == 0
    assert progress["epochs"] == progress["held"] > 0
    assert progress["trouble"].startswith("127.0.0.1:9: ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_it_stops_with_its_parent(roads: Path, tmp_path: Path) -> None:
    command = _command(roads, tmp_path, "--ploughs", "1", "--stop-with-parent")
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


@pytest.mark.slow
def test_the_wheel_brings_the_scenarios_along(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=Path(__file__).parents[1], capture_output=True, timeout=60, check=True)
    (wheel,) = tmp_path.glob("ploughsim-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")
    listed = subprocess.run(
        [*_SIMULATOR[:-1], "scenarios"],
        env={"PYTHONPATH": str(tmp_path / "wheel"), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [name for name, _ in shipped()]
