"""Certificates: an authority signs what a broker then believes. Keys are EC P-256; what is made here is bytes to write.

A certificate says one name, and whether it is for a client or for a server. A client's also says which one of that name
it is, so that one can be revoked and the next believed. Names have at most 64 characters, as X.509 has it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from snowtrack.model.errors import ConfigError

NAME_CHARACTERS_MAX = 64
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
# For lists of revoked certificates too: one that is past its time makes Mosquitto refuse everyone.
AUTHORITY_DAYS = 20 * 365
# Clocks differ a little.
BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its key, both as PEM. The key is never printed."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Pair({Identity.of(self.certificate)})"


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What a client's certificate says of its holder."""

    name: str
    serial: int

    @property
    def urn(self) -> str:
        return f"urn:snowtrack:{self.name}:{self.serial:x}"

    @classmethod
    def of(cls, certificate: bytes) -> Self:
        """Read it from a certificate of ours."""
        read = x509.load_pem_x509_certificate(certificate)
        name = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return cls(str(name), read.serial_number)


class Authority:
    """Signs certificates and the list of those that are not to be believed any more."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def found(cls, name: str, now: datetime) -> Self:
        """A new one, which signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        builder = (
            _begun(subject, subject, key.public_key(), _life(now, AUTHORITY_DAYS))
            .serial_number(x509.random_serial_number())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, pair: Pair) -> Self:
        key = serialization.load_pem_private_key(pair.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigError("the authority's key is not an elliptic curve key")
        return cls(x509.load_pem_x509_certificate(pair.certificate), key)

    @property
    def pair(self) -> Pair:
        return Pair(self._certificate.public_bytes(serialization.Encoding.PEM), _as_pem(self._key))

    def for_client(self, name: str, now: datetime, days: int) -> Pair:
        """Someone who calls a broker."""
        serial = x509.random_serial_number()
        who = x509.UniformResourceIdentifier(Identity(name, serial).urn)
        return self._sign(name, serial, _Purpose([ExtendedKeyUsageOID.CLIENT_AUTH], [who]), _life(now, days))

    def for_server(self, hosts: Sequence[str], now: datetime, days: int) -> Pair:
        """A broker, known by these names or addresses."""
        purpose = _Purpose([ExtendedKeyUsageOID.SERVER_AUTH], [_host(host) for host in hosts])
        return self._sign("broker", x509.random_serial_number(), purpose, _life(now, days))

    def for_node(self, hosts: Sequence[str], now: datetime, days: int) -> Pair:
        """A broker among the others of its cluster: each calls each."""
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        purpose = _Purpose(usages, [_host(host) for host in hosts])
        return self._sign("node", x509.random_serial_number(), purpose, _life(now, days))

    def revocations(self, serials: Iterable[int], now: datetime) -> bytes:
        """The list of certificates of ours that are not to be believed any more."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - BEFORE)
            .next_update(now + timedelta(days=AUTHORITY_DAYS))
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _sign(self, name: str, serial: int, purpose: "_Purpose", life: "_Life") -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _begun(_subject(name), self._certificate.subject, key.public_key(), life)
            .serial_number(serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.ExtendedKeyUsage(purpose.usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(purpose.names), critical=False)
        )
        return Pair(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _as_pem(key))


@dataclass(frozen=True, slots=True)
class _Purpose:
    usages: list[x509.ObjectIdentifier]
    names: list[x509.GeneralName]


@dataclass(frozen=True, slots=True)
class _Life:
    begins: datetime
    ends: datetime


def _life(now: datetime, days: int) -> _Life:
    return _Life(now - BEFORE, now + timedelta(days=days))


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: _Life
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(life.begins)
        .not_valid_after(life.ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    if not HOST_NAME.fullmatch(host):
        raise ConfigError(f"{host!r} is no host name or address of a broker")
    return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _as_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
