"""What a replay is told of: a table of what differs and why, or the same for machines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from snowtrack.model.calendar import HOUR_US, tokyo_minute, utc_text
from snowtrack.pipeline.basis import Reason
from snowtrack.pipeline.comparison import Tally
from snowtrack.services.replay_facts import EventFacts
from snowtrack.services.replay_tracks import Outcome
from snowtrack.services.shown_tables import make_table, show_table

DETAILS = 5


@dataclass(slots=True)
class Group:
    """Stretches that differ for the same reasons. `details` says of each reason what it was and is, how often."""

    stretches: int = 0
    devices: set[int] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)
    details: Counter[tuple[Reason, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class Findings:
    """All that was found. `left` counts stretches that differ and that ingest computes again, since they are open;
    `bereft`, those that stay as they are, since their fixes are gone."""

    from_us: int
    to_us: int
    devices: int = 0
    stretches: int = 0
    left: int = 0
    bereft: int = 0
    total: Tally = field(default_factory=Tally)
    groups: dict[tuple[Reason, ...], Group] = field(default_factory=dict)
    facts: Sequence[EventFacts] = ()

    @property
    def differing(self) -> int:
        return sum(group.stretches for group in self.groups.values())

    def count(self, outcome: Outcome) -> None:
        pair = outcome.pair
        tally = Tally.of(pair.before, pair.after)
        self.stretches += 1
        self.total += tally
        if outcome.differs:
            self.left += outcome.held
            self.bereft += outcome.bereft
            group = self.groups.setdefault(tuple(reason for reason, _ in outcome.differs), Group())
            group.stretches += 1
            group.devices.add(pair.stretch.device)
            group.tally += tally
            group.details.update((reason, said) for reason, said in outcome.differs if said)

    def as_json(self) -> dict[str, Any]:
        return {
            "from": utc_text(self.from_us),
            "to": utc_text(self.to_us),
            "devices": self.devices,
            "stretches": self.stretches,
            "differing": self.differing,
            "left_to_ingest": self.left,
            "without_fixes": self.bereft,
            "total": asdict(self.total),
            "groups": [
                {
                    "reasons": list(reasons),
                    "details": [
                        {"reason": reason, "said": said, "stretches": count}
                        for (reason, said), count in group.details.most_common()
                    ],
                    "stretches": group.stretches,
                    "devices": len(group.devices),
                    **asdict(group.tally),
                }
                for reasons, group in sorted(self.groups.items())
            ],
            "events": [_event_json(facts) for facts in self.facts],
        }


def tell(found: Findings, last_lines: Iterable[str]) -> None:
    """On standard output."""
    span = f"{tokyo_minute(found.from_us)} – {tokyo_minute(found.to_us)}"
    print(f"{span}: {found.devices:,} devices, {found.stretches:,} stretches of tracks")
    if found.groups:
        show_table(_table(found))
    else:
        print("nothing changes")
    for line in (*_details(found), *(line for facts in found.facts for line in _fact_lines(facts)), *last_lines):
        print(line)


def _table(found: Findings) -> Table:
    headers = ("why", "stretches", "passes", "new, gone, other", "km ploughed", "hours at work")
    table = make_table(*headers, justify="right")
    for reasons, group in sorted(found.groups.items()):
        table.add_row(", ".join(reasons), f"{group.stretches:,}", *_cells(group.tally))
    table.add_section()
    table.add_row("all, same or not", f"{found.stretches:,}", *_cells(found.total))
    return table


def _cells(tally: Tally) -> tuple[str, ...]:
    return (
        _moved(f"{tally.passes_before:,}", f"{tally.passes_after:,}"),
        f"+{tally.added:,} −{tally.removed:,} ≠{tally.changed:,}",
        _moved(f"{tally.ploughed_mm_before / 1e6:,.2f}", f"{tally.ploughed_mm_after / 1e6:,.2f}"),
        _moved(f"{tally.working_us_before / HOUR_US:,.2f}", f"{tally.working_us_after / HOUR_US:,.2f}"),
    )


def _moved(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _details(found: Findings) -> Iterator[str]:
    details: Counter[tuple[Reason, str]] = Counter()
    for group in found.groups.values():
        details += group.details
    for (reason, said), count in details.most_common(DETAILS):
        yield f"{reason}: {said} ({count:,})"
    if len(details) > DETAILS:
        yield f"and {len(details) - DETAILS:,} more reasons (--json has all)"


def _fact_lines(facts: EventFacts) -> Iterator[str]:
    begun = f"event of {tokyo_minute(facts.event.start_us)}"
    if not facts.segments:
        yield f"{begun}: no segment stands otherwise"
        return
    moves = [
        f"{before} → {after} {count:,} ({facts.moved_mm[before, after] / 1e6:,.3f} km)"
        for (before, after), count in sorted(facts.moved.items())
    ]
    if facts.otherwise:
        moves.append(f"only times, shares or evidence {facts.otherwise:,}")
    yield f"{begun}: {facts.segments:,} segments differ: {'; '.join(moves)}"
    for name, (before, after), long_mm in facts.roads:
        yield f"  {name}: {before} → {after}, {long_mm / 1e3:,.0f} m"


def _event_json(facts: EventFacts) -> dict[str, Any]:
    return {
        "start": utc_text(facts.event.start_us),
        "segments": facts.segments,
        "moved": [
            {"before": before, "after": after, "directions": count, "mm": facts.moved_mm[before, after]}
            for (before, after), count in sorted(facts.moved.items())
        ],
        "otherwise": facts.otherwise,
        "roads": [
            {"name": name, "before": before, "after": after, "mm": long_mm}
            for name, (before, after), long_mm in facts.roads
        ],
    }
