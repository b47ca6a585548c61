"""The daily report as an Excel file. The same report gives the same bytes."""

from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from itertools import count
from typing import Any

from xlsxwriter import Workbook

from snowtrack.model.calendar import tokyo_text
from snowtrack.model.work import Work
from snowtrack.reports import texts
from snowtrack.reports.daily import LISTED_M, DailyReport, WorkLine, spread_kg
from snowtrack.reports.timeline import Timeline

WIDTHS = (26, 26, 12, 20, 20, 10, 9, 9, 10, 14)
KM = 8
# What a head's cell has beside its label: columns, signs of a line, and the height of one.
LAST_COLUMN, SIGNS, LINE_POINTS = len(texts.LINES) - 1, 60, 18
FONT = "游ゴシック"


def write_workbook(report: DailyReport) -> bytes:
    """One sheet, made to be printed on one page across."""
    file = BytesIO()
    # Names come from map data: a text stays a text, even one that looks like a formula or a link.
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        # A file that says when it was written would differ each time.
        book.set_properties({"title": texts.TITLE, "created": datetime.combine(report.day, time())})
        _Sheet(book).fill(report)
    return file.getvalue()


class _Sheet:
    """Fills the sheet from the top; `row` is the next free one."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - the library has no types
        self.sheet = book.add_worksheet(texts.TITLE)
        self.rows = count()
        base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        self.plain = book.add_format(base | {"border": 1})
        self.head = book.add_format(base | {"border": 1, "bg_color": "#E8EEF4", "bold": True, "text_wrap": True})
        self.title = book.add_format(base | {"font_size": 16, "bold": True})
        self.km = book.add_format(base | {"border": 1, "num_format": "0.000"})
        self.absent = book.add_format(base | {"border": 1, "font_color": "#8A1C1C"})
        self.wide = book.add_format(base | {"border": 1, "text_wrap": True})
        self.note = book.add_format(base | {"italic": True})

    def fill(self, report: DailyReport) -> None:
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write(next(self.rows), 0, texts.TITLE, self.title)
        self._pair(texts.DAY, report.day.strftime("%Y年%m月%d日"))
        self._pair(texts.AGENCY, report.device.agency if report.registered is None else report.registered.agency)
        self._pair(texts.DEVICE, report.device.device)
        for field, said in report.head.items():
            self._head(texts.HEAD[field], said)
        next(self.rows)
        self._lines(report)
        next(self.rows)
        self._time(report.timeline)
        self._foot()

    def _pair(self, label: str, value: str | float, form: Any = None) -> None:  # noqa: ANN401
        row = next(self.rows)
        self.sheet.write(row, 0, label, self.head)
        self.sheet.write(row, 1, value, form or self.plain)

    def _head(self, label: str, said: str | None) -> None:
        """As wide as the sheet, and as high as it takes: a merged cell does not grow by itself."""
        row = next(self.rows)
        self.sheet.write(row, 0, label, self.head)
        form = self.absent if said is None else self.wide
        self.sheet.merge_range(row, 1, row, LAST_COLUMN, said or texts.UNREGISTERED, form)
        lines = sum(1 + len(part) // SIGNS for part in (said or "").split("\n"))
        if lines > 1:
            self.sheet.set_row(row, LINE_POINTS * lines)

    def _lines(self, report: DailyReport) -> None:
        row = next(self.rows)
        for column, label in enumerate(texts.LINES):
            self.sheet.write(row, column, label, self.head)
        for line in report.listed:
            self._row(_cells(line))
        for work in Work:
            if short := report.unlisted(work):
                self._row(_short_cells(work, short))
        self._pair(texts.PLOUGHED_KM, round(report.km(Work.PLOUGHING), 3), self.km)
        if report.km(Work.SPREADING):
            self._pair(texts.SPREAD_KM, round(report.km(Work.SPREADING), 3), self.km)
        if report.material_kg is not None:
            self._pair(texts.MATERIAL_KG, round(report.material_kg, 1), self.km)
        self._pair(texts.WORKED_KM, round(report.worked_km, 3), self.km)
        self._pair(texts.DRIVEN_KM, round(report.driven_km, 3), self.km)

    def _row(self, cells: Sequence[str | float]) -> None:
        row = next(self.rows)
        for column, value in enumerate(cells):
            self.sheet.write(row, column, value, self.km if isinstance(value, float) else self.plain)

    def _time(self, timeline: Timeline | None) -> None:
        if timeline is None:
            return
        self._pair(texts.FROM, tokyo_text(timeline.from_us, "%H:%M:%S"))
        self._pair(texts.TO, tokyo_text(timeline.to_us, "%H:%M:%S"))
        for activity, label in texts.ACTIVITIES.items():
            self._pair(label, _clock(timeline.seconds[activity]))
        self._pair(texts.NO_SIGNAL, _clock(timeline.unseen_s))
        self._pair(texts.BREAK, texts.BREAK_NOTE, self.absent)
        self._pair(texts.TOTAL, _clock(sum(timeline.seconds.values()) + timeline.unseen_s))
        spans = (f"{tokyo_text(start)}–{tokyo_text(to)}" for start, to in timeline.gaps)
        self._pair(texts.GAPS, "、".join(spans) or texts.NONE)
        if timeline.inferred:
            self.sheet.write(next(self.rows), 0, texts.INFERRED_NOTE, self.note)

    def _foot(self) -> None:
        self._pair(texts.CORRECTIONS, texts.NONE)
        for label in texts.SIGNED:
            self._pair(label, "")


def _cells(line: WorkLine) -> list[str | float]:
    return [
        texts.WORKS[line.work],
        line.road or texts.UNKNOWN,
        line.route or texts.UNKNOWN,
        line.begins or texts.UNKNOWN,
        line.ends or texts.UNKNOWN,
        texts.FOOTWAY if line.footway else texts.CARRIAGEWAY,
        tokyo_text(line.from_us),
        tokyo_text(line.to_us),
        round(line.metres / 1000, 3),
        texts.UNKNOWN if line.material_g is None else round(line.material_g / 1000, 1),
        texts.EVIDENCE[line.evidence],
    ]


def _short_cells(work: Work, lines: Sequence[WorkLine]) -> list[str | float]:
    """All lines that are too short to be signed as one, so that the list adds up to the sum below it."""
    cells: list[str | float] = [texts.UNKNOWN] * len(texts.LINES)
    material_kg = spread_kg(lines)
    cells[0], cells[1] = texts.WORKS[work], texts.SHORT.format(LISTED_M, len(lines))
    cells[KM] = round(sum(line.metres for line in lines) / 1000, 3)
    cells[KM + 1] = texts.UNKNOWN if material_kg is None else round(material_kg, 1)
    return cells


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
