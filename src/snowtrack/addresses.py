"""How to reach a broker: the parts of `mqtt://user:password@host:port`."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from snowtrack.model.errors import ConfigError

PORTS = {"mqtt": 1_883, "mqtts": 8_883}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is, without the password when printed."""

    host: str
    port: int
    secure: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{'mqtts' if self.secure else 'mqtt'}://{self.host}:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.secure else None


def parse_broker(url: str) -> BrokerAddress:
    """Read a broker's URL."""
    try:
        parts = urlsplit(url)
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in PORTS or not parts.hostname or not port:
        raise ConfigError("broker.url: expected mqtt://host:port or mqtts://user:password@host:port")
    return BrokerAddress(
        host=parts.hostname,
        port=port,
        secure=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
