"""How large the array of a whole network's state is on the wire, through a storm."""

from typing import NamedTuple

from benchmarks.serve.fold import StandIn
from benchmarks.serve.storm import HOURS, Storm
from benchmarks.serve.visitor import Visitor
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.model.calendar import HOUR_US, SECOND_US
from snowtrack.wall_clock import now_us

LOOKED_AT_US = HOUR_US // 2
ROUND_S = 300


class Sizes(NamedTuple):
    """In KB, of the storm's busiest minute and the most there was; and the cut that had the most."""

    busiest_kb: float
    most_kb: float
    fullest: PublicCut


def show_storm(fold: StandIn, storm: Storm) -> Sizes:
    """The busiest minute and each half hour, one after the other; then the one with the largest array again."""
    instants = [
        storm.busiest_us,
        *(storm.begun_us + at_us for at_us in range(LOOKED_AT_US, int(HOURS * HOUR_US) + 1, LOOKED_AT_US)),
    ]
    told_us = now_us()
    cuts = [
        storm.cut(at_us, told_us - (len(instants) - place) * SECOND_US, ROUND_S) for place, at_us in enumerate(instants)
    ]
    sizes_kb = [_size_kb(fold, cut) for cut in cuts]
    most_kb = max(sizes_kb)
    fullest = storm.cut(instants[sizes_kb.index(most_kb)], told_us, ROUND_S)
    fold.show(fullest)
    return Sizes(sizes_kb[0], most_kb, fullest)


def _size_kb(fold: StandIn, cut: PublicCut) -> float:
    """As the API answers it; without the head of the answer."""
    fold.show(cut)
    with Visitor(fold.settings.api.port) as visitor:
        answer = visitor.ask(f"/v1/state/{fold.network_id}.bin")
    if answer.encoding != "gzip" or answer.etag != cut.etag(fold.network_id):
        raise RuntimeError("the state array came uncompressed, or of another cut")
    return len(answer.wire) / 1_000
