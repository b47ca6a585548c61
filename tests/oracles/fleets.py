"""Registries in which devices were always on the same machine."""

from collections.abc import Mapping

from snowtrack.model.fleet import FOREVER_US, Agency, Fleet, Manages, Mountings
from snowtrack.model.machines import MachineKind

AGENCY = Agency(id="kanazawa", name="金沢市", manages=Manages.OTHERS, shares_passes=True)


def fleet_of(kinds: Mapping[int, MachineKind]) -> Fleet:
    """Devices by the kind of machine that they are on."""
    rows = [(device, 0, FOREVER_US, kind, kind is MachineKind.SMALL, 0) for device, kind in sorted(kinds.items())]
    return Fleet(version=1, agencies=(AGENCY,), mountings=Mountings.from_rows(rows))
