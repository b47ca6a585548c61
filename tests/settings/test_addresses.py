"""Addresses of brokers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.addresses import parse_broker
from snowtrack.model.errors import ConfigError

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "host", "port", "secure"),
    [
        ("mqtt://broker", "broker", 1883, False),
        ("mqtts://broker", "broker", 8883, True),
        ("mqtt://127.0.0.1:18830", "127.0.0.1", 18830, False),
        ("mqtts://[::1]:9000", "::1", 9000, True),
        ("mqtt://broker/", "broker", 1883, False),
    ],
)
def test_host_port_and_security_are_read(url: str, host: str, port: int, secure: bool) -> None:
    address = parse_broker(url)
    assert (address.host, address.port, address.secure) == (host, port, secure)
    assert (address.username, address.password) == (None, None)
    assert (address.tls is not None) == secure


def test_a_secure_address_checks_the_broker_s_certificate() -> None:
    context = parse_broker("mqtts://broker").tls
    assert context is not None
    assert context.check_hostname


def test_user_and_password_may_hold_any_sign() -> None:
    address = parse_broker("mqtts://plough%40ken:p%2Fw%3A%20%E9%9B%AA@broker:1")
    assert (address.username, address.password) == ("plough@ken", "p/w: 雪")


def test_the_password_is_never_printed() -> None:
    address = parse_broker(f"mqtt://user:{SECRET}@broker")
    assert SECRET not in f"{address} {address!r}"
    assert str(address) == "mqtt://broker:1883"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:many",
        "mqtt://broker:70000",
        "mqtt://broker:0",
        f"mqtt//user:{SECRET}@broker",
        f"mqtt://user:{SECRET}@[broker",
    ],
)
def test_what_is_no_address_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"broker.url: expected mqtt://") as caught:
        parse_broker(url)
    assert SECRET not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(url: str) -> None:
    try:
        address = parse_broker(url)
    except ConfigError:
        return
    assert address.host
    assert 1 <= address.port <= 65_535
