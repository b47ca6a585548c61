"""Whose machine a device was on, and when: what the registry says, as far as fixes and passes need it."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from snowtrack.model.columns import Bools, Columns, Int8s, Int16s, Int32s, Int64s
from snowtrack.model.machines import MachineKind

NOBODY = -1
FOREVER_US = 253_402_300_799_000_000
"""The end of a mounting that has none: the last second that a date can say."""


class Manages(StrEnum):
    """Which roads are an agency's: those of a kind of manager, in its districts if it names any."""

    NATION = "nation"
    PREFECTURE = "prefecture"
    MUNICIPALITY = "municipality"
    OTHERS = "others"
    """What no other agency manages."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A road manager (道路管理者). Its passes count on others' roads only when it shares them."""

    id: str
    name: str
    manages: Manages
    districts: tuple[str, ...] = ()
    shares_passes: bool = False
    shares_states: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mountings(Columns):
    """Which machine carries a device from one instant to before another; ordered by device and time, never two at
    once. `kind` is a `MachineKind`, `footways` whether it works there; `agency` is a place in the fleet's list."""

    device: Int32s
    from_us: Int64s
    to_us: Int64s
    kind: Int8s
    footways: Int8s
    agency: Int16s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """The registry at one version. A device that it does not name is known to nobody, and credited with nothing."""

    version: int = 0
    agencies: tuple[Agency, ...] = ()
    mountings: Mountings = field(default_factory=Mountings.empty)

    def mountings_of(self, device: int) -> Mountings:
        """Of one, in order."""
        first, last = np.searchsorted(self.mountings.device, (device, device + 1)).tolist()
        return self.mountings.take(slice(first, last))

    def mounted(self, device: Int32s, at_us: Int64s) -> Int64s:
        """Of each (device, instant) the row of its mounting, or `NOBODY`."""
        own = self.mountings
        if not len(own):
            return np.full(len(device), NOBODY, np.int64)
        first, row = np.searchsorted(own.device, device), np.searchsorted(own.device, device, side="right") - 1
        while np.any(later := (row >= first) & (own.from_us[np.maximum(row, 0)] > at_us)):
            row = row - later
        return np.where((row >= first) & (at_us < own.to_us[np.maximum(row, 0)]), row, NOBODY)

    def kinds(self, device: Int32s, at_us: Int64s) -> Int8s:
        """The `MachineKind` of each; 0 where nobody knows."""
        row = self.mounted(device, at_us)
        return np.append(self.mountings.kind, np.int8(MachineKind.UNKNOWN))[row]

    def on_footways(self, device: Int32s, at_us: Int64s) -> Bools:
        """Where the machine is one that works on footways."""
        found: Bools = np.append(self.mountings.footways, np.int8(0))[self.mounted(device, at_us)] == 1
        return found


NO_FLEET = Fleet()
