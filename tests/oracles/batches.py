"""Batches from rows that name only the columns that matter; the others are absent."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from snowtrack.model.columns import Columns

Batch = TypeVar("Batch", bound=Columns)


def batch_of(kind: type[Batch], *rows: Mapping[str, int]) -> Batch:
    """A batch with these rows."""
    absent = {name: int(np.iinfo(dtype).min) for name, dtype in kind.dtypes().items()}
    unknown = {name for row in rows for name in row} - absent.keys()
    assert not unknown, f"{kind.__name__} has no columns {sorted(unknown)}"
    return kind.from_rows([tuple({**absent, **row}.values()) for row in rows])


def shuffled(batch: Batch, order: list[int]) -> Batch:
    """The same rows in another order."""
    return batch.take(np.array(order, np.int64))
