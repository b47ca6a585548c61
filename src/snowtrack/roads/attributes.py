"""A table of a source to the attributes of lines, by a mapping."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from snowtrack.model.columns import Bools, Int64s
from snowtrack.network.arrays import Kind, Structure
from snowtrack.roads.lines import TEXTS, LineAttributes, number_texts
from snowtrack.roads.mapping import NUMBERS, WORDS, AttributeMapping

SHOWN_MAX = 3


class AttributeReader:
    """Reads a table column by column. `remarks` says in words what was not understood."""

    def __init__(self, mapping: AttributeMapping, table: Mapping[str, pl.Series], feature: Int64s) -> None:
        self.mapping = mapping
        self.table = {ours: table[theirs] for ours, theirs in mapping.columns.items()}
        self.feature = feature
        self.remarks: list[str] = []

    def read(self) -> tuple[LineAttributes, list[str]]:
        """All attributes, and the texts that they number."""
        source_id, keeps_text = self._source()
        columns = {text: self._text(text) for text in TEXTS if text != "source" or keeps_text}
        texts, numbers = number_texts(text for column in columns.values() for text in column)
        nothing = np.full(len(self.feature), -1, np.int32)
        numbered = {
            text: np.array([numbers[one] for one in columns[text]], np.int32) if columns.get(text) else nothing
            for text in TEXTS
        }
        words = {ours: self._words(ours) for ours in WORDS}
        values = {ours: self._numbers(ours) for ours in NUMBERS}
        kind = np.where(words["footway"] == 1, Kind.FOOTWAY, words["kind"])
        structure = np.where(words["bridge"] == 1, Structure.BRIDGE, words["structure"])
        structure = np.where(words["tunnel"] == 1, Structure.TUNNEL, structure)
        attributes = LineAttributes(
            source_id=source_id,
            road_class=words["class"].astype(np.uint8),
            manager=words["manager"].astype(np.uint8),
            kind=kind.astype(np.uint8),
            oneway=words["oneway"].astype(np.int8),
            structure=structure.astype(np.uint8),
            level=values["level"].astype(np.int8),
            lanes=values["lanes"].astype(np.uint8),
            width_mm=values["width_m"].astype(np.int32),
            priority=values["priority"].astype(np.uint8),
            **{f"{text}_text": numbered[text] for text in TEXTS},
        )
        return attributes, texts

    def _source(self) -> tuple[Int64s, bool]:
        """The ids of the source where they are numbers, else the numbers of the features; and whether it is so."""
        given = self.table.get("source")
        if given is None:
            return self.feature, False
        numbers = _as_text(given).cast(pl.Int64, strict=False)
        if numbers.null_count():
            return self.feature, True
        return numbers.to_numpy().astype(np.int64), False

    def _text(self, ours: str) -> list[str | None]:
        given = self.table.get(ours)
        texts: list[str | None] = [] if given is None else _as_text(given).str.strip_chars().to_list()
        return texts

    def _words(self, ours: str) -> Int64s:
        default = self.mapping.defaults.get(ours, 0)
        given = self.table.get(ours)
        if given is None:
            return np.full(len(self.feature), default, np.int64)
        theirs = self.mapping.values.get(ours, {})
        words = _as_text(given).str.strip_chars()
        known = {
            word: theirs.get(word, WORDS[ours].get(word.lower()))
            for word in words.unique().drop_nulls().to_list()
            if word
        }
        numbers = words.replace_strict(known, default=None, return_dtype=pl.Int64)
        self._remark(ours, words, (numbers.is_null() & words.is_not_null() & (words != "")).to_numpy())
        return numbers.fill_null(default).to_numpy().astype(np.int64)

    def _numbers(self, ours: str) -> Int64s:
        least, most, units = NUMBERS[ours]
        default = self.mapping.defaults.get(ours, 0)
        given = self.table.get(ours)
        if given is None:
            return np.full(len(self.feature), default, np.int64)
        words = _as_text(given).str.strip_chars()
        values = words.cast(pl.Float64, strict=False).to_numpy()
        usable = (values >= least) & (values <= most)  # what is no number is neither
        self._remark(ours, words, ~usable & (words.is_not_null() & (words != "")).to_numpy())
        scaled = np.rint(np.where(usable, values, 0) * units).astype(np.int64)
        return np.where(usable, scaled, default)

    def _remark(self, ours: str, words: pl.Series, wrong: Bools) -> None:
        if not wrong.any():
            return
        strange = words.filter(pl.Series(wrong)).unique(maintain_order=True).to_list()
        shown = ", ".join(map(repr, strange[:SHOWN_MAX])) + (" …" if len(strange) > SHOWN_MAX else "")
        column = self.mapping.columns[ours]
        self.remarks.append(f"{ours}: not understood in column {column!r} of {int(wrong.sum()):,} lines: {shown}")


def _as_text(series: pl.Series) -> pl.Series:
    """Whole numbers without a point, as they are written in a mapping; what is not there is null."""
    if series.dtype.is_float():
        whole = series.fill_nan(None)
        as_integers = whole.cast(pl.Int64, strict=False)
        if as_integers.cast(pl.Float64).equals(whole.cast(pl.Float64)):
            series = as_integers
    return series.cast(pl.String)
