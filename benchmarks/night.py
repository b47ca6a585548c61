"""The input of the benchmarks: a simulated night on the sample town, with its truth, the same for the same seed."""

import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ploughsim.thin.lanes import Lanes
from ploughsim.thin.network import read_network
from ploughsim.thin.receiver import Receiver
from ploughsim.thin.sentences import blade_sentence, fix_sentences
from ploughsim.thin.world import World
from snowtrack.model.fixes import Message
from snowtrack.network.arrays import Network
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network

START_MS = 1_768_399_200_000  # 2026-01-14 14:00 UTC, 23 o'clock in Japan
EPOCHS_PER_MESSAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Messages in the order of sending; `truth` holds the segment id of each (device, second)."""

    network: Network
    messages: list[Message]
    fixes: int
    truth: dict[tuple[int, int], int]


def simulate(*, ploughs: int, seconds: int, sigma_m: float, seed: int = 1) -> Night:
    """Drive a fleet; receivers' errors last 60 s."""
    network = sample_network(seed)
    with TemporaryDirectory() as folder:
        write_network(network, Path(folder) / "network")
        world = World(Lanes(read_network(Path(folder) / "network")), ploughs=ploughs, seed=seed, rate_hz=1)
        receivers = [
            Receiver(seed=seed + plough, power_up=1, sigma_m=sigma_m, correlation=math.exp(-1 / 60))
            for plough in range(ploughs)
        ]
        pending: list[list[bytes]] = [[] for _ in range(ploughs)]
        messages: list[Message] = []
        truth: dict[tuple[int, int], int] = {}
        for second in range(1, seconds + 1):
            world.step()
            now_ms = START_MS + second * 1000
            for plough, receiver in enumerate(receivers):
                place = world.truth(plough)
                truth[plough, now_ms * 1000] = place.segment_id
                blade = "D" if place.blade_down else "U"
                own = blade_sentence(boot=1, seq=second, uptime_ms=second * 1000, blade=blade)
                pending[plough].append(own + fix_sentences(receiver.observe(place, now_ms)))
                if len(pending[plough]) == EPOCHS_PER_MESSAGE:
                    payload = b"".join(pending[plough])
                    messages.append(Message(device=plough, received_us=now_ms * 1000 + 200_000, payload=payload))
                    pending[plough].clear()
    return Night(network=network, messages=messages, fixes=len(messages) * EPOCHS_PER_MESSAGE, truth=truth)
