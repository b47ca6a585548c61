"""`snowtrack brokers`: certificates for devices, and the lists of who may do what, in words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from snowtrack.brokers.access import ENGINE
from snowtrack.brokers.register import Register
from snowtrack.model.errors import ConfigError
from snowtrack.model.ids import DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What is asked for."""

    agency: str
    devices: Sequence[str]
    hosts: Sequence[str]
    days: int
    folder: Path


def enrol_devices(wanted: Enrolment) -> None:
    """Make certificates, and say where they belong."""
    register = Register(wanted.folder)
    devices = _ids(wanted.agency, wanted.devices)
    with _files(wanted.folder):
        register.enrol(devices, hosts=wanted.hosts, now=datetime.now(UTC), days=wanted.days)
        count = _count(register)
    print(f"{wanted.folder}: {len(devices)} enrolled for {wanted.days:,} days, {count:,} devices in all")
    print(f"{wanted.folder / 'broker'} belongs to the broker, which has to reload it (SIGHUP)")
    if wanted.hosts:
        print(f"{wanted.folder / 'engine'} belongs to snowtrack; the broker's certificate is new, too")
    if devices:
        print(f"{wanted.folder / 'devices'} has a folder for each of these trackers")


def revoke_devices(folder: Path, agency: str, devices: Sequence[str]) -> None:
    """Take devices out, and say what is left to do."""
    register = Register(folder)
    with _files(folder):
        register.revoke(_ids(agency, devices), now=datetime.now(UTC))
        count = _count(register)
    print(f"{folder}: {len(devices)} revoked, {count:,} devices left")
    print(f"{folder / 'broker'} belongs to the broker, which lets them in until it has reloaded it (SIGHUP)")


def _ids(agency: str, devices: Sequence[str]) -> list[DeviceId]:
    try:
        return [DeviceId(agency, device) for device in devices]
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _count(register: Register) -> int:
    return len({identity.name for identity in register.enrolled()} - {ENGINE})


@contextmanager
def _files(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
