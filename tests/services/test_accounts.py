"""`snowtrack accounts` and `keys`, as who runs the database uses them."""

import subprocess
import sys

import orjson
import psycopg
import pytest

from snowtrack.store.secrets import hashed
from tests.store.databases import rows

REGISTRY = """
insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality');
insert into contractor (agency, contractor, name) values ('kahoku', 'yuki', '雪組');
"""


@pytest.fixture
def registered(clean_database: str) -> str:
    with psycopg.connect(clean_database) as connection:
        connection.execute(REGISTRY.encode())
    return clean_database


def snowtrack(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snowtrack", *arguments, "--database", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_people_are_invited_given_roles_and_shut_out(registered: str) -> None:
    invited = snowtrack(registered, "accounts", "invite", "hana@kahoku", "--role", "dispatcher", "--agency", "kahoku")
    assert invited.returncode == 0, invited.stderr
    link = invited.stdout.splitlines()[-1]
    assert link.startswith("http://127.0.0.1:8080/sign-in.html#invitation=")
    ((secret,),) = rows(registered, "select secret from invitation")
    assert secret == hashed(link.partition("=")[2])
    worker = ("--role", "contractor", "--agency", "kahoku", "--contractor", "yuki")
    assert snowtrack(registered, "accounts", "invite", "taro", *worker).returncode == 0
    listed = snowtrack(registered, "accounts", "list").stdout
    assert "hana@kahoku: dispatcher kahoku; has not come in yet" in listed
    assert "taro: contractor kahoku yuki" in listed
    assert snowtrack(registered, "accounts", "withdraw", "hana@kahoku", "--agency", "kahoku").returncode == 0
    assert snowtrack(registered, "accounts", "close", "taro").returncode == 0
    told = {one["account"]: one for one in orjson.loads(snowtrack(registered, "accounts", "list", "--json").stdout)}
    assert (told["hana@kahoku"]["roles"], told["taro"]["closed"]) == ([], True)
    actions = [action for (action,) in rows(registered, "select action from audit order by entry")]
    assert actions == ["invite", "invite", "withdraw", "close"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("accounts", "invite", "Hana"), "account 'Hana'"),
        (
            ("accounts", "invite", "hana", "--role", "viewer", "--agency", "nowhere"),
            "agency 'nowhere' is not registered",
        ),
        (("accounts", "withdraw", "hana", "--agency", "kahoku"), "hana is nothing for kahoku"),
        (("accounts", "close", "hana"), "no open account hana"),
        (("keys", "make", "k y", "--agency", "*", "--right", "send"), "key 'k y'"),
        (("keys", "make", "k", "--agency", "nowhere", "--right", "send"), "agency 'nowhere' is not registered"),
        (("keys", "renew", "k"), "there is no key k"),
        (("keys", "revoke", "k"), "there is no key k"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(registered: str, arguments: tuple[str, ...], what: str) -> None:
    done = snowtrack(registered, *arguments)
    assert done.returncode == 1
    assert what in done.stderr
    assert done.stderr.count("\n") == 1
    assert rows(registered, "select * from audit") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "viewer"),
        ("--agency", "kahoku"),
        ("--role", "contractor", "--agency", "kahoku"),
        ("--role", "viewer", "--agency", "kahoku", "--contractor", "yuki"),
        ("--role", "contractor", "--agency", "*", "--contractor", "yuki"),
        ("--role", "emperor", "--agency", "*"),
    ],
)
def test_roles_that_make_no_sense_are_refused(registered: str, arguments: tuple[str, ...]) -> None:
    assert snowtrack(registered, "accounts", "invite", "hana", *arguments).returncode == 2
    assert rows(registered, "select * from account") == []


def test_keys_are_made_renewed_and_revoked(registered: str) -> None:
    made = snowtrack(
        registered, "keys", "make", "gps-maker", "--agency", "kahoku", "--right", "send", "--right", "look"
    )
    assert made.returncode == 0, made.stderr
    first = made.stdout.splitlines()[0]
    again = snowtrack(registered, "keys", "make", "gps-maker", "--agency", "kahoku", "--right", "send")
    assert (again.returncode, "there is a key gps-maker" in again.stderr) == (1, True)
    second = snowtrack(registered, "keys", "renew", "gps-maker", "--overlap-hours", "1").stdout.splitlines()[0]
    found = rows(registered, "select secret, rights, agency, expires_at < now() + interval '2 h' from api_key")
    assert sorted(found) == sorted(
        [(hashed(first), ["look", "send"], "kahoku", True), (hashed(second), ["look", "send"], "kahoku", False)]
    )
    assert "gps-maker: look, send of kahoku, until" in snowtrack(registered, "keys", "list").stdout
    assert snowtrack(registered, "keys", "revoke", "gps-maker").returncode == 0
    assert orjson.loads(snowtrack(registered, "keys", "list", "--json").stdout) == []
