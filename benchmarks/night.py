"""The input of the benchmarks: a simulated night on the sample town, with its truth, the same for the same seed."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ploughsim.compiled import Array
from ploughsim.radio.settings import RadioSettings
from ploughsim.receiver.settings import ReceiverSettings
from ploughsim.running.heard import Heard, Trackers
from ploughsim.running.night import Night as Played
from ploughsim.running.night import open_night
from ploughsim.running.published import Published as Sent
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import NightSettings, Scenario
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings
from ploughsim.world.truth import OFF_ROAD
from snowtrack.model.fixes import Message
from snowtrack.model.fleet import FOREVER_US, Agency, Fleet, Manages, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.network.arrays import Network
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network

EPOCHS_PER_MESSAGE = 10
SPAN_MS = 60_000
AGENCY = Agency(id="ishikawa", name="石川県", manages=Manages.OTHERS, shares_passes=True)
Follow = Callable[[Array, Heard, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Messages in the order of arrival; `truth` holds the segment id of each (device, microsecond), -1 off the road."""

    network: Network
    messages: list[Message]
    fixes: int
    truth: dict[tuple[int, int], int]


def simulate(*, ploughs: int, seconds: int, sigma_m: float, seed: int = 1) -> Night:
    """Drive a fleet; receivers' errors last 60 s, and there is nothing else wrong with them."""
    network = sample_network(seed)
    scenario = Scenario(
        night=NightSettings(name="benchmark", seed=seed, hours=seconds / 3600),
        fleet=FleetSettings(machines=ploughs, kinds={"truck": 1, "grader": 1}, muster_min=0.2),
        receiver=ReceiverSettings(
            sigma_m=sigma_m, multipath=False, cold_start_s=0, losses_per_h=0, families="u-blox-6"
        ),
        tracker=TrackerSettings(epochs_per_message=EPOCHS_PER_MESSAGE, message_wait_s=60),
        radio=RadioSettings(latency_ms=200, latency_spread=0),
    )
    seen: list[Array] = []
    with TemporaryDirectory() as folder:
        write_network(network, Path(folder) / "network")
        night = open_night(scenario, Path(folder) / "network", scenario.night.date_ms)
        messages = played(night, Path(folder), lambda part, _heard, _stop_ms: seen.append(part))
    every = np.concatenate(seen)
    segment = np.where(every["row"] == OFF_ROAD, -1, network.segment_id[every["row"]])
    keys = zip(every["unit"].tolist(), (1000 * every["time_ms"]).tolist(), strict=True)
    return Night(
        network=network,
        messages=messages,
        fixes=len(every),
        truth=dict(zip(keys, segment.tolist(), strict=True)),
    )


def played(night: Played, folder: Path, follow: Follow = lambda *_: None) -> list[Message]:
    """All that trackers send of a night with an end, each under the number of its unit; `follow` is told, span by span,
    what was true, what was heard, and up to when."""
    devices = {
        f"snow/v1/{unit.agency}/{unit.device}/{way}": unit.number for unit in night.world.units for way in ("up", "log")
    }
    messages: list[Message] = []

    def take(sent: Iterable[Sent]) -> None:
        messages.extend(
            Message(device=devices[one.topic], received_us=1000 * one.at_ms, payload=one.payload)
            for one in sent
            if one.topic in devices
        )

    end_ms = night.end_ms or night.start_ms
    with closing(Spool(folder)) as spool:
        trackers, stream = Trackers(night), Stream(night, spool)
        for first_ms in range(night.start_ms, end_ms, SPAN_MS):
            stop_ms = min(first_ms + SPAN_MS, end_ms)
            seen = night.world.truth(first_ms, stop_ms, night.step_ms)
            heard = trackers.hear(seen)
            take(stream.messages(heard, stop_ms))
            follow(seen, heard, stop_ms)
        take(stream.rest(end_ms))
    return messages


def fleet_of(night: Played) -> Fleet:
    """Each tracker on the machine that it is on; of two on one, the first."""
    rows = [
        (unit.number, 0, FOREVER_US, MachineKind[unit.kind.upper()], unit.kind == "small", 0)
        for unit in night.world.units
        if unit.twin_of is None
    ]
    return Fleet(version=1, agencies=(AGENCY,), mountings=Mountings.from_rows(rows))
