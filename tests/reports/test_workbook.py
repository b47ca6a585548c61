"""The Excel file, read back by another library."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from snowtrack.model.work import Activity, Evidence, Work
from snowtrack.reports import texts
from snowtrack.reports.daily import DailyReport
from snowtrack.reports.head import Registered
from snowtrack.reports.workbook import LINE_POINTS, write_workbook
from tests.oracles.workdays import END, FIRST, FOOTWAY, MINUTE, NAMELESS, SECOND, START, carrier, report, spent, work

FULL = report(
    work(FIRST, START, START + MINUTE),
    work(FOOTWAY, START + MINUTE, START + 2 * MINUTE),
    work(NAMELESS, START + 2 * MINUTE, START + 3 * MINUTE, work=Work.SPREADING, material_g=1_260),
    spans=[
        spent(START, START + 2 * SECOND, driven_mm=16_000),
        spent(START + 2 * SECOND, START + 3 * SECOND, Activity.TRAVELLING, driven_mm=12_345),
        spent(START + 10 * MINUTE, START + 10 * MINUTE + SECOND, Activity.STANDBY),
        spent(START + 10 * MINUTE + SECOND, START + 10 * MINUTE + 2 * SECOND, Activity.PARKED),
    ],
)


def sheet_of(made: DailyReport) -> Worksheet:
    sheet = load_workbook(BytesIO(write_workbook(made))).active
    assert isinstance(sheet, Worksheet)
    return sheet


def pairs(sheet: Worksheet) -> dict[object, object]:
    """First column to second column."""
    return {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2) if row[0].value}


def lines(sheet: Worksheet) -> list[list[object]]:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_col=len(texts.LINES))]
    first = rows.index(list(texts.LINES)) + 1
    return [row for row in rows[first:] if row[0] in texts.WORKS.values()]


def test_the_same_report_is_the_same_bytes() -> None:
    assert write_workbook(FULL) == write_workbook(FULL)


def test_it_does_not_say_when_it_was_written() -> None:
    created = load_workbook(BytesIO(write_workbook(FULL))).properties.created
    assert created == datetime(2026, 1, 15)  # noqa: DTZ001 - the format has none
    with ZipFile(BytesIO(write_workbook(FULL))) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_what_no_registry_holds_says_that_it_is_not_registered() -> None:
    found = pairs(sheet_of(FULL))
    assert {label: found[label] for label in texts.HEAD.values()} == dict.fromkeys(texts.HEAD.values(), "未登録")


def test_the_head_says_which_day_and_which_device() -> None:
    found = pairs(sheet_of(FULL))
    assert sheet_of(FULL)["A1"].value == "除雪作業日報"
    assert (found["日付"], found["道路管理者"], found["GPS端末"]) == ("2026年01月15日", "kanazawa", "p1")


def test_what_is_registered_stands_in_the_head() -> None:
    registered = Registered(agency="金沢市", carriers=(carrier(),), new_snow_mm=(124, 176))
    sheet = sheet_of(replace(FULL, registered=registered))
    found = pairs(sheet)
    assert (found["道路管理者"], found["GPS端末"], found["業者名"], found["工区"]) == (
        "金沢市",
        "p1",
        "白山建設（株）",
        "東",
    )
    assert found[texts.HEAD["machine"]] == "除雪グレーダ / 3.7m / GR-01 / 金沢 000 る 12 / 貸与"
    assert found[texts.HEAD["snow"]] == "降雪深 12–18 cm（計器2基）"
    left = {texts.HEAD[field] for field in ("contract", "order", "operator", "assistant", "weather")}
    assert {label for label, value in found.items() if value == "未登録"} == left


def test_a_field_with_a_line_for_each_machine_is_as_high_as_these() -> None:
    both = (carrier(to_us=START + MINUTE), carrier("GR-02", from_us=START + MINUTE))
    sheet = sheet_of(replace(FULL, registered=Registered(agency="金沢市", carriers=both)))
    heights = {row[0].value: sheet.row_dimensions[row[0].row].height for row in sheet.iter_rows(max_col=1)}
    assert heights[texts.HEAD["machine"]] == 2 * LINE_POINTS
    assert heights["業者名"] is None
    (cell,) = [row[1] for row in sheet.iter_rows(max_col=2) if row[0].value == texts.HEAD["machine"]]
    assert str(cell.value).count("\n") == 1
    assert cell.alignment.wrap_text


@pytest.mark.parametrize("name", ["=1+1", "http://example.com", "+81"])
def test_a_name_from_the_registry_is_a_text_whatever_it_looks_like(name: str) -> None:
    made = replace(FULL, registered=Registered(agency=name, carriers=(carrier(contractor=name),)))
    cells = [cell for row in sheet_of(made).iter_rows() for cell in row if cell.value == name]
    assert [cell.data_type for cell in cells] == ["s", "s"]
    assert [cell.hyperlink for cell in cells] == [None, None]


def test_short_lines_are_one_row_so_that_the_list_adds_up_to_the_sum_below_it() -> None:
    salt = {"work": Work.SPREADING, "material_g": 1_000}
    made = report(
        work(FIRST, START, START + MINUTE),
        work(FOOTWAY, START + MINUTE, START + MINUTE + SECOND, to_mm=1_000),
        work(NAMELESS, START + 2 * MINUTE, START + 3 * MINUTE, to_mm=2_000),
        work(FOOTWAY, START + 4 * MINUTE, START + 5 * MINUTE, to_mm=9_000, **salt),
    )
    sheet = sheet_of(made)
    assert [(row[0], row[1], row[8], row[9]) for row in lines(sheet)] == [
        ("除雪", "一条通り", 0.1, "―"),
        ("除雪", "10 m未満の作業（2件）", 0.003, "―"),
        ("凍結防止剤散布", "10 m未満の作業（1件）", 0.009, 1),
    ]
    found = pairs(sheet)
    assert (found["除雪延長 km"], found["散布延長 km"], found["散布量 kg"]) == (0.103, 0.009, 1)


def test_each_line_stands_as_in_the_report() -> None:
    found = lines(sheet_of(FULL))
    assert [row[0] for row in found] == ["除雪", "除雪", "凍結防止剤散布"]
    assert [row[1:6] for row in found] == [
        ["一条通り", "県道1号", "東通り", "―", "車道"],
        ["一条通り", "―", "―", "―", "歩道"],
        ["―", "―", "―", "―", "車道"],
    ]
    assert [row[6:8] for row in found] == [["00:00", "00:01"], ["00:01", "00:02"], ["00:02", "00:03"]]
    assert [row[8] for row in found] == [round(line.metres / 1000, 3) for line in FULL.lines]
    assert [row[9:11] for row in found] == [["―", "作業信号"], ["―", "作業信号"], [1.3, "作業信号"]]


def test_the_sums_stand_below_the_lines() -> None:
    found = pairs(sheet_of(FULL))
    assert found["除雪延長 km"] == round(FULL.km(Work.PLOUGHING), 3) == 0.2
    assert found["散布延長 km"] == round(FULL.km(Work.SPREADING), 3) == 0.1
    assert found["散布量 kg"] == 1.3
    assert (found["稼働走行 km"], found["走行 km"]) == (0.016, 0.028)


def test_a_machine_that_spread_nothing_has_no_sums_of_spreading() -> None:
    found = pairs(sheet_of(report(work(FIRST, START, START + MINUTE))))
    assert not {"散布延長 km", "散布量 kg"} & found.keys()


def test_the_times_add_up_on_the_sheet_too() -> None:
    found = pairs(sheet_of(FULL))
    assert (found["最初の測位"], found["最後の測位"]) == ("00:00:00", "00:10:02")

    def seconds(label: str) -> int:
        hours, minutes, rest = map(int, str(found[label]).split(":"))
        return hours * 3_600 + minutes * 60 + rest

    labels = ["稼働", "回送", "待機", "駐車", "GPS欠測"]
    assert [seconds(label) for label in labels] == [2, 1, 1, 1, 597]
    assert sum(seconds(label) for label in labels) == seconds("計") == 602
    assert found["GPS欠測の時間帯"] == "00:00–00:10"
    assert found["休憩"] == "手入力"


def test_a_time_inferred_from_speed_says_so() -> None:
    for evidence, said in ((Evidence.BLADE, False), (Evidence.INFERRED, True)):
        sheet = sheet_of(report(spans=[spent(START, START + MINUTE, evidence=evidence)]))
        assert (texts.INFERRED_NOTE in pairs(sheet)) is said


def test_it_has_places_to_sign_and_no_corrections() -> None:
    found = pairs(sheet_of(FULL))
    assert (found["業者確認"], found["監督員確認"]) == (None, None)
    assert found[texts.CORRECTIONS] == "なし"


def test_an_empty_day_is_a_sheet_too() -> None:
    sheet = sheet_of(report())
    assert lines(sheet) == []
    found = pairs(sheet)
    assert [found[label] for label in ("除雪延長 km", "稼働走行 km", "走行 km")] == [0, 0, 0]
    assert "計" not in found


@pytest.mark.parametrize("name", ["=1+1", '=HYPERLINK("http://x")', "http://example.com", "+81", "{=1}", "@SUM(A1)"])
def test_a_road_name_is_a_text_whatever_it_looks_like(name: str) -> None:
    made = replace(FULL, lines=(replace(FULL.lines[0], road=name),))
    sheet = sheet_of(made)
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == name]
    assert [cell.data_type for cell in cells] == ["s"]
    assert cells[0].hyperlink is None


def test_only_the_last_second_of_a_day_ends_at_midnight() -> None:
    made = report(work(FIRST, END - SECOND, END + SECOND))
    assert lines(sheet_of(made))[0][6:8] == ["23:59", "00:00"]
