"""Serving pages and answers over HTTP: the socket, the headers that every answer carries, and the built files.

The API and the residents' portal both stand on this.
"""

import asyncio
import resource
import signal
import socket
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snowtrack.model.errors import ConfigError
from snowtrack.supervised import announce_ready

BACKLOG = 512
STOP_S = 2
CALLERS_MAX = 10_000
# Whoever has an address of IPv6 has all that begin with the same 64 bits.
NETWORK_BITS = 64
# Nothing comes from elsewhere, and nothing is made of text at run time.
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
RAW_SECURITY_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_OWN = frozenset(name for name, _ in RAW_SECURITY_HEADERS)
_KEEP_HASHED = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN = (b"cache-control", b"no-cache")
# The build puts a hash into the names of all files in this folder.
HASHED = "/assets/"


class CommonHeaders:
    """Puts the security headers on every answer, and says how long files may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [*(one for one in message.get("headers", ()) if one[0] not in _OWN), *RAW_SECURITY_HEADERS]
                if not any(name == b"cache-control" for name, _ in said):
                    hashed = scope["path"].startswith(HASHED) and message["status"] == 200
                    said.append(_KEEP_HASHED if hashed else _ASK_AGAIN)
                message["headers"] = said
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def mount_pages(app: Starlette, folder: Path) -> None:
    """Serve the built pages at the root, after all other routes."""
    if not (folder / "index.html").is_file():
        raise ConfigError(f"{folder}: the pages are not built; run 'make setup'")
    app.mount("/", StaticFiles(directory=folder, html=True), name="pages")


def listen(host: str, port: int) -> socket.socket:
    """Take the port now, so that a port that is taken is said before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(f"http: cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


async def serve_until_stopped(app: ASGIApp, listener: socket.socket) -> None:
    """Answer until SIGTERM or Ctrl-C; streams that are open then are ended."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_S,
    )
    # Uvicorn gives a signal on to whoever handled it before; by default that would end the process on the spot.
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: None)
    announce_ready()
    await uvicorn.Server(config).serve(sockets=[listener])


def have_room_for_streams() -> None:
    """As many open files as this process may have: each stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@lru_cache(CALLERS_MAX)
def network_of(address: str) -> str:
    """An address, or the network of one of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.ipv4_mapped is not None:
        return str(getattr(found, "ipv4_mapped", None) or found)
    return str(IPv6Address(int(found) >> NETWORK_BITS << NETWORK_BITS))
