"""Days of one machine in a small town: passes, fixes, and the report that they make."""

from datetime import date

from snowtrack.model.calendar import day_range_us
from snowtrack.model.fixes import BLADE_DOWN, FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.network.arrays import Kind
from snowtrack.reports.daily import DailyReport, make_daily_report
from tests.oracles.batches import batch_of
from tests.oracles.towns import point, road, town

SECOND, MINUTE = 1_000_000, 60_000_000
DAY = date(2026, 1, 15)
START, END = day_range_us(DAY)
DEVICE = DeviceId("kanazawa", "p1")
NETWORK = town(
    road((0, 0), (100, 0), (200, 0), name="一条通り", route="県道1号"),
    road((0, -50), (0, 0), (0, 50), name="東通り"),
    road((200, 0), (200, 90), name="西通り"),
    road((0, 10), (100, 10), name="一条通り", kind=Kind.FOOTWAY),
    road((500, 0), (600, 0)),
)
FIRST, SECOND_HALF, FOOTWAY, NAMELESS = 1, 2, 6, 7


def work(segment: int, started_us: int, ended_us: int, **more: int) -> dict[str, int]:
    length = int(NETWORK.length_mm[segment - 1]) if segment <= len(NETWORK) else 100_000
    row = {"device": 1, "segment_id": segment, "direction": 1, "from_mm": 0, "to_mm": length, "work": 0, "evidence": 0}
    return row | {"started_us": started_us, "ended_us": ended_us} | more


def report(*passes: dict[str, int], fixes: FixBatch | None = None, day: date = DAY) -> DailyReport:
    every = FixBatch.empty() if fixes is None else fixes
    return make_daily_report(DEVICE, day, fixes=every, passes=batch_of(PassBatch, *passes), network=NETWORK)


def driving(start_us: int, *easts: float, speed: int = 8_000, blade: int = BLADE_DOWN) -> FixBatch:
    rows = []
    for number, east in enumerate(easts):
        lat, lon = point(east, 0)
        fix = {"time_us": start_us + number * SECOND, "lat_e7": lat, "lon_e7": lon, "blade": blade}
        rows.append(fix | {"speed_mmps": speed})
    return batch_of(FixBatch, *rows)
