"""The input of the benchmarks: a simulated night on the sample town, with its truth, the same for the same seed."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ploughsim.radio.settings import RadioSettings
from ploughsim.receiver.settings import ReceiverSettings
from ploughsim.running.heard import Trackers
from ploughsim.running.night import open_night
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import NightSettings, Scenario
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings
from ploughsim.world.truth import OFF_ROAD
from snowtrack.model.fixes import Message
from snowtrack.network.arrays import Network
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network

EPOCHS_PER_MESSAGE = 10


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
        night=NightSettings(name="benchmark", seed=seed),
        fleet=FleetSettings(machines=ploughs, kinds={"truck": 1, "grader": 1}, muster_min=0.2),
        receiver=ReceiverSettings(
            sigma_m=sigma_m, multipath=False, cold_start_s=0, losses_per_h=0, families="u-blox-6"
        ),
        tracker=TrackerSettings(epochs_per_message=EPOCHS_PER_MESSAGE, message_wait_s=60),
        radio=RadioSettings(latency_ms=200, latency_spread=0),
    )
    with TemporaryDirectory() as folder:
        write_network(network, Path(folder) / "network")
        night = open_night(scenario, Path(folder) / "network", scenario.night.date_ms)
        stop_ms = night.start_ms + 1000 * seconds
        seen = night.world.truth(night.start_ms, stop_ms, night.step_ms)
        stream = Stream(night, Spool(Path(folder)))
        published = [*stream.messages(Trackers(night).hear(seen), stop_ms), *stream.rest(stop_ms)]
        segment = np.where(seen["row"] == OFF_ROAD, -1, network.segment_id[seen["row"]])
    device = {f"snow/v1/{unit.agency}/{unit.device}/up": unit.number for unit in night.world.units}
    keys = zip(seen["unit"].tolist(), (1000 * seen["time_ms"]).tolist(), strict=True)
    return Night(
        network=network,
        messages=[
            Message(device=device[message.topic], received_us=1000 * message.at_ms, payload=message.payload)
            for message in published
            if message.topic in device
        ],
        fixes=len(seen),
        truth=dict(zip(keys, segment.tolist(), strict=True)),
    )
