"""`/v1/devices` and the daily reports."""

from io import BytesIO

import openpyxl
import pytest

from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.columns import present
from snowtrack.store.fixes import FixWriter
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
DAY = "2027-01-15"
DEVICE = "kanazawa/secret-plough"


async def drive(api: Api) -> None:
    """A minute of work on the first street."""
    network = api.town.network
    position = {"lat_e7": int(network.shape_lat_e7[0]), "lon_e7": int(network.shape_lon_e7[0])}
    fixes = batch(
        *(fix(at + 1, EVENING_US + at * SECOND_US, speed_mmps=5_000, blade=1, **position) for at in range(61)),
        device=api.town.device,
    )
    async with api.town.connection.transaction():
        await FixWriter(api.town.connection).write(fixes, present(fixes.time_us))
    await api.town.work(1, EVENING_US + 30 * SECOND_US)


async def test_devices_are_listed_with_what_was_heard_of_them(api: Api) -> None:
    assert (await api.client.get("/v1/devices")).json() == {
        "devices": [{"agency": "kanazawa", "device": "secret-plough", "fixes": 0, "last_fix_at": None}]
    }
    await api.town.heard(EVENING_US)
    (device,) = (await api.client.get("/v1/devices")).json()["devices"]
    assert (device["fixes"], device["last_fix_at"]) == (1, utc_text(EVENING_US))


async def test_a_report_as_json(api: Api) -> None:
    await drive(api)
    report = (await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}")).json()
    assert (report["date"], report["timezone"], report["registered"]) == (DAY, "Asia/Tokyo", False)
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
    assert {"除雪作業日報", "未登録", "secret-plough", "0:01:00"} <= cells
    again = await api.client.get(f"/v1/reports/daily/{DEVICE}/{DAY}.xlsx")
    assert again.content == answer.content


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
