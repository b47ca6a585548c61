"""The folder of an operator's certificates: who is enrolled, and what goes to the broker, the engine and each tracker.

`authority/` stays with the operator. `broker/`, `engine/`, `nodes/` and each folder in `devices/` are to be brought
where they belong; those of devices may then be deleted. Who is enrolled is said by the certificates in
`authority/issued/` and by nothing else, so that the brokers' lists can always be written anew.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from snowtrack.brokers.access import ENGINE, certificate_name, mosquitto_acl, nats_users
from snowtrack.brokers.authority import Authority, Identity, Pair
from snowtrack.model.errors import ConfigError
from snowtrack.model.ids import DeviceId
from snowtrack.whole_files import replacing


@dataclass(frozen=True, slots=True)
class Register:
    """One such folder. Two commands at a time on it are not foreseen."""

    folder: Path

    def enrol(self, devices: Sequence[DeviceId], *, hosts: Sequence[str], now: datetime, days: int) -> None:
        """Certificates for these devices; where hosts are named, for the broker and the engine too.

        An enrolled device gets another certificate beside the one that it has, which stays good until its end.
        """
        if not hosts and not (self._broker / "certificate.pem").exists():
            raise ConfigError("name the broker's host as trackers call it: --host broker.example.jp")
        names = [certificate_name(device) for device in devices]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        services, of_devices = self._authority("services", now), self._authority("devices", now)
        service_ca = services.pair.certificate
        if hosts:
            _write_pair(self._broker, services.for_server(hosts, now, days))
            self._issue(self.folder / "engine", services.for_client(ENGINE, now, days), service_ca)
            self._admit_nodes(hosts, now, days)
        for name in names:
            self._issue(self.folder / "devices" / name, of_devices.for_client(name, now, days), service_ca)
        _write(self._broker / "services-ca.pem", service_ca)
        _write(self._broker / "devices-ca.pem", of_devices.pair.certificate)
        _write(self._broker / "ca.pem", of_devices.pair.certificate + service_ca)
        self._write_lists(now)

    def revoke(self, devices: Iterable[DeviceId], *, now: datetime) -> None:
        """All certificates of these devices are not to be believed any more. Doing it again does no harm."""
        names = {certificate_name(device) for device in devices}
        enrolled = self._certificates("issued")
        known = {**enrolled, **self._certificates("revoked")}
        unknown = names - {identity.name for identity in known.values()}
        if unknown:
            raise ConfigError(f"{self.folder}: {', '.join(sorted(unknown))} is not enrolled here")
        revoked = self.folder / "authority" / "revoked"
        revoked.mkdir(mode=0o700, exist_ok=True)
        for path, identity in enrolled.items():
            if identity.name in names:
                path.rename(revoked / path.name)
        self._write_lists(now)

    def enrolled(self) -> list[Identity]:
        """Whose certificates are believed."""
        return list(self._certificates("issued").values())

    @property
    def _broker(self) -> Path:
        return self.folder / "broker"

    def _authority(self, kind: str, now: datetime) -> Authority:
        """The authority of a kind, founded when there is none."""
        folder = self.folder / "authority" / kind
        if (folder / "certificate.pem").exists():
            with _readable(folder):
                return Authority.read(_read_pair(folder))
        founded = Authority.found(f"snowtrack {kind}", now)
        _write_pair(folder, founded.pair)
        return founded

    def _issue(self, folder: Path, pair: Pair, ca: bytes) -> None:
        identity = Identity.of(pair.certificate)
        # First: what is handed out must be known here.
        _write(self.folder / "authority" / "issued" / f"{identity.name}.{identity.serial:x}.pem", pair.certificate)
        _write_pair(folder, pair)
        _write(folder / "ca.pem", ca)

    def _admit_nodes(self, hosts: Sequence[str], now: datetime, days: int) -> None:
        """By an authority of their own, since who is taken for a node hears everything."""
        nodes = self._authority("nodes", now)
        _write_pair(self.folder / "nodes", nodes.for_node(hosts, now, days))
        _write(self.folder / "nodes" / "ca.pem", nodes.pair.certificate)

    def _write_lists(self, now: datetime) -> None:
        revoked = [identity.serial for identity in self._certificates("revoked").values()]
        _write(self._broker / "devices.crl", self._authority("devices", now).revocations(revoked, now))
        _write(self._broker / "mosquitto.acl", mosquitto_acl(self.enrolled()).encode())
        _write(self._broker / "nats-users.conf", nats_users(self.enrolled()).encode())

    def _certificates(self, kind: str) -> dict[Path, Identity]:
        """Certificates of devices and of the engine, issued or revoked, and whose they are."""
        found = sorted((self.folder / "authority" / kind).glob("[!.]*.pem"))
        identities = {}
        for path in found:
            with _readable(path):
                identities[path] = Identity.of(path.read_bytes())
        return identities


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:  # the second when the key is under a password
        raise ConfigError(f"{path}: this is not what was written here") from error


def _read_pair(folder: Path) -> Pair:
    return Pair((folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes())


def _write_pair(folder: Path, pair: Pair) -> None:
    """The key first: a certificate that is there has its key."""
    _write(folder / "key.pem", pair.key)
    _write(folder / "certificate.pem", pair.certificate)


def _write(path: Path, content: bytes) -> None:
    """The file is there whole or not at all, and was never readable to others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        replacing(path) as half,
        os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
    ):
        file.write(content)
