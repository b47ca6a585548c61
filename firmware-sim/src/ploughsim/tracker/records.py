"""What the slots of the ring hold: the fields of each kind of slot, and how many bits each has (see `bits`)."""

from typing import NamedTuple

import numpy as np

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.tracker import bits

ROW, TEXT, MORE, BASE = 0, 1, 2, 3
"""What a slot is: a whole epoch; one whose text follows as it came; more of that text; where counting begins."""


class Field(NamedTuple):
    """A number of so many bits, from `lowest` on; all bits set for the one that says nothing."""

    bits: int
    lowest: int = 0
    unsaid: int = UNKNOWN


# Counted from the base: the seq and the uptime.
_OWN = {
    "seq": Field(7),
    "uptime_ms": Field(24),
    "blade": Field(2, unsaid=NOT_SAID),
    "spreader": Field(2, unsaid=NOT_SAID),
    "pto": Field(2, unsaid=NOT_SAID),
    "angle_tenths": Field(11, -900),
    "density_tenths": Field(14),
    "width_tenths": Field(10),
    "inputs": Field(17),
    "battery_hundredths": Field(12),
    "buffer": Field(17),
}
_RECEIVERS = {
    "clock_ms": Field(27),
    "date_days": Field(16),
    "status": Field(2, unsaid=NOT_SAID),
    "quality": Field(4, unsaid=NOT_SAID),
    "mode": Field(5, ord("A") - 1, NOT_SAID),
    "lat": Field(37, -(1 << 36)),
    "lon": Field(38, -(1 << 37)),
    "speed": Field(20),
    "course": Field(19),
    "altitude": Field(22, -(1 << 21)),
    "separation_tenths": Field(11, -1100),
    "satellites": Field(7, unsaid=NOT_SAID),
    "hdop": Field(14),
}
LAYOUTS = {
    ROW: _OWN | _RECEIVERS,
    TEXT: _OWN | {"size": Field(16)},
    MORE: {},
    BASE: {"boot": Field(32), "seq": Field(53), "uptime_ms": Field(53), "family": Field(8)},
}
"""The fields of each kind, behind the first three bits. Those of an epoch stand as in EPOCH, without `boot`."""
FIELDS = max(map(len, LAYOUTS.values()))
TEXT_AT = {
    kind: -(-(bits.HEAD_BITS + sum(field.bits for field in layout.values())) // 8) for kind, layout in LAYOUTS.items()
}
"""The first byte behind the fields."""
SIZE_AT = list(LAYOUTS[TEXT]).index("size")
UPTIME_MS_MAX = (1 << _OWN["uptime_ms"].bits) - 2

_TABLE = np.zeros((len(LAYOUTS), FIELDS, 3), dtype=np.int64)
for _kind, _layout in LAYOUTS.items():
    _TABLE[_kind, : len(_layout)] = list(_layout.values()) if _layout else 0


def pack(kind: int, values: Array, slot: Array) -> bool:
    """Write the fields of a kind into a slot of zeros and text, uncommitted; False if one of them does not fit."""
    return bits.pack(_TABLE, kind, values, slot)


def unpack(slots: Array) -> tuple[Array, Array]:
    """What each slot is, and its fields."""
    kinds, values = np.empty(len(slots), dtype=np.int64), np.empty((len(slots), FIELDS), dtype=np.int64)
    bits.unpack(_TABLE, slots, values, kinds)
    return kinds, values


def rows_of(values: Array) -> Array:
    """The rows of slots of the kind ROW, with seq and uptime still counted from the base, and no boot."""
    rows = np.zeros(len(values), dtype=EPOCH)
    for number, name in enumerate(LAYOUTS[ROW]):
        rows[name] = values[:, number]
    return rows
