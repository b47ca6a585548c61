"""Files: whatever Excel makes of them is read, and every problem is told by line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.fleet import sheets
from snowtrack.fleet.proposal import Registry
from snowtrack.fleet.sheets import read_sheet, table_of, write_sheet
from snowtrack.fleet.tables import BY_NAME, TABLES
from tests.fleet.registries import registries, sheet_of

MACHINES = "agency,machine,kind,class\nishikawa,KG-1,grader,4.0m\n"
CONTRACTORS = "管理者番号,業者番号,業者名\r\nishikawa,C-1,白山建設①\r\n"


def problems(name: str, text: str) -> list[str]:
    return [str(problem) for problem in sheet_of(name, text).problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_files_of_every_encoding_that_excel_writes_are_read(encoding: str) -> None:
    sheet = sheet_of("contractors", CONTRACTORS, encoding)
    assert not sheet.problems
    assert [entry.row for entry in sheet.entries] == [{"agency": "ishikawa", "contractor": "C-1", "name": "白山建設①"}]


def test_headers_are_english_or_japanese_in_any_order_and_width() -> None:
    sheet = sheet_of("machines", "種別,ＭＡＣＨＩＮＥ, ﾌﾞﾚｰﾄﾞ幅 ,agency\n除雪ドーザ,KG-1,3.4,ishikawa\n")
    assert [entry.row for entry in sheet.entries] == [
        {"kind": "dozer", "machine": "KG-1", "blade_mm": 3400, "agency": "ishikawa"}
    ]
    assert sheet.headers == {"kind": "種別", "machine": "ＭＡＣＨＩＮＥ", "blade_mm": "ﾌﾞﾚｰﾄﾞ幅", "agency": "agency"}


def test_empty_rows_and_empty_columns_behind_the_table_are_nothing() -> None:
    sheet = sheet_of("contractors", "agency,contractor,name,,\nishikawa,C-1,白山,,\n,,,,\n\n\n")
    assert not sheet.problems
    assert [entry.line for entry in sheet.entries] == [2]


def test_an_empty_cell_is_none_and_a_column_that_is_not_there_is_not_in_the_row() -> None:
    (entry,) = sheet_of("machines", "agency,machine,kind,class\nishikawa,KG-1,grader\n").entries
    assert entry.row == {"agency": "ishikawa", "machine": "KG-1", "kind": "grader", "class": None}


def test_lines_are_counted_as_an_editor_does_it() -> None:
    text = 'agency,contractor,name\n\nishikawa,C-1,"two\nlines"\n\nishikawa,C-2,\n'
    assert problems("contractors", text) == [
        'contractors.csv:3: name: "two lines" is no name; expected a text of at most 200 signs that can be seen',
        "contractors.csv:6: name: is empty; expected a text of at most 200 signs that can be seen",
    ]


def test_every_problem_of_a_row_is_told() -> None:
    text = "agency,machine,kind,blade_m\n石川,a/b,ドーザー,wide\nishikawa,KG-1,grader,4\n"
    sheet = sheet_of("machines", text)
    assert [(problem.line, problem.column) for problem in sheet.problems] == [
        (2, "agency"),
        (2, "machine"),
        (2, "kind"),
        (2, "blade_m"),
    ]
    assert sheet.problems[2].what.startswith('"ドーザー" is no kind; expected one of grader 除雪グレーダ, dozer')
    assert [entry.faulty for entry in sheet.entries] == [True, False]


def test_what_is_private_is_not_shown_in_a_problem() -> None:
    text = "agency,rule,measure,threshold_cm,clear_cm,webhook\na,1,depth,10,8,http://example.jp/secret\n"
    assert problems("alerts", text) == [
        "alerts.csv:2: webhook: this is no webhook; expected https://…, or http:// on this machine"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1: agency: this column is missing; add it, with agency or 管理者番号",
              "1: contractor: this column is missing; add it, with contractor or 業者番号",
              "1: name: this column is missing; add it, with name or 業者名"]),
        ("agency,contractor,name,tel,agency\n", [
            '1: "tel": there is no such column; expected agency 管理者番号, contractor 業者番号, name 業者名',
            "1: agency: this column is there twice; take one away"]),
        ("agency,管理者番号,contractor,name\n", ["1: agency: this column is there twice; take one away"]),
        ('agency,contractor,name\na,b,"c" d\n', ["2: this is no CSV: ',' expected after '\"'"]),
        ('agency,contractor,name\na,b,"c\n', ["2: this is no CSV: unexpected end of data"]),
        ("agency,contractor,name\na,b,c,d\n",
         ["2: the row has 4 cells, the header 3; are there commas in a text without quotes?"]),
        ("agency,contractor,name,\na,b,c,d\n", ['2: "d" stands under no header; add one']),
    ],
)  # fmt: skip
def test_a_broken_file_is_told(text: str, said: list[str]) -> None:
    assert problems("contractors", text) == [f"contractors.csv:{one}" for one in said]


@pytest.mark.parametrize("header", ["agency,machine,kind,colour,blade_m", "agency,machine,kind,kind,blade_m"])
def test_a_column_that_cannot_be_hides_no_problem_of_the_rows(header: str) -> None:
    sheet = sheet_of("machines", f"{header}\nken,KG-1,grader,red,wide\nken,KG-2,dozer,,4\nken,KG-3,tank,red,4\n")
    assert [(problem.line, problem.column) for problem in sheet.problems][1:] == [(2, "blade_m"), (4, "kind")]
    assert [entry.row.get("blade_mm") for entry in sheet.entries if not entry.faulty] == [4000]
    assert not sheet.broken


def test_a_missing_column_hides_no_problem_of_the_rows() -> None:
    sheet = sheet_of("machines", "agency,machine,blade_m\nken,KG-1,wide\n")
    assert [(problem.line, problem.column) for problem in sheet.problems] == [(1, "kind"), (2, "blade_m")]
    assert sheet.broken


def test_columns_are_named_as_the_file_names_them() -> None:
    assert problems("machines", "管理者番号,Machine,種別\nken,KG-1,tank\nken,,grader\n") == [
        'machines.csv:2: 種別: "tank" is no 種別; expected one of grader 除雪グレーダ, dozer 除雪ドーザ, '
        "truck 除雪トラック, rotary ロータリ除雪車, small 小形除雪車, spreader 凍結防止剤散布車, patrol 雪道巡回車",
        "machines.csv:3: Machine: is empty; expected 1 to 64 signs without /",
    ]


def test_a_file_that_is_no_text_is_told() -> None:
    sheet = read_sheet("machines.csv", BY_NAME["machines"], b"PK\x03\x04\xff\xfe\x81")
    assert [str(problem) for problem in sheet.problems] == [
        "machines.csv:1: the file is neither UTF-8 nor CP932; save it as CSV (UTF-8)"
    ]
    assert sheet.broken


def test_files_and_their_rows_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 2)
    assert not problems("contractors", "agency,contractor,name\na,1,x\na,2,x\n")
    assert problems("contractors", "agency,contractor,name\na,1,x\na,2,x\na,3,x\n") == [
        "contractors.csv:4: there are more than 2 rows; cut the file in parts"
    ]
    monkeypatch.setattr(sheets, "BYTES_MAX", 20)
    assert "the file is too large" in problems("contractors", "agency,contractor,name\n")[0]


def test_a_file_is_of_the_table_that_its_name_says() -> None:
    assert table_of("Machines.CSV") is BY_NAME["machines"]
    assert table_of("machines.xlsx") is None
    assert table_of("machine.csv") is None


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    for table in TABLES:
        header = ",".join(column.name for column in table.columns).encode() + b"\n"
        for whole in (content, header + content):
            sheet = read_sheet(table.file, table, whole)
            assert all(problem.line >= 1 and problem.what for problem in sheet.problems)
            assert {entry.line for entry in sheet.entries if entry.faulty} <= {one.line for one in sheet.problems}


def test_a_file_cut_anywhere_is_read_or_told() -> None:
    content = CONTRACTORS.encode("cp932")
    for length in range(len(content)):
        sheet = read_sheet("contractors.csv", BY_NAME["contractors"], content[:length])
        assert sheet.problems or [entry.row["contractor"] for entry in sheet.entries] in ([], ["C-1"])


@given(registries())
def test_files_are_written_for_excel_in_japan(registry: Registry) -> None:
    for table in TABLES:
        content = write_sheet(table, registry[table.name].values(), private=True)
        assert content.startswith(b"\xef\xbb\xbf" + table.columns[0].japanese.encode())
        lines = content.decode("utf-8-sig").split("\r\n")
        assert len(lines) == len(registry[table.name]) + 2
        assert lines[-1] == ""
