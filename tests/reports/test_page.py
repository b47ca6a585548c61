"""docs/daily-report.md says what the report has."""

import re
from pathlib import Path

from snowtrack.reports import texts
from snowtrack.reports.daily import LISTED_M, PAUSE_US
from snowtrack.reports.head import HEAD_FIELDS, Order, Registered
from snowtrack.reports.timeline import GAP_US
from tests.oracles.workdays import FIRST, MINUTE, START, carrier, report, spent, work

TEXT = (Path(__file__).parents[2] / "docs" / "daily-report.md").read_text("utf-8")


def rows(heading: str) -> dict[str, str]:
    """The rows of the table under a heading, by their first cell."""
    part = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (`.*?) \| (.*) \|$", part, re.MULTILINE))


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_the_page_has_the_fields_of_the_head_with_their_names_on_the_sheet() -> None:
    assert [word for cell in rows("The head") for word in words(cell)] == list(HEAD_FIELDS)
    for field in HEAD_FIELDS:
        assert texts.HEAD[field].partition("（")[0] in TEXT


def test_the_page_has_all_keys_in_their_order() -> None:
    order = Order(number="O-7", issued_us=START)
    made = report(
        work(FIRST, START, START + MINUTE),
        spans=[spent(START, START + MINUTE)],
        registered=Registered(agency="金沢市", carriers=(carrier(orders=(order,)),)),
    ).as_json()
    keys = rows("As JSON")
    assert [word for cell in keys for word in words(cell)] == list(made)
    machine = made["machines"][0]
    assert [word for word in words(keys["`machines`"]) if word not in ("null", "lent", "own")] == [
        *machine,
        *machine["orders"][0],
    ]
    assert words(keys["`lines`"]) == list(made["lines"][0])
    assert set(words(keys["`seconds`"])) == set(made["seconds"])


def test_the_page_has_the_borders_that_hold() -> None:
    assert f"lines shorter than {LISTED_M} m" in " ".join(TEXT.split())
    assert f"a pause of more than {'ten' if PAUSE_US == 10 * MINUTE else PAUSE_US} minutes" in TEXT
    assert f"more than {'a minute' if GAP_US == MINUTE else GAP_US}" in TEXT
    assert texts.SHORT.format(LISTED_M, 1).partition("（")[0] in TEXT
