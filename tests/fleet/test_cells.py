"""Cells: what people write is read, what is written is read as the same, and what a spreadsheet obeys is guarded."""

from datetime import UTC, date, datetime, time
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.fleet.cells import CLOCK, CODE, DAY, ID, INSTANT, MAILS, TEXT, URL, YES_NO, Cell, number, several, shown
from snowtrack.fleet.tables import FOOTWAYS, KIND, MANAGES, OWNER, TABLES
from snowtrack.store.fleet import Value
from tests.fleet.registries import CODES, DAYS, IDS, INSTANTS, PARTS, TEXTS

EVENING = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
METRES = number(0, 10, "metres", scale=1000)
WHOLE = number(-100, 4000, "metres")


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        (INSTANT, "2026-11-01 18:00", EVENING),
        (INSTANT, "2026/11/1 18:00", EVENING),
        (INSTANT, "2026年11月1日 18:00", EVENING),
        (INSTANT, "２０２６／１１／１　１８：００", EVENING),
        (INSTANT, "2026-11-01T18:00:00", EVENING),
        (INSTANT, "2026-11-01T09:00:00Z", EVENING),
        (INSTANT, "2026-11-01 18:00+09:00", EVENING),
        (INSTANT, "2026-11-01 04:00:00.5-0500", EVENING.replace(microsecond=500_000)),
        (INSTANT, "2026-11-01", datetime(2026, 10, 31, 15, tzinfo=UTC)),
        (INSTANT, "9999-12-31", datetime(9999, 12, 30, 15, tzinfo=UTC)),
        (DAY, "2026/1/2", date(2026, 1, 2)),
        (CLOCK, "5:00", time(5)),
        (CLOCK, "22:30:15", time(22, 30, 15)),
        (METRES, "３．７", 3_700),
        (METRES, "10", 10_000),
        (METRES, "0.0004", 0),
        (WHOLE, "-5", -5),
        (WHOLE, "12.0", 12),
        (KIND, "除雪グレーダ", "grader"),
        (KIND, "ﾛｰﾀﾘ除雪車", "rotary"),
        (KIND, "Patrol", "patrol"),
        (MANAGES, "市町", "municipality"),
        (MANAGES, "市", "municipality"),
        (OWNER, "持込", "own"),
        (FOOTWAYS, "歩道", True),
        (FOOTWAYS, "車道", False),
        (ID, "ＫＧ－０１", "KG-01"),
        (CODE, "県 第１２号", "県 第12号"),
        (TEXT, "'=SUM(A1)", "=SUM(A1)"),
        (TEXT, "'s", "'s"),
        (several(TEXT), "東; 西；南、東;", ("東", "西", "南")),
        (MAILS, "a@example.jp;ｂ@example.jp", ("a@example.jp", "b@example.jp")),
        (URL, "https://example.jp/hook", "https://example.jp/hook"),
        (MAILS, "a.b+c'd@example.jp", ("a.b+c'd@example.jp",)),
        (URL, "http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        (URL, "https://xn--wgv71a119e.jp:65535/x?y=z", "https://xn--wgv71a119e.jp:65535/x?y=z"),
        (URL, "https://[::1]:1/", "https://[::1]:1/"),
    ],
)
def test_what_people_write_is_read(cell: Cell, text: str, value: Value) -> None:
    read = cell.read(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("words", [("yes", "no"), ("○", "×"), ("はい", "いいえ"), ("TRUE", "FALSE"), ("１", "０")])
def test_yes_and_no_have_many_words(value: bool, words: tuple[str, str]) -> None:
    assert YES_NO.read(words[0] if value else words[1]) is value


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (INSTANT, "18:00"),
        (INSTANT, "2026-13-01 18:00"),
        (INSTANT, "2026-02-29"),
        (INSTANT, "2026-11-01 24:00"),
        (INSTANT, "2026-11-01 18:00+25:00"),
        (INSTANT, "2026-11-01 18:00 JST"),
        (INSTANT, "1999-12-31 23:59"),
        (INSTANT, "2000-01-01 00:00+14:00"),
        (INSTANT, "9999-12-31 23:59-05:00"),
        (DAY, "2026-11-01 18:00"),
        (DAY, "1899-12-30"),
        (CLOCK, "24:00"),
        (CLOCK, "5"),
        (METRES, "10.001"),
        (METRES, "-0.1"),
        (METRES, "3.7m"),
        (METRES, "1e1"),
        (METRES, "nan"),
        (WHOLE, "1.5"),
        (KIND, "ドーザー"),
        (KIND, "unknown"),
        (ID, "石川"),
        (ID, "a/b"),
        (ID, "a" * 65),
        (ID, "+"),
        (CODE, "a/b"),
        (CODE, "a" * 65),
        (TEXT, "a\x1b[31m"),
        (TEXT, "a\nb"),
        (TEXT, "a\u202eb"),
        (TEXT, "雪" * 201),
        (several(TEXT), ";".join(str(number) for number in range(101))),
        (MAILS, "a@b"),
        (MAILS, "Snow <a@example.jp>"),
        (MAILS, "a@example.jp b@example.jp"),
        (MAILS, "a..b@example.jp"),
        (MAILS, ".a@example.jp"),
        (MAILS, "a.@example.jp"),
        (URL, "https://127.0.0.1:99999/hook"),
        (URL, "https://example.jp:0/"),
        (URL, "https://example.jp:x/"),
        (URL, "https://xn--/"),
        (URL, "https://xn--a/"),
        (URL, "https://xn--ls8h.jp/"),
        (URL, "https://a..b/"),
        (URL, f"https://{'a' * 64}.jp/"),
        (URL, "https://%41/"),
        (URL, "https://*/"),
        (URL, "https://256.256.256.256/"),
        (URL, "http://example.jp/"),
        (URL, "http://127.0.0.1.example.jp/"),
        (URL, "ftp://example.jp/"),
        (URL, "https:///x"),
        (URL, "https://[x/"),
    ],
)
def test_what_cannot_be_meant_is_refused(cell: Cell, text: str) -> None:
    with pytest.raises(ValueError):
        cell.read(text)


EVERY_CELL = [
    (INSTANT, INSTANTS),
    (DAY, DAYS),
    (CLOCK, st.times()),
    (METRES, st.integers(0, 10_000)),
    (number(122, 154, "degrees", scale=10**7), st.integers(1_220_000_000, 1_540_000_000)),
    (WHOLE, st.integers(-100, 4_000)),
    (YES_NO, st.booleans()),
    (ID, IDS),
    (CODE, CODES),
    (TEXT, TEXTS),
    (several(TEXT), st.lists(PARTS, min_size=1, max_size=4, unique=True).map(tuple)),
]


@pytest.mark.parametrize(("cell", "values"), EVERY_CELL, ids=[cell.expected[:20] for cell, _ in EVERY_CELL])
@given(data=st.data())
def test_what_is_written_is_read_as_the_same(cell: Cell, values: st.SearchStrategy[Value], data: st.DataObject) -> None:
    value = data.draw(values)
    assert cell.read(cell.write(value).strip()) == value


@given(TEXTS | CODES)
def test_no_text_that_is_written_is_a_formula_to_a_spreadsheet(text: str) -> None:
    assert TEXT.write(text)[0] not in "=+-@"


@given(st.text())
def test_any_text_is_read_or_refused_and_shown_on_one_line(text: str) -> None:
    for table in TABLES:
        for column in table.columns:
            try:
                column.cell.read(text.strip() or "x")
            except ValueError:
                continue
    assert not {category(sign) for sign in shown(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
