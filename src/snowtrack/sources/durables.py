"""What devices are told to be durable: each at once when it was told nothing lately, else when that time is over.

A tracker frees its memory a little later for it, and a broker keeps and forwards fewer messages. What is not told
because of a stop or a lost connection is told again when the tracker, having waited in vain, sends again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from snowtrack.model.ids import DeviceId

# Between two looks at who may be told.
LEAST_S = 0.1
Numbers = Sequence[Mapping[str, int]]
"""Up to where each boot is durable."""


class Durables:
    """`say` tells a device and says whether that was possible; if not, it is tried again. `told` is when devices were
    told lately, in order.
    """

    def __init__(self, every_s: float, say: Callable[[DeviceId, Numbers], bool]) -> None:
        self.every_s = every_s
        self.say = say
        self.untold: dict[DeviceId, Numbers] = {}
        self.told: dict[DeviceId, float] = {}
        self.waking: asyncio.TimerHandle | None = None

    def tell(self, durable: Mapping[DeviceId, Numbers]) -> None:
        now = self._forget()
        for device, numbers in durable.items():
            self.untold[device] = numbers
            if device not in self.told and self._tell(device, numbers, now):
                del self.untold[device]
        self._wake_up(now)

    def say_all(self) -> None:
        """Before the end."""
        for device, numbers in self.untold.items():
            self.say(device, numbers)
        self.untold.clear()
        if self.waking:
            self.waking.cancel()

    def _tell(self, device: DeviceId, numbers: Numbers, now: float) -> bool:
        if not self.say(device, numbers):
            return False
        self.told[device] = now
        return True

    def _forget(self) -> float:
        """Who was told long enough ago may be told again."""
        now = asyncio.get_running_loop().time()
        over = takewhile(lambda item: item[1] <= now - self.every_s, self.told.items())
        for device in [device for device, _ in over]:
            del self.told[device]
        return now

    def _wake_up(self, now: float) -> None:
        if self.untold and self.waking is None:
            next_s = next(iter(self.told.values()), now) + self.every_s - now
            self.waking = asyncio.get_running_loop().call_later(max(next_s, LEAST_S), self._wake)

    def _wake(self) -> None:
        self.waking = None
        now = self._forget()
        for device in [device for device in self.untold if device not in self.told]:
            if not self._tell(device, self.untold[device], now):
                break
            del self.untold[device]
        self._wake_up(now)
