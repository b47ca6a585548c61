"""Where the broker is, and who the trackers say they are."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ploughsim.errors import BrokerAddressError

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED = "--broker must read mqtt://[user:password@]host[:port] or mqtts://…"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """`authority` is the certificate of who signed the broker's, `certificates` the folder of the trackers' own."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: Path | None = None
    certificates: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def tls_context(self, client_id: str) -> ssl.SSLContext | None:
        """With the tracker's own certificate, where there is a folder of them: CLIENT.crt and CLIENT.key."""
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.authority)
            if self.certificates:
                own = self.certificates / client_id
                context.load_cert_chain(f"{own}.crt", f"{own}.key")
        except (OSError, ssl.SSLError) as error:
            where = f" with the certificate of {client_id} in {self.certificates}" if self.certificates else ""
            raise BrokerAddressError(f"TLS to {self}{where}: {error.strerror or error}") from error
        return context


def parse_broker(url: str, *, authority: Path | None = None, certificates: Path | None = None) -> BrokerAddress:
    """The address itself is not repeated in an error: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerAddressError(_EXPECTED) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BrokerAddressError(_EXPECTED)
    if (authority or certificates) and parts.scheme != "mqtts":
        raise BrokerAddressError("--ca and --certificates need --broker mqtts://…")
    return BrokerAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        authority=authority,
        certificates=certificates,
    )
