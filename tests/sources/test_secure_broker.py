"""Brokers that ask for a password and speak TLS."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from snowtrack.addresses import BrokerAddress, parse_broker
from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.source import Limits
from tests.mosquitto import RunningBroker, mosquitto_in
from tests.services.waiting import until
from tests.sources.publisher import publishing
from tests.sources.test_mqtt_source import leave, listening, take

pytestmark = pytest.mark.anyio
PASSWORD = "p:w@/雪"
QUOTED = "p%3Aw%40%2F%E9%9B%AA"


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[RunningBroker]:
    """Mosquitto with a certificate of its own making and one user."""
    folder = tmp_path / "secure"
    folder.mkdir()
    passwords, key, certificate = folder / "passwords", folder / "key.pem", folder / "certificate.pem"
    run("mosquitto_passwd", "-b", "-c", passwords, "ingest", PASSWORD)
    subject = ("-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *subject,
        "-days", "2", "-keyout", key, "-out", certificate)  # fmt: skip
    lines = (f"password_file {passwords}", f"keyfile {key}", f"certfile {certificate}")
    broker = mosquitto_in(folder, *lines)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(configuration.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    yield broker
    broker.stop()


def address(broker: RunningBroker, password: str = QUOTED) -> BrokerAddress:
    return parse_broker(f"mqtts://ingest:{password}@127.0.0.1:{broker.port}")


async def test_messages_come_over_tls_from_a_broker_whose_certificate_is_trusted(
    secure: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.folder / "certificate.pem"))
    async with listening(address(secure)) as source:
        with publishing(address(secure)) as publisher:
            await asyncio.to_thread(publisher.say, "up", b"secret road")
            assert await take(source, 1) == [b"secret road"]


async def test_a_wrong_password_is_said(secure: RunningBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.folder / "certificate.pem"))
    source = MqttSource(address(secure, "wrong"), "test", Limits(5, 5))
    source.start()
    try:
        await until(lambda: source.refusal == "refused: Not authorized")
    finally:
        await leave(source)


def test_a_certificate_that_is_not_trusted_is_not_taken(secure: RunningBroker) -> None:
    context = address(secure).tls
    assert context is not None
    with socket.create_connection(("127.0.0.1", secure.port)) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="127.0.0.1")
