"""Where the broker is, and who the trackers say they are."""

import ssl
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ploughsim.errors import BrokerAddressError

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED = "--broker must read mqtt://[user:password@]host[:port] or mqtts://…"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """`certificates` is a folder with one for each tracker: AGENCY.DEVICE/{ca,certificate,key}.pem."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    certificates: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def tls_context(self, client_id: str) -> ssl.SSLContext | None:
        """Without a folder of certificates the system's authorities are asked, and the tracker has none to show."""
        if not self.tls:
            return None
        if self.certificates is None:
            return _public_authorities()
        own = self.certificates / client_id
        try:
            context = ssl.create_default_context(cafile=own / "ca.pem")
            context.load_cert_chain(own / "certificate.pem", own / "key.pem")
        except (OSError, ssl.SSLError) as error:
            raise BrokerAddressError(
                f"{own}: no ca.pem, certificate.pem and key.pem of {client_id}: {error}"
            ) from error
        return context


@cache
def _public_authorities() -> ssl.SSLContext:
    """One for all: there are many of them."""
    return ssl.create_default_context()


def parse_broker(url: str, *, certificates: Path | None = None) -> BrokerAddress:
    """The address itself is not repeated in an error: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerAddressError(_EXPECTED) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BrokerAddressError(_EXPECTED)
    try:
        parts.hostname.encode("idna")
    except UnicodeError as error:
        raise BrokerAddressError(f"--broker: {parts.hostname!r} is no name of a host") from error
    if certificates and parts.scheme != "mqtts":
        raise BrokerAddressError("--certificates needs --broker mqtts://…")
    return BrokerAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        certificates=certificates,
    )
