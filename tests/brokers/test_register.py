"""The folder of certificates: what is in it, who may read it, and what stays true of it."""

import re
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from snowtrack.brokers.authority import Identity, Pair
from snowtrack.brokers.register import Register
from snowtrack.model.errors import ConfigError
from snowtrack.model.ids import DeviceId

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
D1, D2 = DeviceId("kanazawa", "d1"), DeviceId("kanazawa", "d-2_B")


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """Two devices."""
    register = Register(tmp_path / "register")
    register.enrol([D1, D2], hosts=["broker.example.jp", "192.0.2.7"], now=NOW, days=30)
    return register


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def uses(path: Path) -> list[x509.ObjectIdentifier]:
    return list(certificate(path).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def revoked_serials(register: Register) -> set[int]:
    found = x509.load_pem_x509_crl((register.folder / "broker" / "devices.crl").read_bytes())
    return {each.serial_number for each in found}


def names(register: Register) -> list[str]:
    return sorted(identity.name for identity in register.enrolled())


def test_nobody_else_can_read_any_of_it(register: Register) -> None:
    files = [path for path in register.folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(register.folder.stat().st_mode) == 0o700
    assert not [path for path in files if path.name.startswith(".")]


@pytest.mark.parametrize("device", [D1, D2])
def test_a_device_has_a_certificate_of_its_name_for_a_client(register: Register, device: DeviceId) -> None:
    name = f"{device.agency}.{device.device}"
    path = register.folder / "devices" / name / "certificate.pem"
    found = certificate(path)
    assert Identity.of(path.read_bytes()).name == name
    assert found.subject.rfc4514_string() == f"CN={name}"
    assert uses(path) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert found.not_valid_before_utc <= NOW
    assert found.not_valid_after_utc == NOW + timedelta(days=30)
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    found.verify_directly_issued_by(certificate(register.folder / "broker" / "devices-ca.pem"))


def test_keys_belong_to_their_certificates_and_are_on_p_256(register: Register) -> None:
    pairs = [path.parent for path in register.folder.rglob("key.pem")]
    assert len(pairs) == 8
    for folder in pairs:
        ssl.create_default_context().load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert isinstance(key.curve, ec.SECP256R1)


def test_the_broker_is_known_by_its_hosts_and_is_no_client(register: Register) -> None:
    path = register.folder / "broker" / "certificate.pem"
    hosts = certificate(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["broker.example.jp"]
    assert [str(address) for address in hosts.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]
    assert uses(path) == [ExtendedKeyUsageOID.SERVER_AUTH]
    for folder in ("engine", "devices/kanazawa.d1"):
        certificate(path).verify_directly_issued_by(certificate(register.folder / folder / "ca.pem"))


def test_the_nodes_of_a_cluster_call_each_other_by_an_authority_of_their_own(register: Register) -> None:
    path = register.folder / "nodes" / "certificate.pem"
    assert uses(path) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate(path).verify_directly_issued_by(certificate(register.folder / "nodes" / "ca.pem"))
    for other in ("services", "devices"):
        with pytest.raises(ValueError, match="Issuer"):
            certificate(path).verify_directly_issued_by(certificate(register.folder / "broker" / f"{other}-ca.pem"))


def test_the_engine_s_certificate_is_not_of_the_devices_authority(register: Register) -> None:
    engine = certificate(register.folder / "engine" / "certificate.pem")
    engine.verify_directly_issued_by(certificate(register.folder / "broker" / "services-ca.pem"))
    with pytest.raises(ValueError, match="Issuer"):
        engine.verify_directly_issued_by(certificate(register.folder / "broker" / "devices-ca.pem"))


def test_enrolling_again_gives_another_certificate_beside_the_first(register: Register) -> None:
    first = certificate(register.folder / "devices" / "kanazawa.d1" / "certificate.pem").serial_number
    register.enrol([D1], hosts=[], now=NOW, days=30)
    second = certificate(register.folder / "devices" / "kanazawa.d1" / "certificate.pem").serial_number
    assert first != second
    users = (register.folder / "broker" / "nats-users.conf").read_text()
    assert f"kanazawa.d1:{first:x}" in users
    assert f"kanazawa.d1:{second:x}" in users
    assert (register.folder / "broker" / "mosquitto.acl").read_text().count("user kanazawa.d1\n") == 1
    assert not revoked_serials(register)


def test_enrolling_more_leaves_the_authorities_the_broker_and_the_engine_as_they_are(register: Register) -> None:
    kept = {
        path: path.read_bytes()
        for folder in ("authority/devices", "authority/services", "broker", "engine")
        for path in (register.folder / folder).glob("*.pem")
    }
    register.enrol([DeviceId("hakusan", "d1")], hosts=[], now=NOW, days=30)
    assert {path: path.read_bytes() for path in kept} == kept
    assert names(register) == ["engine", "hakusan.d1", "kanazawa.d-2_B", "kanazawa.d1"]


def test_who_is_revoked_is_in_no_list_but_that_of_the_revoked(register: Register) -> None:
    register.enrol([D1], hosts=[], now=NOW, days=30)
    serials = {identity.serial for identity in register.enrolled() if identity.name == "kanazawa.d1"}
    assert len(serials) == 2
    register.revoke([D1], now=NOW)
    assert revoked_serials(register) == serials
    assert names(register) == ["engine", "kanazawa.d-2_B"]
    for name in ("mosquitto.acl", "nats-users.conf"):
        lists = (register.folder / "broker" / name).read_text()
        assert "d-2_B" in lists
        assert not {"kanazawa.d1", "kanazawa/d1"} & set(re.findall(r"kanazawa[./]\w+", lists))
    # Later changes do not forget it.
    register.enrol([D1], hosts=[], now=NOW, days=30)
    assert revoked_serials(register) == serials


def test_revoking_again_writes_lists_that_were_not_written(register: Register) -> None:
    register.revoke([D1], now=NOW)
    written = (register.folder / "broker" / "mosquitto.acl").read_text()
    (register.folder / "broker" / "mosquitto.acl").unlink()
    (register.folder / "broker" / "devices.crl").unlink()
    register.revoke([D1], now=NOW)
    assert (register.folder / "broker" / "mosquitto.acl").read_text() == written
    assert len(revoked_serials(register)) == 1


def test_what_was_handed_out_may_be_deleted(register: Register) -> None:
    before = (register.folder / "broker" / "mosquitto.acl").read_text()
    for path in sorted((register.folder / "devices").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    register.enrol([], hosts=["other.example.jp"], now=NOW, days=30)
    assert (register.folder / "broker" / "mosquitto.acl").read_text() == before


def test_a_device_that_is_not_enrolled_cannot_be_revoked_and_nobody_else_is(register: Register) -> None:
    with pytest.raises(ConfigError, match=r"hakusan\.d1 is not enrolled"):
        register.revoke([D1, DeviceId("hakusan", "d1")], now=NOW)
    assert names(register) == ["engine", "kanazawa.d-2_B", "kanazawa.d1"]


def test_the_first_time_the_broker_s_host_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--host"):
        Register(tmp_path / "none").enrol([D1], hosts=[], now=NOW, days=30)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("host", ["", "https://broker", "two words", "broker:8883", "ホスト"])
def test_what_is_no_host_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="is no host name or address"):
        Register(tmp_path / "none").enrol([D1], hosts=[host], now=NOW, days=30)


def test_a_name_has_room_in_a_certificate_or_is_refused_before_anything_is_made(register: Register) -> None:
    longest = DeviceId("a" * 32, "d" * 31)
    register.enrol([longest], hosts=[], now=NOW, days=30)
    before = names(register)
    with pytest.raises(ConfigError, match="at most 64 characters"):
        register.enrol([DeviceId("new", "d1"), DeviceId("a" * 32, "d" * 32)], hosts=[], now=NOW, days=30)
    assert names(register) == before


@pytest.mark.parametrize("name", ["authority/devices/key.pem", "authority/devices/certificate.pem"])
def test_a_damaged_file_is_named(register: Register, name: str) -> None:
    (register.folder / name).write_text("damaged")
    with pytest.raises(ConfigError, match=r"authority/devices: this is not what was written"):
        register.enrol([D1], hosts=[], now=NOW, days=30)


def test_an_authority_s_key_under_a_password_is_refused_and_not_asked_for(register: Register) -> None:
    path = register.folder / "authority" / "devices" / "key.pem"
    key = load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")))
    with pytest.raises(ConfigError, match=r"authority/devices: this is not what was written"):
        register.enrol([D1], hosts=[], now=NOW, days=30)


def test_a_damaged_certificate_of_a_device_is_named(register: Register) -> None:
    path = next((register.folder / "authority" / "issued").glob("kanazawa.d1.*"))
    path.write_text("damaged")
    with pytest.raises(ConfigError, match=r"kanazawa\.d1\..*: this is not what was written"):
        register.enrol([D2], hosts=[], now=NOW, days=30)


def test_a_key_is_not_in_the_words_for_a_pair(register: Register) -> None:
    folder = register.folder / "engine"
    pair = Pair((folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes())
    assert "PRIVATE" not in f"{pair} {pair!r}"
    assert "engine" in repr(pair)
