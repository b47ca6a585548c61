"""Indicators as offices take them: rows with Japanese headers, as CSV for Excel, and as a workbook."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time

from xlsxwriter import Workbook

from snowtrack.clearance.routes import NOBODYS
from snowtrack.indicators.figures import Figure
from snowtrack.indicators.texts import COUNTED, HEADERS, NOBODY, PARTS, TITLE, TOTAL

WIDTHS = (28, 30, 16, 16, 14, 8, 16, 22, 16, 22, 80)
FONT = "游ゴシック"
Cell = str | int | float | None


def rows(figures: Iterable[Figure]) -> Iterator[tuple[Cell, ...]]:
    """One for each figure, in the order of the headers; what is not known is empty."""
    for one in figures:
        definition = one.definition
        yield (
            definition.key,
            definition.japanese,
            TOTAL if one.agency is None else NOBODY if one.agency == NOBODYS else one.agency,
            one.of and " ".join(PARTS.get(word, word) for word in one.of.split()),
            one.value,
            definition.unit,
            one.numerator,
            COUNTED[definition.numerator],
            one.denominator,
            COUNTED[definition.denominator],
            definition.japanese_means,
        )


def write_csv(figures: Iterable[Figure]) -> bytes:
    """UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS)
    writer.writerows(rows(figures))
    return text.getvalue().encode("utf-8-sig")


def write_workbook(figures: Sequence[Figure], first: date, last: date) -> bytes:
    """One sheet; the same figures give the same bytes."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        # A file that says when it was written would differ each time.
        book.set_properties({"title": TITLE, "created": datetime.combine(last, time())})
        sheet = book.add_worksheet(TITLE)
        plain = book.add_format({"font_name": FONT, "font_size": 10})
        head = book.add_format({"font_name": FONT, "font_size": 10, "bold": True, "bg_color": "#E8EEF4"})
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width, plain)
        sheet.write(0, 0, f"{TITLE}　{first:%Y年%m月%d日}–{last:%Y年%m月%d日}", head)
        for column, name in enumerate(HEADERS):
            sheet.write(1, column, name, head)
        sheet.freeze_panes(2, 2)
        for line, cells in enumerate(rows(figures), start=2):
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(line, column, cell, plain)
        sheet.autofilter(1, 0, 1 + len(figures), len(HEADERS) - 1)
    return file.getvalue()
