"""Heads as news: where each machine is just now."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import or_none, present
from snowtrack.model.fleet import Fleet
from snowtrack.model.ids import DeviceId
from snowtrack.model.matches import MatchBatch
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Network
from snowtrack.passes.profiles import at_work

EVIDENCE = {int(how): how.name.lower() for how in Evidence}


def head_news(heads: MatchBatch, network: Network, fleet: Fleet, names: Mapping[int, DeviceId]) -> dict[str, Any]:
    """What each does is what it seems to at first sight: provisional, as the place is."""
    kinds = fleet.kinds(heads.device, heads.observed_us)
    working, evidence = at_work(kinds, heads.blade, heads.pto, heads.spreading, heads.speed_mmps)
    columns = {
        "device": [str(names[device]) for device in heads.device.tolist()],
        "lat": (heads.lat_e7 / 1e7).tolist(),
        "lon": (heads.lon_e7 / 1e7).tolist(),
        "course_deg": or_none(heads.course_cdeg / 100, present(heads.course_cdeg)),
        "speed_mps": or_none(heads.speed_mmps / 1_000, present(heads.speed_mmps)),
        "at": np.datetime_as_string((heads.observed_us // SECOND_US).astype("M8[s]"), timezone="UTC").tolist(),
        "segment": or_none(network.segment_id[np.maximum(heads.row, 0)], heads.row >= 0),
        "silent": [False] * len(heads),
        "working": working.tolist(),
        "evidence": [EVIDENCE[how] for how in evidence.tolist()],
    }
    return {"machines": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]}
