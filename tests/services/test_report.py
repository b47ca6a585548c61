"""`snowtrack report`: a file, whole or not at all, or one line about what is wrong."""

from datetime import date
from pathlib import Path

import openpyxl
import orjson
import pytest

from snowtrack.model.errors import SnowtrackError
from snowtrack.model.ids import DeviceId
from snowtrack.services.report import write_report
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number

pytestmark = pytest.mark.anyio
DAY = date(2026, 1, 15)


@pytest.fixture
async def settings(clean_database: str, network_folder: Path, tmp_path: Path) -> Settings:
    async with connect(clean_database, name="test") as connection:
        await device_number(connection, DeviceId("kanazawa", "d1"))
    flags = [f"database.url={clean_database}", f"network.folder={network_folder}", f"data.folder={tmp_path / 'data'}"]
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, flags)


async def test_the_name_of_the_file_says_which_format_it_gets(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("day.json", "day.xlsx"):
        await write_report(settings, "kanazawa/d1", DAY, tmp_path / name)
    assert orjson.loads((tmp_path / "day.json").read_bytes())["date"] == "2026-01-15"
    assert openpyxl.load_workbook(tmp_path / "day.xlsx").sheetnames == ["除雪作業日報"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["day.json", "day.xlsx"]
    assert "kanazawa/d1, 2026-01-15, 0.000 km worked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("device", "day", "name", "said"),
    [
        ("d1", DAY, "day.json", "device 'd1': expected agency/device"),
        ("kanazawa/d 1", DAY, "day.json", "device 'kanazawa/d 1': expected agency/device"),
        ("kanazawa/d2", DAY, "day.json", "there is no device kanazawa/d2 in this database"),
        ("kanazawa/d1", DAY, "day.pdf", "expected a name ending in .xlsx or .json"),
        ("kanazawa/d1", DAY, "none/day.json", "cannot be written: No such file or directory"),
        ("kanazawa/d1", date(1, 1, 1), "day.json", "day 0001-01-01: expected one from 2000-01-01"),
        ("kanazawa/d1", date(9999, 12, 31), "day.json", "day 9999-12-31: expected one from 2000-01-01"),
    ],
)
async def test_what_cannot_be_written_is_said(
    settings: Settings, tmp_path: Path, device: str, day: date, name: str, said: str
) -> None:
    with pytest.raises(SnowtrackError) as caught:
        await write_report(settings, device, day, tmp_path / name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


async def test_without_a_running_database_it_says_how_to_get_one(settings: Settings, tmp_path: Path) -> None:
    embedded = settings.model_copy(update={"database": Settings().database})
    with pytest.raises(SnowtrackError, match="start 'snowtrack up' there, or name one with --database"):
        await write_report(embedded, "kanazawa/d1", DAY, tmp_path / "day.json")
