"""Whose a road is, and whose work counts on it.

State belongs to the agency that manages a segment, and is made of its own passes and of those that others share. A
device that nobody registered, or that was on no machine at the time, is credited with nothing.
"""

import numpy as np

from snowtrack.model.columns import Bools, Int16s, Int32s, Int64s
from snowtrack.model.fleet import NOBODY, Agency, Fleet, Manages
from snowtrack.network.arrays import Manager, Network

_LEVELS = {
    Manages.NATION: (Manager.NATION,),
    Manages.PREFECTURE: (Manager.PREFECTURE,),
    Manages.MUNICIPALITY: (Manager.MUNICIPALITY,),
    Manages.OTHERS: tuple(Manager),
    Manages.NOTHING: (),
}


def segment_agencies(network: Network, fleet: Fleet) -> Int16s:
    """Of each segment the place of its agency in the fleet's list, or `NOBODY`.

    An agency of the manager's kind comes before those that manage what is left, and one that names the district before
    one that names none; of equals the first.
    """
    districts = np.zeros(len(network.text_offsets), np.bool_)
    districts[network.district_text + 1] = True
    texts = {network.text(int(place) - 1): int(place) for place in np.flatnonzero(districts)}
    owner = np.full((len(Manager), len(districts)), NOBODY, np.int16)
    for place, agency in sorted(enumerate(fleet.agencies), key=lambda one: (_rank(one[1]), -one[0])):
        where = [texts[name] for name in agency.districts if name in texts] if agency.districts else slice(None)
        for level in _LEVELS[agency.manages]:
            owner[level, where] = place
    agencies: Int16s = owner[network.manager, network.district_text + 1]
    return agencies


def agencies_of(segments: Int16s, fleet: Fleet) -> tuple[str, ...]:
    """The ids of those that manage them, by the places of their agencies."""
    return tuple(sorted(fleet.agencies[one].id for one in np.unique(segments).tolist() if one != NOBODY))


def _rank(agency: Agency) -> tuple[bool, bool]:
    """Who comes later takes the road."""
    return agency.manages is not Manages.OTHERS, bool(agency.districts)


def credited(fleet: Fleet, managers: Int16s, device: Int32s, row: Int64s, started_us: Int64s) -> Bools:
    """Whether passes count: by their device, the network row of their segment (-1 for none), and when they began.

    They do where their machine's agency manages the segment, and where it shares its passes.
    """
    mounting = fleet.mounted(device, started_us)
    counts = np.zeros(len(device), np.bool_)
    mounted = np.flatnonzero(mounting != NOBODY)
    agency = fleet.mountings.agency[mounting[mounted]]
    shares = np.array([one.shares_passes for one in fleet.agencies], np.bool_)
    manager = np.append(managers, np.int16(NOBODY))[row[mounted]]
    counts[mounted] = shares[agency] | (agency == manager)
    return counts
