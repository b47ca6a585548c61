"""The truth of a night as tables, docs/truth-format.md."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from ploughsim.errors import ScoreError

_FORMAT, _VERSION = "ploughsim-truth", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`epochs` and `cleared` are read when they are needed; `night` is what the run said of itself."""

    night: dict[str, Any]
    until_us: int
    units: pl.DataFrame
    work: pl.DataFrame
    epochs: pl.LazyFrame
    cleared: pl.LazyFrame


def read_truth(folder: Path) -> Truth:
    """A folder that `plough-sim run --truth` wrote."""
    path = folder / "night.json"
    try:
        head = orjson.loads(path.read_bytes())
        if (head["format"], head["version"]) != (_FORMAT, _VERSION):
            raise ScoreError(f"{path}: is {head['format']} {head['version']}; expected {_FORMAT} {_VERSION}")
        parts = range(1, head["parts"] + 1)
        return Truth(
            night=head["night"] | {"over": head.get("over", False)},
            until_us=head["until_us"],
            units=pl.read_parquet(folder / "units.parquet"),
            work=pl.read_parquet(folder / "work.parquet"),
            epochs=pl.scan_parquet([folder / "epochs" / f"{part:06d}.parquet" for part in parts]),
            cleared=pl.scan_parquet([folder / "cleared" / f"{part:06d}.parquet" for part in parts]),
        )
    except OSError as error:
        raise ScoreError(
            f"{error.filename or folder}: {error.strerror or error}; --truth must name a folder that a run wrote"
        ) from error
    except (orjson.JSONDecodeError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise ScoreError(f"{folder}: no truth of version {_VERSION} ({error})") from error
