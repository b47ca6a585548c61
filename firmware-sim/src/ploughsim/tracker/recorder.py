"""The recorder: what was heard of an instant, and the machine's inputs then, become one epoch of the ring."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.sentences.read import read_epoch
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.assembler import Heard
from ploughsim.tracker.ring import Ring
from ploughsim.tracker.wording import Epoch, own_words


class Inputs(NamedTuple):
    """What the tracker's own wires say, by the names and in the units of EPOCH."""

    blade: int = NOT_SAID
    spreader: int = NOT_SAID
    pto: int = NOT_SAID
    angle_tenths: int = UNKNOWN
    density_tenths: int = UNKNOWN
    width_tenths: int = UNKNOWN
    inputs: int = UNKNOWN
    battery_hundredths: int = UNKNOWN


# As docs/device-protocol.md has them; the battery's is that of a record.
_BOUNDS = ((0, 1), (0, 1), (0, 1), (-900, 900), (0, 10_000), (0, 1000), (0, 0xFFFF), (0, 4094))
_NOTHING_READ = np.zeros(1, dtype=EPOCH)


class Recorder:
    def __init__(self, ring: Ring, family: int) -> None:
        self._ring = ring
        self._family = family

    def record(self, heard: Heard, inputs: Inputs) -> Epoch:
        """Write it to the ring, and say with which bytes it is sent for ever."""
        row = read_epoch(heard.text, self._family)
        row_says_all = row is not None
        row = _NOTHING_READ.copy() if row is None else row
        name = self._ring.next
        row["boot"], row["seq"] = name
        row["uptime_ms"] = heard.uptime_ms
        for key, value in zip(Inputs._fields, sayable(inputs), strict=True):
            row[key] = value
        row["buffer"] = self._ring.held
        payload = write_epoch(row, self._family) if row_says_all else own_words(row, self._family) + heard.text
        self._ring.append(row, heard.text, row_says_all=row_says_all)
        return Epoch(name, payload)


@lru_cache(maxsize=1024)
def sayable(inputs: Inputs) -> Inputs:
    """What is beyond the bounds of the protocol is not said."""
    return Inputs(
        *(
            value if lowest <= value <= highest else unsaid
            for value, (lowest, highest), unsaid in zip(inputs, _BOUNDS, Inputs(), strict=True)
        )
    )
