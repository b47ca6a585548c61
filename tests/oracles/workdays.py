"""Days of one machine in a small town: passes, activities, and the report that they make."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from snowtrack.model.calendar import day_range_us
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import Activity, ActivityBatch, Evidence
from snowtrack.network.arrays import Kind
from snowtrack.reports.daily import DailyReport, make_daily_report
from snowtrack.reports.head import Carrier, Registered
from tests.oracles.batches import batch_of
from tests.oracles.towns import road, town

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


def spent(started_us: int, ended_us: int, activity: Activity = Activity.WORKING, **more: int) -> dict[str, int]:
    """A span of activity."""
    row = {"device": 1, "activity": activity, "evidence": Evidence.BLADE, "doubted": 0, "ploughed": 1, "driven_mm": 0}
    return row | {"started_us": started_us, "ended_us": ended_us} | more


def report(
    *passes: dict[str, int],
    spans: Sequence[dict[str, int]] = (),
    day: date = DAY,
    registered: Registered | None = None,
) -> DailyReport:
    activities, driven = batch_of(ActivityBatch, *spans), batch_of(PassBatch, *passes)
    return make_daily_report(DEVICE, day, activities=activities, passes=driven, network=NETWORK, registered=registered)


def carrier(machine: str = "GR-01", **more: Any) -> Carrier:  # noqa: ANN401 - what a carrier takes
    """A grader of which the registry says all, the whole day."""
    grader = Carrier(
        from_us=None,
        to_us=None,
        machine=machine,
        kind=MachineKind.GRADER,
        size="3.7m",
        plate="金沢 000 る 12",
        owner="lent",
        contractor="白山建設（株）",
        districts=("東",),
        orders=(),
    )
    return replace(grader, **more)
