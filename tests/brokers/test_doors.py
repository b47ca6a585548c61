"""Who is let in: nobody without a good certificate of the right authority, whatever else he says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from snowtrack.brokers.authority import Authority, Pair
from snowtrack.model.ids import DeviceId
from tests.brokers.callers import LET_IN, SHUT, UNWELCOME, calling, knock, shown
from tests.brokers.shipped import D1, D2, D3, EXPIRED, HOST, ShippedBroker
from tests.services.waiting import until

pytestmark = pytest.mark.anyio


def papers(folder: Path, pair: Pair) -> Path:
    folder.mkdir()
    (folder / "certificate.pem").write_bytes(pair.certificate)
    (folder / "key.pem").write_bytes(pair.key)
    return folder


def test_an_enrolled_device_and_the_engine_are_let_in(shipped: ShippedBroker) -> None:
    assert knock(shipped.door(D1)) == LET_IN
    assert knock(shipped.engine_door) == LET_IN


@pytest.mark.parametrize("login", [None, ("kanazawa.d1", "secret"), ("engine", ""), ("", "")])
def test_without_a_certificate_no_login_helps(shipped: ShippedBroker, login: tuple[str, str] | None) -> None:
    for port in (shipped.device_port, shipped.engine_port):
        assert knock(shipped.address(port, None), login=login) == SHUT


@pytest.mark.parametrize("name", ["kanazawa.d1", "engine"])
def test_a_certificate_of_another_authority_is_refused(shipped: ShippedBroker, tmp_path: Path, name: str) -> None:
    # It even calls itself by the name of ours.
    other = Authority.found("snowtrack devices", datetime.now(UTC))
    own = papers(tmp_path / "own", other.for_client(name, datetime.now(UTC), 1))
    for port in (shipped.device_port, shipped.engine_port):
        assert knock(shipped.address(port, own)) == SHUT


def test_an_expired_certificate_is_refused(shipped: ShippedBroker) -> None:
    assert knock(shipped.door(EXPIRED)) == SHUT


def test_the_broker_s_own_certificate_is_for_no_client(shipped: ShippedBroker) -> None:
    broker = shipped.register.folder / "broker"
    for port in (shipped.device_port, shipped.engine_port):
        assert knock(shipped.address(port, broker)) == SHUT


async def test_a_certificate_of_our_authority_that_is_in_no_list_may_do_nothing(
    shipped: ShippedBroker, tmp_path: Path
) -> None:
    folder = shipped.register.folder / "authority" / "devices"
    devices = Authority.read(Pair((folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes()))
    stray = papers(tmp_path / "stray", devices.for_client("kanazawa.stray", datetime.now(UTC), 1))
    address = shipped.address(shipped.device_port, stray)
    if shipped.kind == "nats":
        assert knock(address) == UNWELCOME
        return
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as other,
        calling(address, "kanazawa.stray") as caller,
    ):
        await engine.hear("snow/v1/+/+/up")
        await caller.hear("#")
        await engine.say("snow/v1/kanazawa/stray/down", b"order")
        await caller.say("snow/v1/kanazawa/stray/up", b"stray")
        await other.say("snow/v1/kanazawa/d1/up", b"own")
        await until(lambda: engine.heard)
        assert (engine.payloads, caller.heard) == ([b"own"], [])


def test_a_device_does_not_come_in_where_the_engine_does(mosquitto_shipped: ShippedBroker) -> None:
    own = mosquitto_shipped.register.folder / "devices" / "kanazawa.d1"
    assert knock(mosquitto_shipped.address(mosquitto_shipped.engine_port, own)) == SHUT


async def test_a_revoked_device_is_refused_and_the_others_are_not(shipped: ShippedBroker) -> None:
    assert knock(shipped.door(D3)) == LET_IN
    shipped.register.revoke([D3], now=datetime.now(UTC))
    shipped.reload()
    await until(lambda: knock(shipped.door(D3)) != LET_IN)
    assert knock(shipped.door(D1)) == LET_IN
    shipped.running.restart()
    assert knock(shipped.door(D3)) != LET_IN
    assert knock(shipped.door(D1)) == LET_IN


async def test_a_revoked_device_that_is_connected_says_nothing_more(shipped: ShippedBroker) -> None:
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D3), "kanazawa.d3") as revoked,
        calling(shipped.door(D1), "kanazawa.d1") as other,
    ):
        await engine.hear("snow/v1/+/+/up")
        await revoked.say("snow/v1/kanazawa/d3/up", b"before")
        await until(lambda: engine.payloads == [b"before"])
        shipped.register.revoke([D3], now=datetime.now(UTC))
        shipped.reload()
        await until(lambda: knock(shipped.door(D3)) != LET_IN)
        if shipped.kind == "mosquitto":  # NATS ends the connection at once, Mosquitto over the next word
            await revoked.say("snow/v1/kanazawa/d3/up", b"after")
        await until(lambda: revoked.lost)
        await other.say("snow/v1/kanazawa/d1/up", b"another")
        await until(lambda: len(engine.heard) > 1)
        assert engine.payloads == [b"before", b"another"]


async def test_a_revoked_certificate_stays_out_when_the_device_gets_another(
    shipped: ShippedBroker, tmp_path: Path
) -> None:
    folder = shipped.register.folder / "devices" / "kanazawa.d3"
    old = papers(tmp_path / "old", Pair((folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes()))
    now = datetime.now(UTC)
    shipped.register.revoke([D3], now=now)
    shipped.register.enrol([D3], hosts=[], now=now, days=1)
    shipped.reload()
    await until(lambda: knock(shipped.address(shipped.device_port, old)) != LET_IN)
    await until(lambda: knock(shipped.door(D3)) == LET_IN)


async def test_a_device_that_is_enrolled_later_is_let_in_after_a_reload(shipped: ShippedBroker) -> None:
    late = DeviceId("hakusan", "late-1_A")
    shipped.register.enrol([late], hosts=[], now=datetime.now(UTC), days=1)
    shipped.reload()
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.hear("snow/v1/+/+/up")
        await until(lambda: knock(shipped.door(late)) == LET_IN)
        async with calling(shipped.door(late), "hakusan.late-1_A") as device:
            # Mosquitto lets in whom the authority signed; the reload gives the rights.
            while not engine.heard:
                await device.say("snow/v1/hakusan/late-1_A/up", b"here")
        assert set(engine.payloads) == {b"here"}


async def test_a_new_certificate_of_the_broker_is_shown_after_a_reload(shipped: ShippedBroker) -> None:
    before = shown(shipped.door(D1))
    shipped.register.enrol([], hosts=[HOST], now=datetime.now(UTC), days=1)
    shipped.reload()
    await until(lambda: shown(shipped.door(D1)) != before)
    assert knock(shipped.door(D1)) == LET_IN
    assert knock(shipped.engine_door) == LET_IN


async def test_the_certificate_and_not_the_login_says_who_calls(shipped: ShippedBroker) -> None:
    found = knock(shipped.door(D2), login=("engine", "secret"))
    assert found == (UNWELCOME if shipped.kind == "nats" else LET_IN)
