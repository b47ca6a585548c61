"""`snowtrack indicators`: the figures of a season, shown or in a file."""

import asyncio
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import orjson
import pytest

from snowtrack.indicators.definitions import DEFINITIONS
from snowtrack.indicators.texts import HEADERS
from snowtrack.network.arrays import Network
from tests.services.test_routes import command
from tests.services.town import EVENING_US, opened, streets
from tests.store.test_routes import add_route

__all__ = ["command"]
Command = Callable[..., str]
DAYS = ("--from", "2027-01-15", "--to", "2027-01-15")


@pytest.fixture
def length_mm(clean_database: str, network: Network) -> int:
    """Of the street of a route that was ploughed; another one was not."""
    street, other = streets(network)

    async def work() -> None:
        async with opened(clean_database, network) as town:
            add_route(clean_database, "1", (street, 0), (other, 0))
            await town.work(street, EVENING_US)

    asyncio.run(work())
    return int(network.length_mm[network.rows_of([street])[0]])


def test_they_are_shown_without_hours_and_days(command: Command, length_mm: int) -> None:
    said = command("indicators", *DAYS)
    assert "網羅率" in said
    assert f"{length_mm / 1e6:.3f}" in said
    assert "時間帯別" not in said


def test_the_name_of_the_file_says_which_format_it_gets(command: Command, length_mm: int, tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx", "a.json"):
        assert "figures" in command("indicators", *DAYS, "--out", str(tmp_path / name))
    content = (tmp_path / "a.csv").read_bytes()
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert (head, content[:3]) == (list(HEADERS), b"\xef\xbb\xbf")
    (sheet,) = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    cells = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert [[str(cell) for cell in row[:4]] for row in cells] == [row[:4] for row in lines]
    assert [row[6] for row in cells] == [int(row[6]) for row in lines]
    told = orjson.loads((tmp_path / "a.json").read_bytes())
    assert told == orjson.loads(command("indicators", *DAYS, "--json"))
    assert [one["numerator"] for one in told if one["indicator"] == "cleared_length"] == [length_mm] * 2
    assert {one["indicator"] for one in told} <= {one.key for one in DEFINITIONS}


def test_the_same_figures_give_the_same_file(command: Command, length_mm: int, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        command("indicators", *DAYS, "--out", str(tmp_path / name))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_days_may_have_slashes(command: Command, length_mm: int) -> None:
    assert command("indicators", "--from", "2027/01/15", "--to", "2027/1/15") == command("indicators", *DAYS)


@pytest.mark.parametrize("days", [("2027-02-30", "2027-03-01"), ("2027-02-01", "soon")])
def test_a_day_that_is_none_is_said_with_one_that_is(command: Command, days: tuple[str, str]) -> None:
    said = command("indicators", "--from", days[0], "--to", days[1])
    assert re.fullmatch(r"snowtrack: --(from|to) \S+: this is no day; expected one such as 2026-11-01\n", said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2027-01-15", "--to", "2027-01-14"), "at most 200 days"),
        (("--from", "2026-11-01", "--to", "2027-05-20"), "at most 200 days"),
        (("--from", "1999-01-01", "--to", "1999-01-02"), "at most 200 days"),
        ((*DAYS, "--out", "a.pdf"), "expected a name ending in .csv, .xlsx, .json"),
        ((*DAYS, "--out", "/dev/null/a.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_one_line(command: Command, arguments: tuple[str, ...], said: str) -> None:
    told = command("indicators", *arguments)
    assert told.startswith("snowtrack: ")
    assert said in told
    assert told.count("\n") == 1
