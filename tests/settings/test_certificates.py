"""Settings of the certificates with which a broker is called."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from snowtrack.brokers.register import Register
from snowtrack.model.errors import ConfigError
from snowtrack.settings import Settings, load_settings

SECURE = "broker.url=mqtts://broker"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's folder."""
    folder = tmp_path_factory.mktemp("register")
    Register(folder).enrol([], hosts=["localhost"], now=datetime.now(UTC), days=1)
    return folder / "engine"


def load(*flags: str) -> Settings:
    return load_settings(environment={"SNOWTRACK_CONFIG": ""}, flags=flags)


def test_without_them_public_authorities_are_believed_and_nothing_is_shown() -> None:
    address = load(SECURE).broker_address
    assert (address.ca, address.certificate, address.key) == (None, None, None)
    assert address.tls is not None


def test_an_authority_of_one_s_own_is_the_only_one_that_is_believed(engine: Path) -> None:
    context = load(SECURE, f"broker.ca={engine / 'ca.pem'}").broker_address.tls
    assert context is not None
    assert context.check_hostname
    assert [found["subject"] for found in context.get_ca_certs()] == [((("commonName", "snowtrack services"),),)]


def test_key_and_certificate_may_be_in_one_file(engine: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((engine / "certificate.pem").read_bytes() + (engine / "key.pem").read_bytes())
    assert load(SECURE, f"broker.certificate={both}").broker_address.tls is not None


@pytest.mark.parametrize("key", ["ca", "certificate"])
@pytest.mark.parametrize("url", ["mqtt://broker", "embedded"])
def test_certificates_for_a_broker_without_tls_are_a_mistake(key: str, url: str) -> None:
    with pytest.raises(ConfigError, match=rf"broker\.{key}: only a broker at mqtts://"):
        _ = load(f"broker.url={url}", f"broker.{key}=x.pem").broker_address


def test_a_key_needs_its_certificate() -> None:
    with pytest.raises(ConfigError, match=r"broker\.key: the certificate that it belongs to is missing"):
        _ = load(SECURE, "broker.key=x.pem").broker_address


def test_files_that_cannot_be_used_are_named(engine: Path, tmp_path: Path) -> None:
    text, absent, certificate = tmp_path / "text.pem", tmp_path / "absent.pem", engine / "certificate.pem"
    text.write_text("text")
    wrong = {
        (f"broker.ca={absent}",): f"broker.ca: {absent}: No such file",
        (f"broker.ca={text}",): f"broker.ca: {text}: not PEM",
        (f"broker.certificate={absent}",): f"broker.certificate: {absent}: No such file",
        (f"broker.certificate={certificate}",): f"broker.certificate: {certificate}: not ",
        (f"broker.certificate={certificate}", f"broker.key={absent}"): f"{certificate} with {absent}: No such file",
        (f"broker.certificate={certificate}", f"broker.key={text}"): f"{certificate} with {text}: not ",
    }
    for flags, words in wrong.items():
        with pytest.raises(ConfigError) as caught:
            _ = load(SECURE, *flags).broker_address.tls
        assert words in str(caught.value)


def test_a_key_under_a_password_is_refused_and_not_asked_for(engine: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    key = load_pem_private_key((engine / "key.pem").read_bytes(), None)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")))
    with pytest.raises(ConfigError, match=r"broker\.certificate: .* with .*locked\.pem: not "):
        _ = load(SECURE, f"broker.certificate={engine / 'certificate.pem'}", f"broker.key={locked}").broker_address.tls
