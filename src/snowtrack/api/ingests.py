"""What ingest workers say of themselves, as if they were one.

Totals are those of all that were ever heard; what is the matter now is that of those that were heard lately.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

TOTALS = ("messages", "fixes", "doubled", "acknowledged_lost", "strangers", "unsaid", "news_dropped")
SUMS = ("waiting", "spool_bytes")
FAULTS = ("broker_fault", "store_fault", "spool_fault")
WORKERS_MAX = 1_000

Figures = Mapping[str, Any]


class Ingests:
    """By their numbers, with when they were heard; when there are too many, whoever was not heard for longest goes."""

    def __init__(self) -> None:
        self.heard: dict[int, tuple[float, Figures]] = {}

    def hear(self, figures: Figures, now: float) -> None:
        number = int(figures.get("worker", 0))
        self.heard.pop(number, None)
        self.heard[number] = now, figures
        if len(self.heard) > WORKERS_MAX:
            del self.heard[next(iter(self.heard))]

    def figures(self, since: float) -> dict[str, Any]:
        """Of all of them; of what is so now, of those heard since then."""
        if not self.heard:
            return {}
        every = [figures for _, figures in self.heard.values()]
        lately = [figures for at, figures in self.heard.values() if at >= since]
        fresh = [figures["freshness_ms"] for figures in lately if "freshness_ms" in figures]
        return {
            "workers": len(lately),
            "fixes_per_s": round(sum(figures.get("fixes_per_s", 0.0) for figures in lately), 1),
            "rejects": dict(sum((Counter(figures.get("rejects", {})) for figures in every), Counter[str]())),
            "freshness_ms": {share: _worst(one.get(share) for one in fresh) for share in ("p50", "p99")},
            **{name: sum(figures.get(name, 0) for figures in every) for name in TOTALS},
            **{name: sum(figures.get(name, 0) for figures in lately) for name in SUMS},
            **{name: next(filter(None, (figures.get(name) for figures in lately)), None) for name in FAULTS},
        }


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
