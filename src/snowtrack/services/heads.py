"""Heads as news: where each machine is just now."""

from collections.abc import Mapping
from typing import Any

from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fleet import Fleet
from snowtrack.model.ids import DeviceId
from snowtrack.model.matches import MatchBatch
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Network
from snowtrack.passes.profiles import at_work


def head_news(heads: MatchBatch, network: Network, fleet: Fleet, names: Mapping[int, DeviceId]) -> dict[str, Any]:
    """What each does is what it seems to at first sight: provisional, as the place is."""
    kinds = fleet.kinds(heads.device, heads.observed_us)
    working, evidence = at_work(kinds, heads.blade, heads.pto, heads.spreading, heads.speed_mmps)
    seen = zip(working.tolist(), evidence.tolist(), strict=True)
    return {
        "machines": [
            _machine(heads, at, network, names) | {"working": works, "evidence": Evidence(how).name.lower()}
            for at, (works, how) in enumerate(seen)
        ]
    }


def _machine(heads: MatchBatch, at: int, network: Network, names: Mapping[int, DeviceId]) -> dict[str, Any]:
    speed, course, row = int(heads.speed_mmps[at]), int(heads.course_cdeg[at]), int(heads.row[at])
    return {
        "device": str(names[int(heads.device[at])]),
        "lat": int(heads.lat_e7[at]) / 1e7,
        "lon": int(heads.lon_e7[at]) / 1e7,
        "course_deg": None if course == ABSENT_32 else course / 100,
        "speed_mps": None if speed == ABSENT_32 else speed / 1000,
        "at": utc_text(int(heads.observed_us[at])),
        "segment": int(network.segment_id[row]) if row >= 0 else None,
        "silent": False,
    }
