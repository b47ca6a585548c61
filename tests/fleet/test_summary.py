"""What the registry and the trackers come to."""

from datetime import datetime, timedelta

from snowtrack.fleet.proposal import propose
from snowtrack.fleet.summary import Summary, summarise
from snowtrack.model.ids import DeviceId
from snowtrack.store.devices import DeviceRow
from tests.fleet.registries import NOW, empty, sheet_of

FILES = {
    "agencies": "agency,name,manages\nken,石川県,県\n",
    "machines": "agency,machine,kind\nken,KG-1,grader\nken,KG-2,grader\nken,YM-1,small\n",
    "devices": "agency,device,machine,valid_from,valid_to\n"
    "ken,d1,KG-1,2026-11-01,2026-12-01\nken,d1,KG-2,2026-12-01,\nken,d2,KG-1,2026-11-01,2026-11-20\n"
    "ken,d3,YM-1,2027-01-01,\n",
}


def heard(device: str, at: datetime | None, *, number: int = 1) -> DeviceRow:
    identity = DeviceId("ken", device)
    return DeviceRow(number=number, id=identity, fixes=5, latest_at=at, heard_at=at, saved_batch=0, held_boot=0)


def summary(*devices: DeviceRow, now: datetime = NOW) -> Summary:
    registry = propose(empty(), [sheet_of(name, text) for name, text in FILES.items()]).after
    return summarise(3, registry, devices, now)


def test_machines_are_counted_by_kind_and_mountings_as_of_now() -> None:
    one = summary()
    assert one.kinds == {("ken", "grader"): 2, ("ken", "small"): 1}
    assert one.mounted == {DeviceId("ken", "d1"): "KG-2"}
    assert one.bare == [("ken", "KG-1"), ("ken", "YM-1")]
    assert summary(now=NOW - timedelta(days=35)).mounted == {
        DeviceId("ken", "d1"): "KG-1",
        DeviceId("ken", "d2"): "KG-1",
    }


def test_trackers_that_were_on_no_machine_when_last_heard_are_unregistered() -> None:
    november = NOW - timedelta(days=40)
    devices = [heard("d1", NOW), heard("d2", november), heard("d3", NOW), heard("d4", NOW), heard("d5", None)]
    assert [row.id.device for row in summary(*devices).unregistered] == ["d3", "d4"]
    assert [row.id.device for row in summary(heard("d2", NOW)).unregistered] == ["d2"]


def test_for_machines_it_says_everything() -> None:
    said = summary(heard("d4", NOW)).as_json()
    assert said["version"] == 3
    assert [(row["agency"], row["machines"]) for row in said["agencies"]] == [("ken", {"grader": 2, "small": 1})]
    assert said["mounted"] == [{"device": "ken/d1", "machine": "KG-2"}]
    assert said["unregistered"] == [{"device": "ken/d4", "fixes": 5, "heard_at": NOW, "latest_at": NOW}]
    assert said["machines_without_device"] == ["ken/KG-1", "ken/YM-1"]
