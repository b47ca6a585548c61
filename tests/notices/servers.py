"""A mail server and a web server on the loopback, with what they were given."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from snowtrack.brokers.authority import Authority
from tests.ports import free_port

USER, PASSWORD = "snow", "pa:ss/word@1"
REFUSED = "nobody@city.example"


@dataclass(slots=True)
class MailBox:
    """What a server took, and how it was spoken to."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answer: str = "250 OK"
    pause_s: float = 0.0
    begun: int = 0

    async def handle_RCPT(
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.begun += 1
        await asyncio.sleep(self.pause_s)
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.encrypted.append(session.ssl is not None)
        return self.answer

    def check(self, _server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.logins.append(USER)
        return AuthResult(success=good, handled=good)


@contextmanager
def mail_server(*, starttls: Path | None = None, tls: Path | None = None, login: bool = False) -> Iterator[MailBox]:
    """`starttls` and `tls` name the folder of its certificate."""
    box = MailBox(port=free_port())
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": box.port, "server_hostname": "mail.test"}
    if login:
        options |= {"authenticator": box.check, "auth_require_tls": starttls is not None}
    if starttls:
        options |= {"tls_context": _context(starttls)}
    if tls:
        options |= {"ssl_context": _context(tls)}
    controller = Controller(box, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def make_certificate(folder: Path) -> None:
    """An authority and a server on the loopback that it signed for."""
    now = datetime.now(UTC)
    authority = Authority.found("mail authority", now)
    server = authority.for_server(["127.0.0.1"], now, 2)
    for name, content in {
        "ca.pem": authority.pair.certificate,
        "server.pem": server.certificate,
        "server-key.pem": server.key,
    }.items():
        (folder / name).write_bytes(content)


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Hook:
    """What a web server was called with, and what it answers."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    status: int = 204
    location: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def web_server() -> Iterator[Hook]:
    hook = Hook(port=free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hook.calls.append(Call(path=self.path, headers=headers, body=body))
            self.send_response(hook.status)
            if hook.location:
                self.send_header("location", hook.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", hook.port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
