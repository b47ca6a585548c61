"""The daily report as an Excel file. The same report gives the same bytes."""

from datetime import datetime, time
from io import BytesIO
from itertools import count
from typing import Any

from xlsxwriter import Workbook

from snowtrack.model.calendar import tokyo_text
from snowtrack.model.work import Work
from snowtrack.reports import texts
from snowtrack.reports.daily import DailyReport, WorkLine
from snowtrack.reports.timeline import Timeline

WIDTHS = (26, 26, 12, 20, 20, 10, 9, 9, 10, 14)
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
        self._pair(texts.AGENCY, report.device.agency)
        self._pair(texts.DEVICE, report.device.device)
        for label in texts.HEAD.values():
            self._pair(label, texts.UNREGISTERED, self.absent)
        next(self.rows)
        self._lines(report)
        next(self.rows)
        self._time(report.timeline)
        self._foot()

    def _pair(self, label: str, value: str | float, form: Any = None) -> None:  # noqa: ANN401
        row = next(self.rows)
        self.sheet.write(row, 0, label, self.head)
        self.sheet.write(row, 1, value, form or self.plain)

    def _lines(self, report: DailyReport) -> None:
        row = next(self.rows)
        for column, label in enumerate(texts.LINES):
            self.sheet.write(row, column, label, self.head)
        for line in report.lines:
            row = next(self.rows)
            for column, value in enumerate(_cells(line)):
                self.sheet.write(row, column, value, self.km if isinstance(value, float) else self.plain)
        self._pair(texts.PLOUGHED_KM, round(report.km(Work.PLOUGHING), 3), self.km)
        if report.km(Work.SPREADING):
            self._pair(texts.SPREAD_KM, round(report.km(Work.SPREADING), 3), self.km)
        if report.material_kg is not None:
            self._pair(texts.MATERIAL_KG, round(report.material_kg, 1), self.km)
        self._pair(texts.WORKED_KM, round(report.worked_km, 3), self.km)
        self._pair(texts.DRIVEN_KM, round(report.driven_km, 3), self.km)

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


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
