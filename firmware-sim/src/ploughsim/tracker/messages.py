"""Messages out, and the window of those that the broker has not acknowledged yet (PUBACK)."""

from dataclasses import dataclass
from enum import Enum
from math import inf

WINDOW_MESSAGES = 16
# The backlog leaves room for what is live.
WINDOW_LOG_MESSAGES = 4
PUBACK_WITHIN_S = 20.0


class Lane(Enum):
    """The last part of the topic."""

    UP = "up"
    LOG = "log"
    STATUS = "status"
    ACK = "ack"
    DURABLE = "durable"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """`number` is to be told when the PUBACK has come."""

    lane: Lane
    payload: bytes
    number: int

    @property
    def retained(self) -> bool:
        return self.lane is Lane.STATUS


class Window:
    def __init__(self) -> None:
        self._number = 0
        self._waiting: dict[int, tuple[Lane, float]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def has_room(self, lane: Lane) -> bool:
        if lane is Lane.LOG and sum(of is lane for of, _ in self._waiting.values()) >= WINDOW_LOG_MESSAGES:
            return False
        return len(self._waiting) < WINDOW_MESSAGES

    def launch(self, lane: Lane, payload: bytes, now: float) -> Outgoing:
        self._number += 1
        self._waiting[self._number] = (lane, now)
        return Outgoing(lane=lane, payload=payload, number=self._number)

    def acknowledged(self, number: int) -> Lane | None:
        """Of which topic it was; None for a message of an earlier connection, or one that was acknowledged before."""
        lane, _ = self._waiting.pop(number, (None, 0.0))
        return lane

    def forget_all(self) -> None:
        self._waiting.clear()

    def gives_up_at(self) -> float:
        """When the connection is taken for dead."""
        return next((sent_at + PUBACK_WITHIN_S for _, sent_at in self._waiting.values()), inf)
