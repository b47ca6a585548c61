"""When the snow says that it is time to go out: new snow at a sensor reaches the agency's criterion (出動基準).

It is counted from the last dispatch, from the last proposal of the same, or for a day; whichever is latest. So there is
one proposal for each time that the criterion is reached. Behind a gap it is counted from the gap's end: what is known
to have fallen is enough, or it is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import Sensor, SensorId
from snowtrack.snow.curves import Curves

Criteria = Mapping[str, Mapping[str, int]]
"""Millimetres of new snow, by agency and road class."""
COUNTED_US = DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """To clear roads of these classes: so much fell at the sensor since then."""

    sensor: SensorId
    road_classes: tuple[str, ...]
    criterion_mm: int
    new_mm: int
    since_us: int
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the snow was answered with already: when each agency last went out, and what was last proposed."""

    dispatched_us: Mapping[str, int]
    proposed_us: Mapping[tuple[SensorId, str], int]

    def since_us(self, sensor: SensorId, road_class: str) -> int:
        return max(self.dispatched_us.get(sensor.agency, 0), self.proposed_us.get((sensor, road_class), 0))


def propose(
    criteria: Criteria, sensors: Sequence[Sensor], curves: Curves, answered: Answered, now_us: int
) -> list[Proposal]:
    """What is to be proposed now; classes of one criterion and one time come together."""
    return [
        proposal
        for row, sensor in enumerate(sensors)
        for proposal in _of_sensor(criteria.get(sensor.id.agency, {}), row, sensor.id, curves, (answered, now_us))
    ]


def _of_sensor(
    criteria: Mapping[str, int], row: int, sensor: SensorId, curves: Curves, known: tuple[Answered, int]
) -> Iterator[Proposal]:
    answered, now_us = known
    told_us, last_us = curves.told_since_us(row), curves.last_us(row)
    if told_us is None or last_us is None:
        return
    groups: dict[tuple[int, int], list[str]] = {}
    for road_class, criterion_mm in criteria.items():
        since_us = max(answered.since_us(sensor, road_class), told_us, now_us - COUNTED_US)
        groups.setdefault((criterion_mm, since_us), []).append(road_class)
    for (criterion_mm, since_us), classes in sorted(groups.items()):
        (new_mm,) = curves.new_mm(np.array([row]), np.array([since_us]), np.array([now_us])).tolist()
        if new_mm != ABSENT_32 and new_mm >= criterion_mm:
            yield Proposal(
                sensor=sensor,
                road_classes=tuple(sorted(classes)),
                criterion_mm=criterion_mm,
                new_mm=new_mm,
                since_us=since_us,
                at_us=now_us,
            )
