"""Epochs to text, byte for byte as their families write it, with the tracker's own sentence or without."""

import numpy as np
import numpy.typing as npt

from ploughsim.compiled import Array
from ploughsim.sentences.families import FORMS, KEPT_KINDS, Kind
from ploughsim.sentences.text import OWN, write_rows

_OWN_BYTES_MAX = 192
_LINE_BYTES_MAX = 128
# Of a receiver that knows four systems: GSA of each, and GSV of seven or so lines, with one more for QZSS.
_LINES_MAX = {Kind.GSA: 4, Kind.GSV: 17}


def write_epochs(
    epochs: Array, families: npt.NDArray[np.int64] | int, *, own: bool = True, kinds: int = KEPT_KINDS
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The text of all rows, and where each begins, with the end as one place more. `kinds` is a mask of `Kind.bit`."""
    rows = len(epochs)
    if isinstance(families, int):
        families = np.full(rows, families)
    out = np.empty(rows * _bytes_max(own, kinds), np.uint8)
    offsets = np.empty(rows + 1, np.int64)
    if not epochs.flags.writeable:
        epochs = epochs.copy()
    write_rows(epochs, families, FORMS, kinds | own << OWN, out, offsets)
    return out[: offsets[-1]], offsets


def write_epoch(epoch: Array, family: int, *, own: bool = True, kinds: int = KEPT_KINDS) -> bytes:
    """The text of one epoch, a table of one row."""
    return write_epochs(epoch, family, own=own, kinds=kinds)[0].tobytes()


def _bytes_max(own: bool, kinds: int) -> int:
    if kinds == KEPT_KINDS:
        return own * _OWN_BYTES_MAX + 2 * _LINE_BYTES_MAX
    lines = sum(_LINES_MAX.get(kind, 1) for kind in Kind if kinds & kind.bit)
    return own * _OWN_BYTES_MAX + lines * _LINE_BYTES_MAX
