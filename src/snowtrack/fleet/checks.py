"""What must hold in the registry as files would make it: references, times, thresholds, segments, no conflicts.

Rows of the database were checked when they came, so each problem is one of a row that a file brings.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from snowtrack.fleet.conflicts import conflicts
from snowtrack.fleet.problems import Problem
from snowtrack.fleet.proposal import Proposal
from snowtrack.fleet.tables import BY_NAME, Table
from snowtrack.store.fleet import Row

KnownSegments: TypeAlias = Callable[[list[int]], Iterable[bool]]
"""Which of these segments the network has."""
Faults: TypeAlias = list[tuple[str, str]]
"""Column, and what is wrong there."""


def check(proposal: Proposal, known_segments: KnownSegments | None = None) -> list[Problem]:
    """All problems, those found in reading too, in the order of the files."""
    found = [*proposal.problems]
    for table, _, row, place in proposal.brought():
        faults = _references(proposal, table, row) + _ROW_FAULTS.get(table.name, _no_faults)(row)
        found += [proposal.problem(table, place, column, what) for column, what in faults]
    found += conflicts(proposal)
    if known_segments is not None:
        found += _strange_segments(proposal, known_segments)
    order = {file: number for number, file in enumerate(proposal.files)}
    return sorted(found, key=lambda problem: (order[problem.file], problem.line))


def _references(proposal: Proposal, table: Table, row: Row) -> Faults:
    """The first of them that leads nowhere: where the agency is unknown, all that it has is."""
    for column in table.columns:
        value = row[column.key]
        if not column.refers or value is None or column.refers in proposal.broken:
            continue
        target = BY_NAME[column.refers]
        key = (value,) if target.keys == 1 else (row["agency"], value)
        if not proposal.knows(target, key):
            what = f"there is no {target.key_text(key)} in {target.file} or in the database; add it there"
            return [(column.name, what)]
    return []


def _strange_segments(proposal: Proposal, known_segments: KnownSegments) -> Iterator[Problem]:
    rows: list[Any] = [(row["segment_id"], table, place) for table, _, row, place in proposal.brought() if table.listed]
    for (segment, table, place), known in zip(rows, known_segments([row[0] for row in rows]), strict=True):
        if not known:
            what = f"segment {segment} is not in the network; take its id from the network in use"
            yield proposal.problem(table, place, "segment_id", what)


def _no_faults(_: Row) -> Faults:
    return []


def _device_faults(row: Any) -> Faults:  # noqa: ANN401 - a row whose columns are known
    if row["valid_to"] is not None and row["valid_to"] <= row["valid_from"]:
        return [("valid_to", "it ends before it begins; put the two in order")]
    return []


def _operator_faults(row: Any) -> Faults:  # noqa: ANN401 - a row whose columns are known
    if row["valid_to"] is not None and row["valid_to"] < row["valid_from"]:
        return [("valid_to", "the last day is before the first; put the two in order")]
    return []


def _alert_faults(row: Any) -> Faults:  # noqa: ANN401 - a row whose columns are known
    faults = []
    if row["threshold_mm"] == 0:
        faults.append(("threshold_cm", "0 would be told all the time; give a depth above it"))
    if row["clear_mm"] > row["threshold_mm"]:
        faults.append(("clear_cm", "an alert cannot be over above its threshold; give at most that"))
    if (row["quiet_from"] is None) != (row["quiet_to"] is None):
        faults.append(("quiet_from", "quiet hours have a beginning and an end; give both or none"))
    return faults


def _order_faults(row: Any) -> Faults:  # noqa: ANN401 - a row whose columns are known
    if row["acknowledged_at"] is not None and row["acknowledged_at"] < row["issued_at"]:
        return [("acknowledged_at", "it was acknowledged before it was issued; put the two in order")]
    return []


_ROW_FAULTS: dict[str, Callable[[Row], Faults]] = {
    "devices": _device_faults,
    "operators": _operator_faults,
    "alerts": _alert_faults,
    "orders": _order_faults,
}
