"""Addresses of brokers."""

from pathlib import Path

import pytest

from ploughsim.errors import BrokerAddressError
from ploughsim.running.address import BrokerAddress, parse_broker


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1", BrokerAddress(host="127.0.0.1", port=1883, tls=False)),
        ("mqtt://127.0.0.1:1884/", BrokerAddress(host="127.0.0.1", port=1884, tls=False)),
        ("mqtts://broker.example", BrokerAddress(host="broker.example", port=8883, tls=True)),
        (
            "mqtt://plough:p%40ss@[::1]:1883",
            BrokerAddress(host="::1", port=1883, tls=False, username="plough", password="p@ss"),
        ),
    ],
)
def test_addresses_are_understood(url: str, address: BrokerAddress) -> None:
    assert parse_broker(url) == address


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:1883", "http://127.0.0.1", "mqtt://", "mqtt://h:99999", "mqtt://h/path", "mqtt://h?x=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BrokerAddressError, match="--broker must read mqtt://"):
        parse_broker(url)


def test_a_password_is_never_shown() -> None:
    address = parse_broker("mqtt://plough:secret@127.0.0.1")
    assert "secret" not in repr(address) + str(address)
    with pytest.raises(BrokerAddressError) as raised:
        parse_broker("mqtt://plough:secret@127.0.0.1:port")
    assert "secret" not in str(raised.value)


def test_certificates_are_for_tls_only(tmp_path: Path) -> None:
    with pytest.raises(BrokerAddressError, match="--certificates needs --broker mqtts://"):
        parse_broker("mqtt://127.0.0.1", certificates=tmp_path)


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    address = parse_broker("mqtts://127.0.0.1", certificates=tmp_path)
    with pytest.raises(BrokerAddressError, match=r"/kaga\.p-1: no ca\.pem, certificate\.pem and key\.pem"):
        address.tls_context("kaga.p-1")
    assert parse_broker("mqtt://127.0.0.1").tls_context("kaga.p-1") is None
