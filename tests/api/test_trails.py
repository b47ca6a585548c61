"""`/v1/trails`: where machines drove in the last minutes, told back from the newest fix of each."""

from typing import Any

import pytest

from snowtrack import wall_clock
from snowtrack.model.calendar import DAY_US, MINUTE_US, SECOND_US, utc_text
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.devices import Note, device_number, note_devices
from snowtrack.store.fixes import FixWriter
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.oracles.batches import batch_of
from tests.services.town import EVENING_US, HOUR_US, PLOUGH

pytestmark = pytest.mark.anyio
LAT_E7, LON_E7 = 365_600_000, 1_366_500_000
E7_A_SECOND = 600
WORKED, DROVE = 1, 0


async def drives(api: Api, seconds: range, blade: int = WORKED, *, start_us: int = EVENING_US, device: int = 0) -> None:
    """Northwards at a plough's pace, and heard as it happens."""
    number = device or api.town.device
    rows = [
        {
            "device": number,
            "boot": 1,
            "seq": second + 1,
            "digest": second,
            "time_us": start_us + second * SECOND_US,
            "received_us": start_us + second * SECOND_US,
            "lat_e7": LAT_E7 + E7_A_SECOND * second,
            "lon_e7": LON_E7,
            "blade": blade,
            "sources": 0,
            "remarks": 0,
        }
        for second in seconds
    ]
    fixes, last_us = batch_of(FixBatch, *rows), start_us + seconds[-1] * SECOND_US
    async with api.town.connection.transaction():
        await FixWriter(api.town.connection).write(fixes, fixes.time_us > 0)
        await note_devices(api.town.connection, {number: Note(len(rows), last_us, last_us)}, 1)


async def ask(api: Api, **asked: object) -> list[dict[str, Any]]:
    answer = await api.client.get("/v1/trails", params={name: str(value) for name, value in asked.items()})
    assert answer.headers["content-type"] == "application/geo+json"
    features: list[dict[str, Any]] = answer.json()["features"]
    return features


def clock_says(monkeypatch: pytest.MonkeyPatch, now_us: int) -> None:
    monkeypatch.setattr(wall_clock, "now_us", lambda: now_us)


async def test_a_trail_is_lines_of_work_and_of_travel(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_says(monkeypatch, EVENING_US + MINUTE_US)
    await drives(api, range(0, 30), DROVE)
    await drives(api, range(30, 60), WORKED)
    travel, work = await ask(api)
    assert [(one["properties"]["working"], one["properties"]["after_s"]) for one in (travel, work)] == [
        (False, [0, 25]),
        (True, [0, 30]),
    ]
    assert work["properties"] | {"working": None, "after_s": None} == {
        "device": str(PLOUGH),
        "working": None,
        "from": utc_text(EVENING_US + 29 * SECOND_US),
        "to": utc_text(EVENING_US + 59 * SECOND_US),
        "after_s": None,
    }
    assert work["geometry"] == {
        "type": "LineString",
        "coordinates": [[136.65, round((LAT_E7 + E7_A_SECOND * second) / 1e7, 6)] for second in (29, 59)],
    }
    assert travel["geometry"]["coordinates"][-1] == work["geometry"]["coordinates"][0]


async def test_late_fixes_lie_where_they_were_observed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_says(monkeypatch, EVENING_US + MINUTE_US)
    await drives(api, range(40, 60))
    await drives(api, range(0, 40))
    (trail,) = await ask(api)
    assert trail["properties"]["after_s"] == [0, 55]
    latitudes = [lat for _, lat in trail["geometry"]["coordinates"]]
    assert latitudes == sorted(latitudes)


async def test_minutes_are_told_back_from_the_newest_fix(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that is played back lies in the past, and is heard now."""
    clock_says(monkeypatch, EVENING_US + DAY_US)
    await drives(api, range(0, 600, 5))
    await note_devices(api.town.connection, {api.town.device: Note(0, None, EVENING_US + DAY_US)}, 2)
    (trail,) = await ask(api, minutes=2)
    assert (trail["properties"]["from"], trail["properties"]["to"]) == tuple(
        utc_text(EVENING_US + second * SECOND_US) for second in (475, 595)
    )


async def test_who_was_not_heard_lately_is_told_of_only_when_asked_for(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drives(api, range(0, 60))
    clock_says(monkeypatch, EVENING_US + 31 * MINUTE_US)
    assert await ask(api) == []
    assert len(await ask(api, minutes=40)) == 1
    assert len(await ask(api, device=PLOUGH)) == 1


async def test_one_device_is_asked_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_says(monkeypatch, EVENING_US + MINUTE_US)
    other = DeviceId("kanazawa", "other")
    await drives(api, range(0, 60))
    await drives(api, range(0, 60), device=await device_number(api.town.connection, other))
    assert {one["properties"]["device"] for one in await ask(api)} == {str(PLOUGH), str(other)}
    assert {one["properties"]["device"] for one in await ask(api, device=other)} == {str(other)}


async def test_with_more_machines_the_steps_are_longer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_says(monkeypatch, EVENING_US + HOUR_US)
    monkeypatch.setattr("snowtrack.api.trails.SIGHTINGS_MAX", 240)
    for number in range(4):
        device = await device_number(api.town.connection, DeviceId("kanazawa", f"d{number}"))
        await drives(api, range(0, 3_600, 5), start_us=EVENING_US, device=device)
    answer = (await api.client.get("/v1/trails?minutes=60")).json()
    assert answer["step_s"] == 60
    assert len(answer["features"]) == 4
    assert [one["properties"]["after_s"][-1] for one in answer["features"]] == [3_540] * 4


@pytest.mark.parametrize("asked", ["minutes=0", "minutes=121", "minutes=x", "device=kanazawa", "device=a/b/c"])
async def test_what_cannot_be_asked_for_is_refused(api: Api, asked: str) -> None:
    answer = await api.client.get(f"/v1/trails?{asked}")
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


async def test_a_device_that_nobody_heard_of_has_no_trail(api: Api) -> None:
    assert_problem(await api.client.get("/v1/trails?device=kanazawa/nobody"), 404, "there is no device")
