"""What a scenario says of its fleet and its snow."""

import re
from dataclasses import dataclass, field

from ploughsim.rules import ID, Rule, number, shares, whole
from ploughsim.world.machines import KINDS


def _agencies() -> dict[str, Rule]:
    def fits(names: list[object]) -> bool:
        words = [name for name in names if isinstance(name, str) and re.fullmatch(ID, name)]
        return 0 < len(words) == len(names) == len(set(words)) <= 100

    return {"rule": Rule((list,), "a list of 1 to 100 different ids of letters, digits, _ and -", fits)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """Section [fleet]. Shares are of all machines; what comes by the hour comes to each machine."""

    agencies: list[str] = field(default_factory=lambda: ["ishikawa"], metadata=_agencies())
    machines: int = field(default=40, metadata=whole(1, 100_000))
    kinds: dict[str, float] = field(
        default_factory=lambda: {
            "grader": 5.0,
            "dozer": 4.0,
            "truck": 4.0,
            "spreader": 2.0,
            "rotary": 1.0,
            "small": 1.0,
        },
        metadata=shares(*KINDS),
    )
    # Orders go out when so much snow has fallen on the district since the last one, or where that is 0, at a stated
    # minute and then each time the round's hours have passed.
    order_at_cm: float = field(default=0.0, metadata=number(0, 200))
    order_after_min: float = field(default=0.0, metadata=number(0, 10_000))
    round_h: float = field(default=2.0, metadata=number(0.1, 48))
    muster_min: float = field(default=1.0, metadata=number(0.2, 120))
    shift_h: float = field(default=8.0, metadata=number(0.5, 48))
    rest_min: float = field(default=30.0, metadata=number(1, 1_440))
    break_every_h: float = field(default=3.0, metadata=number(0, 48))
    break_min: float = field(default=15.0, metadata=number(1, 240))
    refuel_every_h: float = field(default=4.0, metadata=number(0, 48))
    salt_km: float = field(default=25.0, metadata=number(1, 1_000))
    waits: float = field(default=0.15, metadata=number(0, 1))
    blade_lifts: float = field(default=0.03, metadata=number(0, 1))
    backing: float = field(default=0.015, metadata=number(0, 1))
    echelons: float = field(default=0.05, metadata=number(0, 1))
    detours: int = field(default=0, metadata=whole(0, 1_000))
    detour_after_min: float = field(default=60.0, metadata=number(0, 10_000))
    power_cuts_per_h: float = field(default=0.0, metadata=number(0, 30))
    blade_sensors: float = field(default=1.0, metadata=number(0, 1))
    lagging_sensors: float = field(default=0.0, metadata=number(0, 1))
    stuck_sensors: float = field(default=0.0, metadata=number(0, 1))
    twins: int = field(default=0, metadata=whole(0, 10_000))
    parked_engines: int = field(default=0, metadata=whole(0, 10_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class SnowSettings:
    """Section [snow]: it falls from a minute of the night on for some hours, in bands that move."""

    mm_per_h: float = field(default=20.0, metadata=number(0, 200))
    after_min: float = field(default=0.0, metadata=number(0, 10_000))
    hours: float = field(default=24.0, metadata=number(0, 1_000))
    band_km: float = field(default=15.0, metadata=number(1, 500))
    band_kmh: float = field(default=25.0, metadata=number(0, 200))
    lying_mm: float = field(default=100.0, metadata=number(0, 5_000))
    sensors: int = field(default=0, metadata=whole(0, 1_000))
    sensor_noise_mm: float = field(default=8.0, metadata=number(0, 500))
    stuck_sensors: float = field(default=0.0, metadata=number(0, 1))
    silent_hours: float = field(default=0.0, metadata=number(0, 1))
