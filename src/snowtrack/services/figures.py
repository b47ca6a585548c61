"""Ingest's figures: what it took in, what it could not read, and how fresh the heads were."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snowtrack.model.fixes import RejectReason

WINDOW_S = 10
SAMPLES_MAX = 20_000


@dataclass(slots=True)
class IngestFigures:
    """Counters since the start, and a window of the last seconds."""

    messages: int = 0
    fixes: int = 0
    doubled: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    store_fault: str | None = None
    spool_fault: str | None = None
    spool_bytes: int = 0
    acknowledged_lost: int = 0
    strangers: int = 0
    unsaid: int = 0
    news_dropped: int = 0
    fresh_ms: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))
    rate: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=WINDOW_S + 1))

    def count(self, *, messages: int, rejects: Mapping[tuple[int, RejectReason], int]) -> None:
        self.messages += messages
        for (_, reason), times in rejects.items():
            self.rejects[reason.name.lower()] += times

    def count_fixes(self, *, new: int, doubled: int) -> None:
        self.fixes += new
        self.doubled += doubled

    def note_heads(self, ages_us: Iterable[int]) -> None:
        """How long ago the messages of these heads had been received."""
        now = time.monotonic()
        self.fresh_ms.extend((now, age / 1_000) for age in ages_us)

    def news(self, worker: int, waiting: int, refusal: str | None) -> dict[str, Any]:
        """The figures of a worker as the API shows them. Called about once a second."""
        now = time.monotonic()
        while self.fresh_ms and self.fresh_ms[0][0] < now - WINDOW_S:
            self.fresh_ms.popleft()
        self.rate.append((now, self.fixes))
        (first_at, first), (last_at, last) = self.rate[0], self.rate[-1]
        ages = sorted(age for _, age in self.fresh_ms)
        return {
            "worker": worker,
            "messages": self.messages,
            "fixes": self.fixes,
            "fixes_per_s": round((last - first) / (last_at - first_at), 1) if last_at > first_at else 0.0,
            "doubled": self.doubled,
            "rejects": dict(self.rejects),
            "waiting": waiting,
            "broker_fault": refusal,
            "store_fault": self.store_fault,
            "spool_fault": self.spool_fault,
            "spool_bytes": self.spool_bytes,
            "acknowledged_lost": self.acknowledged_lost,
            "strangers": self.strangers,
            "unsaid": self.unsaid,
            "news_dropped": self.news_dropped,
            "freshness_ms": {"p50": _quantile(ages, 0.5), "p99": _quantile(ages, 0.99)},
        }


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1) if ordered else None
