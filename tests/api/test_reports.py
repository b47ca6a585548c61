"""`/v1/devices` and the daily reports."""

from io import BytesIO

import openpyxl
import pytest

from snowtrack.model.calendar import DAY_US, SECOND_US, utc_text
from snowtrack.model.columns import present
from snowtrack.model.fixes import RejectReason
from snowtrack.model.tracks import TrackBatch
from snowtrack.store.fixes import FixWriter
from snowtrack.store.quarantine import count_rejects
from snowtrack.store.tracks import save_tracks
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.oracles.batches import batch_of
from tests.services.town import EVENING_US
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
DAY = "2027-01-15"
DEVICE = "kanazawa/secret-plough"


async def drive(api: Api) -> None:
    """A minute of work on the first street."""
    network = api.town.network
    position = {"lat_e7": int(network.shape_lat_e7[0]), "lon_e7": int(network.shape_lon_e7[0])}
    position["received_us"] = EVENING_US + 3_600 * SECOND_US
    fixes = batch(
        *(fix(at + 1, EVENING_US + at * SECOND_US, speed_mmps=5_000, blade=1, **position) for at in range(61)),
        device=api.town.device,
    )
    async with api.town.connection.transaction():
        await FixWriter(api.town.connection).write(fixes, present(fixes.time_us))
    await api.town.work(1, EVENING_US + 60 * SECOND_US, lasted_s=60)


async def test_devices_are_listed_with_what_was_heard_of_them(api: Api) -> None:
    assert (await api.client.get("/v1/devices")).json() == {
        "devices": [{"agency": "kanazawa", "device": "secret-plough", "fixes": 0, "last_fix_at": None, "rejects": {}}],
        "next": None,
    }
    await api.town.heard(EVENING_US)
    (device,) = (await api.client.get("/v1/devices")).json()["devices"]
    assert (device["fixes"], device["last_fix_at"]) == (1, utc_text(EVENING_US))


async def test_what_a_device_sent_in_vain_is_counted_beside_it(api: Api) -> None:
    counts = {(api.town.device, RejectReason.BAD_CHECKSUM): 3, (api.town.device, RejectReason.NO_START): 1}
    for _ in range(2):
        await count_rejects(api.town.connection, counts, EVENING_US)
    (device,) = (await api.client.get("/v1/devices")).json()["devices"]
    assert device["rejects"] == {"bad_checksum": 6, "no_start": 2}


def a_track(device: int, started_us: int, **counts: int) -> dict[str, int]:
    nothing = dict.fromkeys(("jumps", "returns", "twins", "too_fast", "frozen_us", "unsure"), 0)
    times = {"started_us": started_us, "ended_us": started_us + 60 * SECOND_US}
    return {"device": device, "fixes": 61, **times, **nothing, **counts}


async def test_the_tracks_of_a_day_say_what_is_odd_about_them(api: Api) -> None:
    device = api.town.device
    odd = a_track(device, EVENING_US, jumps=3, returns=2, frozen_us=1_500_000)
    tomorrow = a_track(device, EVENING_US + DAY_US)
    await save_tracks(api.town.connection, batch_of(TrackBatch, odd, tomorrow))
    answer = await api.client.get(f"/v1/devices/{DEVICE}/tracks/{DAY}")
    assert answer.json() == {
        "tracks": [
            {
                "from": utc_text(EVENING_US),
                "to": utc_text(EVENING_US + 60 * SECOND_US),
                "fixes": 61,
                "jumps": 3,
                "returns": 2,
                "twins": 0,
                "too_fast": 0,
                "unsure": 0,
                "frozen_s": 1.5,
            }
        ]
    }


async def test_tracks_of_nobody_are_not_found(api: Api) -> None:
    assert_problem(await api.client.get(f"/v1/devices/kanazawa/nobody/tracks/{DAY}"), 404)
    assert_problem(await api.client.get(f"/v1/devices/kanazawa/n%20body/tracks/{DAY}"), 400)


async def test_a_report_as_json(api: Api) -> None:
    await drive(api)
    report = (await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}")).json()
    assert (report["date"], report["timezone"], report["registered"]) == (DAY, "Asia/Tokyo", True)
    assert [one["machine"] for one in report["machines"]] == ["secret-plough"]
    assert report["head"]["machine"] == "除雪トラック / ― / secret-plough / ― / ―"
    assert report["seconds"]["working"] == 60
    assert report["from"] == utc_text(EVENING_US)
    assert len(report["lines"]) == 1
    assert report["worked_km"] == report["lines"][0]["km"] > 0


async def test_a_report_as_a_workbook_says_the_same_each_time(api: Api) -> None:
    await drive(api)
    answer = await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}.xlsx")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["content-disposition"] == f'attachment; filename="nippo-kanazawa-secret-plough-{DAY}.xlsx"'
    (sheet,) = openpyxl.load_workbook(BytesIO(answer.content)).worksheets
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    machine = "除雪トラック / ― / secret-plough / ― / ―"
    assert {"除雪作業日報", "未登録", "secret-plough", machine, "0:01:00"} <= cells
    again = await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}.xlsx")
    assert again.content == answer.content


async def test_a_report_of_a_tracker_that_nobody_registered_says_so(api: Api) -> None:
    await api.town.connection.execute("delete from mounting")
    await drive(api)
    report = (await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}")).json()
    assert (report["registered"], report["machines"], set(report["head"].values())) == (False, [], {None})
    assert len(report["lines"]) == 1


async def test_a_day_without_work_is_an_empty_report(api: Api) -> None:
    report = (await api.client.get(f"/v1/reports/daily/{DEVICE}/2030-02-01")).json()
    assert (report["from"], report["lines"], report["worked_km"]) == (None, [], 0)
    assert (await api.client.get(f"/v1/reports/daily/{DEVICE}/2030-02-01.xlsx")).status_code == 200


@pytest.mark.parametrize("form", ["", ".xlsx"])
@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("kanazawa/nobody/2027-01-15", 404, "there is no device kanazawa/nobody"),
        ("kana zawa/d/2027-01-15", 400, "is not an id"),
        (f"kanazawa/{'x' * 65}/2027-01-15", 400, "is not an id"),
        ("kanazawa/secret-plough/yesterday", 422, "path.day"),
        ("kanazawa/secret-plough/2027-02-30", 422, "path.day"),
        ("kanazawa/secret-plough/0001-01-01", 422, "path.day"),
        ("kanazawa/secret-plough/9999-12-31", 422, "path.day"),
    ],
)
async def test_a_report_that_cannot_be(api: Api, path: str, status: int, said: str, form: str) -> None:
    assert_problem(await api.client.get(f"/v1/reports/daily/{path}{form}"), status, said)
