"""Snow depth: sensors, what they read, how good it is, and whom to tell."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.columns import ABSENT_32, Columns, Int8s, Int16s, Int32s, Int64s
from snowtrack.model.ids import DeviceId

SensorId = DeviceId
"""A sensor has an id like a tracker's: its topics are of the same form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A registered sensor, and where it stands."""

    id: SensorId
    name: str
    lat_e7: int
    lon_e7: int
    elevation_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthBatch(Columns):
    """What one sensor read. `temperature_ddeg` is in tenths of a degree Celsius."""

    time_us: Int64s
    depth_mm: Int32s
    temperature_ddeg: Int16s
    battery_mv: Int32s


class DepthFault(IntEnum):
    """Why something that a sensor sent is no reading."""

    TOO_LARGE = 1
    NOT_JSON = 2
    NOT_A_READING = 3
    BAD_TIME = 4
    BAD_DEPTH = 5
    BAD_FIELD = 6
    """The reading is taken without it."""
    MISDATED = 7
    """Its time cannot be, measured by when it was received. It is kept aside."""


class SnowKind(StrEnum):
    """What people say of snow at a sensor, or where one would stand."""

    DEPTH = "depth"
    """How deep it lies: stands in the place of what the sensor read."""
    VOID = "void"
    """What the sensor read does not count."""
    TAKEN_BACK = "taken_back"
    """What was said before does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSnow:
    """One entry, from an instant to another, both included; one that `corrects` another stands in its place."""

    sensor: SensorId
    kind: SnowKind
    from_us: int
    to_us: int
    depth_mm: int | None
    reason: str
    said_by: str
    corrects: int | None = None
    number: int = 0
    corrected_by: int | None = None
    entered_us: int = 0


class Quality(IntEnum):
    """What is to be thought of a reading. Only good ones are used."""

    GOOD = 0
    OUT_OF_RANGE = 1
    SPIKE = 2
    STUCK = 3


class SensorState(StrEnum):
    """How it stands with a sensor."""

    OK = "ok"
    IMPLAUSIBLE = "implausible"
    STUCK = "stuck"
    GAP = "gap"
    SILENT = "silent"
    """Nothing read for days."""


class Measure(StrEnum):
    """What an alert looks at."""

    DEPTH = "depth"
    NEW_1H = "new_1h"
    NEW_24H = "new_24h"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """Whom to tell when. Raised at `threshold_mm` or more, over below `clear_mm`; `quiet` is two minutes of the day in
    Japan, from and until, in which nobody is told; without a sensor it holds for each of the agency's."""

    agency: str
    rule: str
    sensor: str | None = None
    measure: Measure
    threshold_mm: int
    clear_mm: int
    quiet: tuple[int, int] | None = None
    mail: tuple[str, ...] = ()
    webhook: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What is known of a sensor at an instant."""

    sensor: SensorId
    at_us: int
    state: SensorState
    depth_mm: int = ABSENT_32
    new_1h_mm: int = ABSENT_32
    new_24h_mm: int = ABSENT_32

    def as_json(self, now_us: int) -> dict[str, str | int | None]:
        """With the age of what the sensor said last."""
        silent = self.state is SensorState.SILENT
        figures = {"depth_mm": self.depth_mm, "new_1h_mm": self.new_1h_mm, "new_24h_mm": self.new_24h_mm}
        return {
            "state": str(self.state),
            "at": None if silent else utc_text(self.at_us),
            "age_s": None if silent else max(0, now_us - self.at_us) // SECOND_US,
            **{name: None if value == ABSENT_32 else value for name, value in figures.items()},
        }


Qualities = Int8s
"""A `Quality` for each reading."""
