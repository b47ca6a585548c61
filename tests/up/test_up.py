"""`snowtrack up` as its user meets it: started, looked at, stopped, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from snowtrack.roads.files import open_network
from tests.up.instance import (
    STOPPED_S_MAX,
    Instance,
    ask,
    await_true,
    running,
    summary,
    wait_until_up,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
GONE_S_MAX = 20


def test_it_starts_everything_shows_the_fleet_and_stops_by_itself(instance: Instance) -> None:
    done = instance.run("--ploughs", "4", "--seconds", "12")
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("roads", "database", "schema", "broker", "services", "simulator"):
        assert f"\n{part} " in f"\n{done.stdout}"
    assert instance.api in done.stdout
    assert "4 ploughs at work" in done.stdout
    assert "stopped; the data stays in" in done.stdout
    assert instance.processes() == []


def test_a_second_start_goes_on_with_the_data_and_the_next_boot(instance: Instance) -> None:
    with running(instance, "--ploughs", "2"):
        await_true(lambda: summary(instance)["fixes"]["total"] > 50, 60, "fixes arrive")
        await_true(lambda: len(devices(instance)) == 2, 30, "both devices are known")
        before = {device["device"]: device["fixes"] for device in devices(instance)}
    with running(instance, "--ploughs", "2"):
        assert {device["device"] for device in devices(instance)} == set(before)
        await_true(lambda: summary(instance)["fixes"]["total"] > 50, 60, "the second boot's fixes arrive")
        assert all(device["fixes"] > before[device["device"]] for device in devices(instance))


def test_a_town_of_an_older_format_is_drawn_anew(instance: Instance) -> None:
    roads = instance.folder / "network"
    roads.mkdir(parents=True)
    (roads / "network.json").write_text('{"format": "snowtrack-network", "version": 1}')
    done = instance.run("--seconds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(open_network(roads)) > 4_000


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_an_order_to_stop_ends_all_of_it_within_ten_seconds(instance: Instance, order: signal.Signals) -> None:
    process = instance.start("--ploughs", "2")
    wait_until_up(process)
    await_true(lambda: summary(instance)["fixes"]["total"] > 0, 60, "fixes arrive")
    process.send_signal(order)
    said, _ = process.communicate(timeout=STOPPED_S_MAX)
    assert process.returncode == 0, said
    assert instance.processes() == []
    assert not (instance.folder / "running.json").exists()


def test_killing_the_parent_ends_all_and_the_next_start_has_the_data(instance: Instance) -> None:
    process = instance.start("--ploughs", "2")
    wait_until_up(process)
    await_true(lambda: sum(device["fixes"] for device in devices(instance)) > 50, 60, "fixes are stored")
    process.kill()
    process.communicate()
    with running(instance):
        assert sum(device["fixes"] for device in devices(instance)) > 50


def test_after_a_kill_nothing_of_it_stays_behind(instance: Instance) -> None:
    process = instance.start("--ploughs", "2")
    wait_until_up(process)
    assert instance.processes() != []
    process.kill()
    process.communicate()
    await_true(lambda: instance.processes() == [], GONE_S_MAX, "all children end")


def test_no_process_shows_the_password_of_the_broker(instance: Instance) -> None:
    """Among its arguments, which every user of the machine can read."""
    process = instance.start("--ploughs", "1", "--broker", "mqtt://ingest:hidden@127.0.0.1:9")
    try:
        wait_until_up(process)
        shown = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in instance.processes() if pid != process.pid]
        assert shown
        assert not any(b"hidden" in arguments for arguments in shown)
    finally:
        process.terminate()
        process.communicate(timeout=STOPPED_S_MAX)


def test_a_child_that_falls_ends_the_rest_and_is_named(instance: Instance) -> None:
    process = instance.start()
    wait_until_up(process)
    fold = next(pid for pid in instance.processes() if b"fold" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(fold, signal.SIGKILL)
    said, _ = process.communicate(timeout=STOPPED_S_MAX + 5)
    assert process.returncode == 1
    assert "snowtrack: fold ended by itself" in said


@pytest.mark.parametrize("port", ["api", "portal", "broker"])
def test_a_port_that_is_taken_is_one_clear_line(instance: Instance, port: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", getattr(instance, f"{port}_port")))
        taken.listen()
        done = instance.run()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"({port}.port)" in done.stderr
    assert f"SNOWTRACK_{port.upper()}_PORT" in done.stderr


def test_too_little_disk_is_one_clear_line(instance: Instance) -> None:
    done = instance.run("--set", "data.free_mb_min=99999999")
    assert done.returncode == 1
    assert done.stderr.startswith("snowtrack: data folder")
    assert "MB free, at least 99999999 MB are needed" in done.stderr
    assert done.stderr.count("\n") == 1


def test_two_in_one_folder_are_refused(instance: Instance) -> None:
    with running(instance):
        done = instance.run()
    assert done.returncode == 1
    assert "another snowtrack runs in it" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_broker_or_database_that_is_not_there_is_one_clear_line(instance: Instance) -> None:
    done = instance.run("--database", "postgresql://nobody:secret@127.0.0.1:9/none")
    assert done.returncode == 1
    assert done.stderr.startswith("snowtrack: database: cannot connect to none on 127.0.0.1")
    assert "secret" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1


def test_the_doctor_finds_nothing_wrong_while_it_runs_and_says_what_to_do_when_not(instance: Instance) -> None:
    with running(instance):
        await_true(lambda: httpx.get(f"{instance.api}/readyz", timeout=5).status_code == 200, 20, "it is ready")
        well = doctor(instance)
    ill = doctor(instance)
    assert well.returncode == 0, well.stdout
    assert "FAULT" not in well.stdout
    assert ill.returncode == 1
    assert "snowtrack up" in ill.stdout


def test_the_wheel_works_in_an_empty_folder_without_node(instance: Instance, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("snowtrack-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")
    (tmp_path / "empty").mkdir()
    python = Path(sys.executable).parent
    environment = {"PYTHONPATH": str(tmp_path / "wheel"), "PATH": str(python), "HOME": str(tmp_path)}
    where = subprocess.run(
        [sys.executable, "-c", "import snowtrack, portal_bridge; print(snowtrack.__file__, portal_bridge.__file__)"],
        cwd=tmp_path / "empty",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.count(str(tmp_path / "wheel")) == 2
    process = instance.start(environment=environment)
    try:
        wait_until_up(process)
        assert httpx.get(f"{instance.api}/", timeout=10).status_code == 200
        assert httpx.get(f"{instance.portal}/v1/roads", timeout=20).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=STOPPED_S_MAX)


def test_who_starts_it_is_invited_until_a_password_is_chosen(instance: Instance) -> None:
    process = instance.start()
    said = wait_until_up(process)
    (link,) = (line.strip() for line in said if "/sign-in.html#invitation=" in line)
    with httpx.Client(base_url=instance.api, headers={"origin": instance.api}, timeout=10) as browser:
        assert browser.get("/v1/devices").status_code == 401
        chosen = {"invitation": link.partition("=")[2], "password": "yuki ga furu yoru"}
        assert browser.post("/v1/session/invitation", json=chosen).status_code == 204
        assert browser.get("/v1/devices").status_code == 200
    process.terminate()
    process.communicate(timeout=STOPPED_S_MAX)
    again = instance.start()
    try:
        assert not any("invitation" in line for line in wait_until_up(again))
        answer = httpx.post(
            f"{instance.api}/v1/session",
            json={"name": "admin", "password": "yuki ga furu yoru"},
            headers={"origin": instance.api},
            timeout=10,
        )
        assert answer.status_code == 204
    finally:
        again.terminate()
        again.communicate(timeout=STOPPED_S_MAX)


def devices(instance: Instance) -> list[dict[str, int]]:
    found: list[dict[str, int]] = ask(instance, "/v1/devices")["devices"]
    return found


def doctor(instance: Instance) -> subprocess.CompletedProcess[str]:
    command = instance.command()
    command[command.index("up")] = "doctor"
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=instance.folder.parent)
