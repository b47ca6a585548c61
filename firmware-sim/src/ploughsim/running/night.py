"""One night as its parts: the world, what its receivers make of it, and the network that they have."""

from dataclasses import dataclass
from pathlib import Path

from ploughsim.chance import draw
from ploughsim.radio.coverage import Coverage
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.serial import SerialLine
from ploughsim.roads.made import make_network
from ploughsim.roads.read import read_network
from ploughsim.scenario import Scenario
from ploughsim.world.night import World

# What the seeds of the parts are drawn for.
_WORLD, _RECEIVERS, _SERIAL, _RADIO = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A pure function of scenario, network and start."""

    scenario: Scenario
    world: World
    receivers: Receivers
    serial: SerialLine
    coverage: Coverage
    start_ms: int
    radio_seed: int

    @property
    def step_ms(self) -> int:
        """From one epoch to the next."""
        return self.scenario.receiver.step_ms

    @property
    def end_ms(self) -> int | None:
        """When it is over, if ever."""
        lasts_ms = self.scenario.night.lasts_ms
        return self.start_ms + lasts_ms if lasts_ms else None


def open_night(scenario: Scenario, network: Path, start_ms: int) -> Night:
    """The network is made if there is none at its place."""
    if not network.exists():
        make_network(scenario.network, network)
    seed = scenario.night.seed
    world = World(read_network(network), scenario.fleet, scenario.snow, seed=draw(seed, _WORLD), start_ms=start_ms)
    return Night(
        scenario=scenario,
        world=world,
        receivers=Receivers(scenario.receiver, scenario.clock, len(world.units), draw(seed, _RECEIVERS)),
        serial=SerialLine(scenario.receiver, draw(seed, _SERIAL)),
        coverage=Coverage(scenario.radio, seed=draw(seed, _RADIO), start_ms=start_ms),
        start_ms=start_ms,
        radio_seed=draw(seed, _RADIO),
    )


def truth_head(scenario: Scenario, speed: float | None) -> dict[str, object]:
    """What the truth says of the scenario. In a file no time passes."""
    night = scenario.night
    rate_hz = scenario.receiver.rate_hz
    return {"scenario": night.name, "seed": night.seed, "rate_hz": rate_hz, "speed": speed}
