"""Devices are told what is durable: the newest, each not too often, and never less than before."""

import asyncio

import pytest

from snowtrack.model.ids import DeviceId
from snowtrack.sources.durables import Durables, Numbers
from tests.services.waiting import until

pytestmark = pytest.mark.anyio
ONE, OTHER = DeviceId("kanazawa", "d1"), DeviceId("kanazawa", "d2")


class Told:
    """Keeps what is said, and can be deaf for a while."""

    def __init__(self) -> None:
        self.said: list[tuple[DeviceId, int]] = []
        self.deaf = False

    def say(self, device: DeviceId, numbers: Numbers) -> bool:
        if not self.deaf:
            self.said.append((device, numbers[0]["seq"]))
        return not self.deaf


def up_to(seq: int) -> Numbers:
    return [{"boot": 1, "seq": seq}]


async def test_who_was_told_nothing_lately_is_told_at_once() -> None:
    told = Told()
    Durables(60, told.say).tell({ONE: up_to(1), OTHER: up_to(5)})
    assert told.said == [(ONE, 1), (OTHER, 5)]


async def test_what_comes_soon_after_is_told_together_and_only_the_newest() -> None:
    told = Told()
    durables = Durables(0.2, told.say)
    for seq in range(1, 6):
        durables.tell({ONE: up_to(seq)})
    assert told.said == [(ONE, 1)]
    await until(lambda: len(told.said) > 1)
    await asyncio.sleep(0.3)
    assert told.said == [(ONE, 1), (ONE, 5)]


async def test_what_could_not_be_said_is_said_later_and_nothing_older_after_it() -> None:
    told = Told()
    durables = Durables(0.01, told.say)
    told.deaf = True
    durables.tell({ONE: up_to(1)})
    durables.tell({ONE: up_to(2)})
    told.deaf = False
    durables.tell({ONE: up_to(3)})
    assert told.said == [(ONE, 3)]
    await asyncio.sleep(0.3)
    assert told.said == [(ONE, 3)]
    told.deaf = True
    durables.tell({OTHER: up_to(7)})
    told.deaf = False
    await until(lambda: (OTHER, 7) in told.said)


async def test_at_the_end_all_is_said() -> None:
    told = Told()
    durables = Durables(60, told.say)
    durables.tell({ONE: up_to(1)})
    durables.tell({ONE: up_to(2), OTHER: up_to(1)})
    durables.say_all()
    assert told.said == [(ONE, 1), (OTHER, 1), (ONE, 2)]


async def test_what_is_remembered_is_forgotten() -> None:
    told = Told()
    durables = Durables(0.05, told.say)
    for number in range(100):
        durables.tell({DeviceId("kanazawa", f"d{number}"): up_to(1)})
    await asyncio.sleep(0.1)
    durables.tell({ONE: up_to(9)})
    assert (len(durables.told), len(durables.untold)) == (1, 0)
