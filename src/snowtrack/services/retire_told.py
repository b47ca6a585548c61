"""What somebody is told who retires days: line by line, or the same for machines."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from snowtrack.model.calendar import HOUR_US, SECOND_US, tokyo_text, utc_text
from snowtrack.model.intervals import Interval
from snowtrack.store.partitions import day_date
from snowtrack.store.retired import Counted, RetiredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A day that left, or would; one without fixes for no file."""

    day: int
    counted: Counted
    file: RetiredFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of each day; of those that stay, why."""

    before: date
    folder: Path
    dry_run: bool
    left: list[Left] = field(default_factory=list)
    stays: dict[int, str] = field(default_factory=dict)


def tell(told: Told, *, waiting: int, span: Interval, files: Sequence[RetiredFile], as_json: bool) -> None:
    """On standard output. So many stretches wait for archives, of that time."""
    around = (span[0] - HOUR_US, span[1] + HOUR_US)  # a track may reach over midnight
    wanted = [file.name for file in files if file.span[0] <= around[1] and around[0] < file.span[1]] if waiting else []
    if as_json:
        print(orjson.dumps(_as_json(told) | _waiting_json(waiting, span, wanted)).decode())
        return
    for line in (*_lines(told), *_waiting_lines(told.folder, waiting, span, wanted)):
        print(line)


def _lines(told: Told) -> Iterator[str]:
    for left in told.left:
        where = "would leave" if told.dry_run else f"left for {left.file.name}" if left.file else "is no more"
        yield f"{day_date(left.day)}: {sum(left.counted):,} fixes; {where}"
    for day, why in told.stays.items():
        yield f"{day_date(day)} stays: {why}"
    if not told.left and not told.stays:
        yield f"nothing to do: the database has no day before {told.before}"


def _waiting_lines(folder: Path, waiting: int, span: Interval, wanted: Sequence[str]) -> Iterator[str]:
    if waiting:
        from_, to = (tokyo_text(at_us, "%Y-%m-%d %H:%M:%S") for at_us in (span[0], span[1] + SECOND_US))
        given = " ".join(f"--archive {shlex.quote(str(folder / name))}" for name in wanted)
        yield f"{waiting:,} stretches of retired days wait for their archives:"
        yield f"  snowtrack replay --from '{from_}' --to '{to}' --in-place {given}"


def _as_json(told: Told) -> dict[str, Any]:
    return {
        "before": told.before,
        "folder": str(told.folder),
        "dry_run": told.dry_run,
        "days": [
            {
                "day": day_date(left.day),
                "fixes": sum(left.counted),
                "undated": left.counted.undated,
                "file": left.file and left.file.name,
                "sha256": left.file and left.file.sha256,
            }
            for left in told.left
        ],
        "stays": [{"day": day_date(day), "why": why} for day, why in told.stays.items()],
    }


def _waiting_json(waiting: int, span: Interval, wanted: Sequence[str]) -> dict[str, Any]:
    if not waiting:
        return {"waiting": None}
    return {
        "waiting": {"stretches": waiting, "from": utc_text(span[0]), "to": utc_text(span[1]), "files": list(wanted)}
    }
