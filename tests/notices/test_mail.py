"""Mails through a real SMTP server: plain, by STARTTLS, encrypted from the first byte; and what is refused."""

from pathlib import Path
from urllib.parse import quote

import pytest

from snowtrack.model.errors import ConfigError
from snowtrack.notices import NotSentError
from snowtrack.notices.mail import MailServer, send_mail, write_mail
from tests.notices.examples import event, notice
from tests.notices.servers import PASSWORD, REFUSED, USER, mail_server, make_certificate
from tests.ports import free_port

SENDER = "かほく市 <snow@city.example>"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mail")
    make_certificate(folder)
    return folder


def server(
    port: int, *, scheme: str = "smtp", login: str = "", ca: Path | None = None, host: str = "127.0.0.1"
) -> MailServer:
    return MailServer.parse(f"{scheme}://{login}{host}:{port}", SENDER, ca)


def as_user(password: str = PASSWORD) -> str:
    return f"{USER}:{quote(password, safe='')}@"


def test_a_mail_arrives_whole() -> None:
    with mail_server() as box:
        send_mail(server(box.port), notice())
    (mail,) = box.mails
    assert mail["To"] == "road@city.example"
    assert mail["From"] == SENDER
    assert mail["Subject"] == "【積雪警報】高松 積雪深 31.2 cm（基準 30 cm）"
    assert "2026-01-14 05:50　高松" in mail.get_content()
    assert box.encrypted == [False]


def test_sent_twice_it_has_one_id() -> None:
    with mail_server() as box:
        for _ in range(2):
            send_mail(server(box.port), notice())
    assert len({mail["Message-ID"] for mail in box.mails}) == 1
    assert box.mails[0]["Message-ID"].endswith("@city.example>")
    assert box.mails[0]["Date"] == "Tue, 13 Jan 2026 21:00:00 +0000"


def test_what_the_server_offers_is_encrypted_before_the_login(certificates: Path) -> None:
    with mail_server(starttls=certificates, login=True) as box:
        send_mail(server(box.port, login=as_user(), ca=certificates / "ca.pem"), notice())
    assert (box.encrypted, box.logins) == ([True], [USER])


def test_encryption_can_begin_with_the_first_byte(certificates: Path) -> None:
    with mail_server(tls=certificates, login=True) as box:
        send_mail(server(box.port, scheme="smtps", login=as_user(), ca=certificates / "ca.pem"), notice())
    assert (len(box.mails), box.logins) == (1, [USER])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(certificates: Path, scheme: str) -> None:
    starttls, tls = (certificates, None) if scheme == "smtp" else (None, certificates)
    with mail_server(starttls=starttls, tls=tls) as box, pytest.raises(NotSentError, match="certificate verify failed"):
        send_mail(server(box.port, scheme=scheme, login=as_user()), notice())
    assert (box.mails, box.logins) == ([], [])


def test_to_this_machine_a_login_needs_no_encryption() -> None:
    with mail_server(login=True) as box:
        send_mail(server(box.port, login=as_user()), notice())
    assert box.logins == [USER]


def test_elsewhere_a_password_does_not_go_in_the_clear() -> None:
    """A way to write the loopback that we do not know as such stands for another machine."""
    with mail_server(login=True) as box, pytest.raises(NotSentError, match="not sent in the clear"):
        send_mail(server(box.port, login=as_user(), host="127.1"), notice())
    assert (box.mails, box.logins) == ([], [])


def test_a_wrong_password_is_said_and_not_shown() -> None:
    with mail_server(login=True) as box, pytest.raises(NotSentError, match="answered 535") as caught:
        send_mail(server(box.port, login=as_user("wrong secret")), notice())
    assert "wrong secret" not in str(caught.value)
    assert box.mails == []


def test_a_refused_address_is_said() -> None:
    with mail_server() as box, pytest.raises(NotSentError, match="refused the address: 550 no such person"):
        send_mail(server(box.port), notice(REFUSED))
    assert box.mails == []


def test_a_server_that_does_not_take_it_is_said() -> None:
    with mail_server() as box:
        box.answer = "452 full\x1b[2J"
        with pytest.raises(NotSentError, match="answered 452 full") as caught:
            send_mail(server(box.port), notice())
    assert "\x1b" not in str(caught.value)


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(NotSentError, match=r"mail server 127.0.0.1:\d+: .*refused"):
        send_mail(server(free_port()), notice())


@pytest.mark.parametrize(
    "target",
    [
        "",
        "road",
        "a@b\nBcc: c@d",
        "a@b, c@d",
        "a@",
        "<",
        "a b@c d",
        "かほく@city.example",
    ],
)
def test_what_is_no_address_is_a_fault_of_its_own(target: str) -> None:
    with mail_server() as box, pytest.raises(NotSentError):
        send_mail(server(box.port), notice(target))
    assert box.mails == []


def test_a_name_cannot_add_a_header() -> None:
    mail = write_mail(notice("a@city.example", event("高松\r\nBcc: c@d")), SENDER)
    assert mail["Bcc"] is None
    assert "高松 Bcc: c@d" in mail["Subject"]


@pytest.mark.parametrize(
    ("url", "host", "port", "encrypted", "user", "password"),
    [
        ("smtp://mail.example", "mail.example", 587, False, None, None),
        ("smtps://mail.example", "mail.example", 465, True, None, None),
        ("smtp://a%40b:p%3Aq@mail.example:25", "mail.example", 25, False, "a@b", "p:q"),
    ],
)
def test_an_address_is_read(
    url: str, host: str, port: int, encrypted: bool, user: str | None, password: str | None
) -> None:
    read = MailServer.parse(url, SENDER)
    assert (read.host, read.port, read.encrypted) == (host, port, encrypted)
    assert (read.username, read.password) == (user, password)


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://secret@mail.example", "smtp://", "smtp://secret@a:x", "smtp://[a"]
)
def test_another_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError, match=r"notices\.smtp_url: expected") as caught:
        MailServer.parse(url, SENDER)
    assert "secret" not in str(caught.value)


def test_mail_needs_a_sender() -> None:
    with pytest.raises(ConfigError, match=r"notices\.mail_from"):
        MailServer.parse("smtp://mail.example", None)


def test_the_password_is_never_printed() -> None:
    assert PASSWORD not in repr(server(1, login=as_user()))
