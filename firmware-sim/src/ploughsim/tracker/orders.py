"""Orders to the driver, settings for the tracker (`down`), and what is answered to them (`ack`).

Every answer is said again until the broker has it. An id that was seen before is answered as it was, and not shown
again. What cannot be answered is counted.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any

import orjson

from ploughsim.chance import uniform
from ploughsim.rules import ID

DOWN_BYTES_MAX = 4096
IDS_MAX = 8
DRIVERS_ORDERS_MAX = 4
"""So many may wait for the driver at once."""
ANSWERS_MAX = 8
_WHY_BYTES_MAX = 80
_ID_BYTES_MAX = 64
# An answer with its id and its reason, beside 100 bytes of frame.
_ANSWER_BYTES_MAX = 100 + _ID_BYTES_MAX + _WHY_BYTES_MAX
BYTES_MAX = IDS_MAX * (_ID_BYTES_MAX + _ANSWER_BYTES_MAX) + ANSWERS_MAX * _ANSWER_BYTES_MAX
"""What is remembered, in all."""

Configure = Callable[[dict[str, Any]], str | None]
"""Apply settings; say why not, if they are refused."""
Stamp = Callable[[], tuple[int, int]]
"""The boot and the uptime in milliseconds."""


class State(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver answers after half to double so many seconds, and refuses a share of the orders."""

    answer_s: float
    refuses: float
    seed: int

    def answers_after_s(self, number: int) -> float:
        return self.answer_s * (0.5 + 1.5 * uniform(self.seed, 0, number))

    def decides(self, number: int) -> State:
        return State.REFUSED if uniform(self.seed, 1, number) < self.refuses else State.ACCEPTED


class Orders:
    def __init__(self, driver: Driver, configure: Configure, stamp: Stamp) -> None:
        self.shown = 0
        self.ignored = 0
        self._driver = driver
        self._configure = configure
        self._stamp = stamp
        self._last_answers: dict[str, bytes] = {}
        self._with_driver: dict[str, tuple[float, int]] = {}
        self._answers: deque[bytes] = deque(maxlen=ANSWERS_MAX)
        self._in_flight = False

    @property
    def bytes_kept(self) -> int:
        """Of answers, and of ids."""
        remembered = sum(len(name) + len(answer) for name, answer in self._last_answers.items())
        return remembered + sum(map(len, self._answers))

    def take(self, payload: bytes, now: float) -> None:
        """A message on `down`."""
        message = _read(payload)
        if message is None:
            self.ignored += 1
            return
        name = message["id"]
        if name in self._last_answers:
            self._say(self._last_answers[name])
        elif isinstance(message.get("settings"), dict):
            why = self._configure(message["settings"])
            self._answer(name, State.REFUSED if why else State.ACCEPTED, why)
        elif "order" not in message:
            self._answer(name, State.REFUSED, "neither order nor settings")
        elif len(self._with_driver) >= DRIVERS_ORDERS_MAX:
            self._answer(name, State.REFUSED, "too many orders wait for the driver")
        else:
            self.shown += 1
            self._with_driver[name] = now + self._driver.answers_after_s(self.shown), self.shown
            self._answer(name, State.RECEIVED)

    def next_answer(self, now: float) -> bytes | None:
        """What to say now; one at a time, so that they come in order."""
        for name, (at, number) in list(self._with_driver.items()):
            if now >= at:
                del self._with_driver[name]
                self._answer(name, self._driver.decides(number))
        if self._in_flight or not self._answers:
            return None
        self._in_flight = True
        return self._answers[0]

    def due(self) -> float:
        """When there may be something to say."""
        if self._answers and not self._in_flight:
            return -inf
        return min((at for at, _ in self._with_driver.values()), default=inf)

    def acknowledged(self) -> None:
        """The broker has the answer."""
        if self._in_flight:
            self._in_flight = False
            self._answers.popleft()

    def disconnect(self) -> None:
        self._in_flight = False

    def _answer(self, name: str, state: State, why: str | None = None) -> None:
        boot, uptime_ms = self._stamp()
        answer: dict[str, object] = {"id": name, "boot": boot, "uptime": uptime_ms, "state": state.value}
        if why:
            answer["why"] = why[:_WHY_BYTES_MAX]
        payload = orjson.dumps(answer)
        if name not in self._last_answers and len(self._last_answers) >= IDS_MAX:
            oldest = next(one for one in self._last_answers if one not in self._with_driver)
            del self._last_answers[oldest]
        self._last_answers[name] = payload
        self._say(payload)

    def _say(self, payload: bytes) -> None:
        if payload in self._answers:
            return
        if len(self._answers) == ANSWERS_MAX:
            del self._answers[1]
        self._answers.append(payload)


def _read(payload: bytes) -> dict[str, Any] | None:
    """A message with an id that can be answered."""
    if len(payload) > DOWN_BYTES_MAX:
        return None
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("id"), str) or not ID.fullmatch(message["id"]):
        return None
    return message
