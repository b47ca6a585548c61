"""Tables on standard output: whatever the width, what stands in them is whole."""

import pytest

from snowtrack.services.shown_tables import make_table, show_table

AGENCY, ROUTE, NAME = "ishikawa-kenou-doboku", "GR-0012", "国道900号（雪町大橋から役場前まで）"


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    table = make_table("agency", "route", "name", "state", "left")
    table.add_row(AGENCY, ROUTE, NAME, "[bold]", "1.5")
    show_table(table)
    return capsys.readouterr().out.splitlines()


def test_in_a_file_each_row_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    head, _, row = shown(capsys)
    assert head.split("┃")[0].strip() == "agency"
    assert [cell.strip() for cell in row.split("│")] == [AGENCY, ROUTE, NAME, "[bold]", "1.5"]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_on_a_narrow_terminal_cells_go_on_in_the_next_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    for name, value in {"TTY_COMPATIBLE": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": str(columns)}.items():
        monkeypatch.setenv(name, value)
    lines = shown(capsys)
    assert len(lines) > 3
    rows = [line.split("│") for line in lines if "│" in line]
    assert ["".join(cells).replace(" ", "") for cells in zip(*rows, strict=True)] == [
        AGENCY,
        ROUTE,
        NAME,
        "[bold]",
        "1.5",
    ]
