"""Indicators as files."""

import csv
import io
from datetime import date

import openpyxl

from snowtrack.clearance.routes import NOBODYS
from snowtrack.indicators.definitions import CLEARED_BY_HOUR, COVERAGE, DEFINITIONS, HOURS, SEGMENTS
from snowtrack.indicators.figures import figure
from snowtrack.indicators.tables import rows, write_csv, write_workbook
from snowtrack.indicators.texts import COUNTED, HEADERS, PARTS
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.model.work import Activity

FIGURES = [
    figure(COVERAGE, None, 1, 3),
    figure(COVERAGE, "a", 0, 0),
    figure(COVERAGE, NOBODYS, 0, 5),
    figure(SEGMENTS, "a", 7, of="11-"),
]
DAYS = date(2026, 12, 1), date(2027, 3, 31)


def test_a_row_says_what_it_is_whose_it_is_and_from_what_it_follows() -> None:
    head, *told = csv.reader(io.StringIO(write_csv(FIGURES).decode("utf-8-sig")))
    assert head == list(HEADERS)
    assert [row[:9] for row in told] == [
        ["coverage", "網羅率", "計", "", "33.3", "%", "1", "作業確認 mm", "3"],
        ["coverage", "網羅率", "a", "", "", "%", "0", "作業確認 mm", "0"],
        ["coverage", "網羅率", "（管理者なし）", "", "0.0", "%", "0", "作業確認 mm", "5"],
        ["segments_by_passes", "除雪回数別区間数", "a", "11-", "7", "区間", "7", "区間", "1"],
    ]
    assert all(row[-1].endswith("。") for row in told)


def test_a_workbook_has_numbers_as_numbers_and_texts_as_texts() -> None:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(write_workbook(FIGURES, *DAYS))).worksheets
    assert sheet["A1"].value == "除雪指標　2026年12月01日–2027年03月31日"
    assert [cell.value for cell in sheet[2]] == list(HEADERS)
    assert [sheet.cell(row, 5).value for row in range(3, 7)] == [33.3, None, 0, 7]
    assert sheet["D6"].value == "11-"


def test_the_same_figures_are_the_same_bytes() -> None:
    assert write_workbook(FIGURES, *DAYS) == write_workbook(FIGURES, *DAYS)
    assert write_csv(FIGURES) == write_csv(list(FIGURES))


def test_what_figures_are_told_apart_by_is_said_in_japanese() -> None:
    assert set(PARTS) == {*ROAD_CLASSES, *(activity.name.lower() for activity in Activity)}
    apart = [figure(CLEARED_BY_HOUR, None, 1, of="national 08"), figure(HOURS, None, 1, of="standby")]
    assert [cells[3] for cells in rows(apart)] == ["国道 08", "待機"]


def test_all_that_is_counted_is_said_in_japanese() -> None:
    assert {name for one in DEFINITIONS for name in (one.numerator, one.denominator)} == set(COUNTED)
