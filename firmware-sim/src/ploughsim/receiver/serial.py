"""The serial line from receiver to tracker: bits turn, bytes get lost, sentences are cut.

Whether and where is drawn by unit and instant, so that each epoch's bytes can be looked at alone. Most are unharmed,
and `faulty` finds the others without their text.
"""

import math

import numpy as np
import numpy.typing as npt

from ploughsim.chance import draw, drawn, evenly, uniform
from ploughsim.compiled import Array, compiled, part
from ploughsim.receiver.settings import ReceiverSettings

EPOCH_BYTES_MAX = 2_048
"""Behind these nothing happens to an epoch's bytes."""
BITS = 8
# What a draw decides.
TURNED, LOST, CUT, CUT_AT, TORN, TORN_AT, WHICH_BIT = range(300, 307)


class SerialLine:
    """Of all units."""

    def __init__(self, settings: ReceiverSettings, seed: int) -> None:
        self._seed = seed
        self._step_ms = settings.step_ms
        self._turned = -math.expm1(BITS * math.log1p(-settings.bit_errors))
        self._lost = settings.lost_bytes
        self._cut = settings.cut_sentences_per_h * settings.step_ms / 3_600_000
        self._torn = settings.torn_starts
        # Of the bytes that may turn or get lost, at least one is to do so.
        some = [-math.expm1(EPOCH_BYTES_MAX * math.log1p(-share)) for share in (self._turned, self._lost)]
        self._chances = np.array([*some, self._cut, self._torn])

    def faulty(self, truth: Array) -> npt.NDArray[np.bool_]:
        """The rows whose bytes `carry` might change."""
        found = np.zeros(len(truth), np.bool_)
        if self._chances.any():
            find_faults(truth, self._chances, self._step_ms, np.uint64(self._seed), found)
        return found

    def carry(self, text: bytes, unit: int, time_ms: int, on_ms: int) -> bytes:
        """What arrives of the receiver's text of one epoch."""
        about = (unit, time_ms)
        if text and uniform(self._seed, CUT, *about) < self._cut:
            text = text[: draw(self._seed, CUT_AT, *about) % len(text)]
        if time_ms - on_ms < self._step_ms and uniform(self._seed, TORN, *about) < self._torn and text:
            # The receiver, which has power from elsewhere, is in the middle of a line.
            within = draw(self._seed, TORN_AT, *about) % len(text)
            text = text[within:].partition(b"\n")[0] + b"\n" + text
        arrives = bytearray(text)
        for at in self._places(TURNED, self._turned, about, len(text)):
            arrives[at] ^= 1 << draw(self._seed, WHICH_BIT, *about, at) % BITS
        for at in reversed(self._places(LOST, self._lost, about, len(text))):
            del arrives[at]
        return bytes(arrives)

    def _places(self, what: int, share: float, about: tuple[int, int], length: int) -> list[int]:
        """Where a share of the bytes is: from one to the next it is a number of bytes with a geometric distribution."""
        places: list[int] = []
        if share == 0.0:
            return places
        at = -1
        for turn in range(EPOCH_BYTES_MAX):
            chance = uniform(self._seed, what, *about, *([turn] if turn else []))
            at += 1 + int(math.log1p(-chance) / math.log1p(-share))
            if at >= min(length, EPOCH_BYTES_MAX):
                break
            places.append(at)
        return places


@compiled
def find_faults(truth: Array, chances: Array, step_ms: int, seed: np.uint64, found: Array) -> None:
    for row in range(len(truth)):
        instant = truth[row]
        unit, time_ms = instant.unit, instant.time_ms
        found[row] = (
            strikes(seed, TURNED, unit, time_ms, chances[0])
            or strikes(seed, LOST, unit, time_ms, chances[1])
            or strikes(seed, CUT, unit, time_ms, chances[2])
            or (time_ms - instant.on_ms < step_ms and strikes(seed, TORN, unit, time_ms, chances[3]))
        )


@part
def strikes(seed: np.uint64, what: int, unit: int, time_ms: int, chance: float) -> bool:
    return bool(chance > 0.0 and evenly(drawn(drawn(drawn(seed, what), unit), time_ms)) < chance)
