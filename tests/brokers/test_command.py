"""`snowtrack brokers`, as its user calls it."""

import subprocess
import sys
from pathlib import Path

from tests.nats import nats_in
from tests.ports import free_port
from tests.sources.publisher import publishing


def snowtrack(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snowtrack", "brokers", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_devices_are_enrolled_and_revoked_and_no_key_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "register"
    said = [
        snowtrack("enrol", "kanazawa", "d1", "d2", "--host", "localhost", "--into", folder),
        snowtrack("enrol", "hakusan", "d1", "--into", folder, "--days", 5),
        snowtrack("revoke", "kanazawa", "d1", "--from", folder),
    ]
    assert [each.returncode for each in said] == [0, 0, 0], said
    assert f"{folder}: 2 enrolled for 730 days, 2 devices in all" in said[0].stdout
    assert f"{folder}: 1 enrolled for 5 days, 3 devices in all" in said[1].stdout
    assert f"{folder}: 1 revoked, 2 devices left" in said[2].stdout
    words = "".join(each.stdout + each.stderr for each in said)
    for key in folder.rglob("key.pem"):
        assert not any(line in words for line in key.read_text().splitlines())
    acl = (folder / "broker" / "mosquitto.acl").read_text()
    assert [line for line in acl.splitlines() if line.startswith("user")] == [
        "user engine",
        "user hakusan.d1",
        "user kanazawa.d2",
    ]


def test_the_broker_and_the_engine_get_new_certificates_without_a_device(tmp_path: Path) -> None:
    assert snowtrack("enrol", "--host", "localhost", "--into", tmp_path).returncode == 0
    before = (tmp_path / "broker" / "certificate.pem").read_bytes()
    assert snowtrack("enrol", "--host", "localhost", "--into", tmp_path).returncode == 0
    assert (tmp_path / "broker" / "certificate.pem").read_bytes() != before


def test_the_stream_of_a_cluster_is_made_before_the_first_tracker_comes(tmp_path: Path) -> None:
    nats = nats_in(tmp_path / "nats")
    url, nobodys = (f"--set=stream.url=nats://127.0.0.1:{port}" for port in (nats.nats_port, free_port()))
    nats.running.start()
    try:
        own = url, "--set=stream.replicas=1", "--set=stream.mb=100"
        made = snowtrack("stream", *own)
        assert (made.returncode, made.stdout) == (0, "$MQTT_msgs is there: 1 of each message, 72 h or 100 MB\n"), made
        with publishing(nats.running.address):
            again = snowtrack("stream", *own)
        assert (again.returncode, again.stdout) == (0, made.stdout)
        other = snowtrack("stream", *own, "--set=stream.hours=5")
        assert "max_age is 259200000000000, not 18000000000000" in other.stderr
    finally:
        nats.running.stop()
    for said, words in (
        (other, "snowtrack: the stream $MQTT_msgs is there with other settings"),
        (snowtrack("stream", nobodys), "snowtrack: no node of the cluster answers: cannot connect"),
        (snowtrack("stream"), "snowtrack: settings: stream.url says no node of a cluster"),
    ):
        assert (said.returncode, said.stdout, said.stderr.count("\n")) == (1, "", 1), said
        assert said.stderr.startswith(words)


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    asked = {
        ("enrol", "kanazawa", "d1", "--into", tmp_path / "new"): "name the broker's host",
        ("enrol", "kana/zawa", "d1", "--host", "h", "--into", tmp_path / "new"): "is not an id",
        ("revoke", "kanazawa", "d1", "--from", tmp_path / "new"): "is not enrolled here",
    }
    for arguments, words in asked.items():
        said = snowtrack(*arguments)
        assert said.returncode == 1
        assert said.stderr.startswith("snowtrack: ")
        assert words in said.stderr
        assert said.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()
    assert snowtrack("enrol", "kanazawa", "--into", tmp_path).returncode == 2
