"""A mail by SMTP. A password never goes over a line that is not encrypted, except to this machine itself."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from snowtrack.addresses import parse_server
from snowtrack.model.errors import ConfigError
from snowtrack.notices import NotSentError
from snowtrack.notices.texts import mail_subject, mail_text
from snowtrack.store.instants import to_instant
from snowtrack.store.notices import Notice

PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT_S = 20.0
ANSWER_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over; `encrypted` from the first byte on, else by STARTTLS where that is offered."""

    host: str
    port: int
    encrypted: bool
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None

    @classmethod
    def parse(cls, url: str, sender: str | None, ca: Path | None = None) -> Self:
        """Read `smtp://user:password@host:port`."""
        server = parse_server(url, PORTS)
        if server is None:
            raise ConfigError("notices.smtp_url: expected smtp://user:password@host:port or smtps://…")
        if not sender:
            raise ConfigError("notices.mail_from: expected the address that mails come from")
        return cls(
            host=server.host,
            port=server.port,
            encrypted=server.scheme == "smtps",
            sender=sender,
            username=server.username,
            password=server.password,
            ca=ca,
        )


def write_mail(notice: Notice, sender: str) -> EmailMessage:
    """The mail of a notice; sent twice, it has the same id both times."""
    mail = EmailMessage()
    try:
        mail["From"] = sender
        mail["To"] = Address(addr_spec=notice.target)  # one address, and nothing else
        # A name of the registry may hold anything; a header holds one line.
        mail["Subject"] = " ".join(mail_subject(notice.content).split())
    except (ValueError, IndexError, MessageError) as error:  # the parser of addresses knows them all
        raise NotSentError("mail: the rule's address is none, or notices.mail_from is none") from error
    mail["Date"] = format_datetime(to_instant(notice.made_us))
    domain = sender.rpartition("@")[2].rstrip(">")
    mail["Message-ID"] = f"<snowtrack.{notice.made_us}.{notice.number}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(mail_text(notice.content), charset="utf-8")
    return mail


def send_mail(server: MailServer, notice: Notice) -> None:
    """Hand the mail over; it waits for the server, so it is for a thread."""
    mail = write_mail(notice, server.sender)
    try:
        with _connected(server) as connection:
            connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSentError(f"mail server: refused the address: {_answers(error)}") from error
    except smtplib.SMTPResponseException as error:
        raise NotSentError(f"mail server: answered {error.smtp_code} {_text(error.smtp_error)}") from error
    except (OSError, ValueError) as error:  # SMTPException is an OSError; what cannot be encoded is a ValueError
        raise NotSentError(
            f"mail server {server.host}:{server.port}: {_text(str(error)) or type(error).__name__}"
        ) from (error)


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection, encrypted as far as can be, and logged in."""
    try:
        tls = ssl.create_default_context(cafile=server.ca)
    except (OSError, ssl.SSLError) as error:
        raise NotSentError(f"notices.smtp_ca: {server.ca}: cannot be read as PEM") from error
    if server.encrypted:
        opened: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=tls)
    else:
        opened = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    with opened as connection:
        encrypted = server.encrypted
        connection.ehlo_or_helo_if_needed()
        if not encrypted and connection.has_extn("starttls"):
            connection.starttls(context=tls)
            encrypted = True
        if server.username is not None:
            if not (encrypted or is_loopback(server.host)):
                raise NotSentError("mail server: offers no STARTTLS, and a password is not sent in the clear")
            connection.login(server.username, server.password or "")
        yield connection


def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answers(refused: smtplib.SMTPRecipientsRefused) -> str:
    return "; ".join(f"{code} {_text(answer)}" for code, answer in refused.recipients.values())


def _text(answer: bytes | str) -> str:
    """What a server said, in one short line that a terminal can show."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return "".join(sign if sign.isprintable() else " " for sign in text)[:ANSWER_CHARACTERS].strip()
