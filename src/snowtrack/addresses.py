"""How to reach a broker: the parts of `mqtt://user:password@host:port`, and certificates."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from snowtrack.model.errors import ConfigError

PORTS = {"mqtt": 1_883, "mqtts": 8_883}
STREAM_PORTS = {"nats": 4_222, "tls": 4_222}
SECURE = {"mqtts", "tls"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is, without the password when printed."""

    host: str
    port: int
    secure: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        return f"{'mqtts' if self.secure else 'mqtt'}://{self.host}:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext | None:
        """Read anew each time, so that the next connection shows a certificate that was renewed."""
        if not self.secure:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"broker.ca: {self.ca}: {_why(error)}") from error
        if self.certificate:
            try:
                # A key under a password would be asked for on the terminal; the empty one is refused instead.
                context.load_cert_chain(self.certificate, self.key, password="")
            except (OSError, ssl.SSLError) as error:
                files = " with ".join(str(file) for file in (self.certificate, self.key) if file)
                raise ConfigError(f"broker.certificate: {files}: {_why(error)}") from error
        return context


@dataclass(frozen=True, slots=True)
class Server:
    """What a URL says of a server."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)


def parse_server(url: str, ports: Mapping[str, int]) -> Server | None:
    """Read `scheme://user:password@host:port`; nothing when it is no address of one of these schemes."""
    try:
        parts = urlsplit(url)
        port = ports.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        return None
    if parts.scheme not in ports or not parts.hostname or not port:
        return None
    username, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Server(parts.scheme, parts.hostname, port, username, password)


def parse_broker(url: str) -> BrokerAddress:
    """Read a broker's URL."""
    server = parse_server(url, PORTS)
    if server is None:
        raise ConfigError("broker.url: expected mqtt://host:port or mqtts://user:password@host:port")
    return _address(server)


def parse_stream(url: str) -> BrokerAddress:
    """Read the URL of a node of a NATS cluster."""
    server = parse_server(url, STREAM_PORTS)
    if server is None:
        raise ConfigError("stream.url: expected nats://host:port or tls://host:port, with commas between several")
    return _address(server)


def _address(server: Server) -> BrokerAddress:
    return BrokerAddress(
        host=server.host,
        port=server.port,
        secure=server.scheme in SECURE,
        username=server.username,
        password=server.password,
    )


def with_certificates(
    address: BrokerAddress, ca: Path | None, certificate: Path | None, key: Path | None
) -> BrokerAddress:
    """The same broker, called with a certificate, and believed by an authority of one's own."""
    given = {"broker.ca": ca, "broker.certificate": certificate, "broker.key": key}
    first = next((name for name, file in given.items() if file), None)
    if first and not address.secure:
        raise ConfigError(f"{first}: only a broker at mqtts:// is called with certificates")
    if key and not certificate:
        raise ConfigError("broker.key: the certificate that it belongs to is missing: broker.certificate")
    return replace(address, ca=ca, certificate=certificate, key=key)


def _why(error: OSError) -> str:
    """Without the words of the TLS library, which name no file."""
    if isinstance(error, ssl.SSLError):
        return "not a certificate and its key as PEM" if "KEY" in str(error) else "not PEM"
    return error.strerror or "cannot be read"
