"""What a scenario says of its trackers, and what of it may be changed over the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import ceil
from typing import Any

from ploughsim.rules import ID, number, one_of, rule_of, share, whole
from ploughsim.tracker.sectors import SLOTS

TOP_RATE_HZ = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """Section [tracker].

    A live message goes out when it has its epochs, or when the oldest has waited. Of the epochs of a second at most
    `rate_hz` are kept. The ring holds so many hours at one packed epoch a second. Storage "packed" keeps RMC and GGA,
    "raw" everything. The watchdog restarts a tracker without PUBACK or without receiver for so long; 0 is never.
    """

    rate_hz: int = field(default=TOP_RATE_HZ, metadata=one_of(1, 2, 5, TOP_RATE_HZ))
    epochs_per_message: int = field(default=10, metadata=whole(1, 10))
    message_wait_s: float = field(default=1.0, metadata=number(0, 60))
    log_epochs: int = field(default=100, metadata=whole(1, 500))
    log_order: str = field(default="oldest", metadata=one_of("oldest", "newest", "interleaved"))
    compression: str = field(default="gzip", metadata=one_of("none", "gzip", "zstd"))
    status_interval_s: float = field(default=60.0, metadata=number(5, 60))
    storage: str = field(default="packed", metadata=one_of("packed", "raw"))
    ring_hours: float = field(default=24.0, metadata=number(0.05, 36))
    watchdog_min: float = field(default=60.0, metadata=number(0, 1440))
    driver_answer_s: float = field(default=8.0, metadata=number(0, 600))
    driver_refuses: float = field(default=0.05, metadata=share())

    @property
    def ring_sectors(self) -> int:
        """One is open, and one more makes up for slots that reboots take."""
        return ceil(self.ring_hours * 3600 / SLOTS) + 2


REMOTE = ("rate_hz", "epochs_per_message", "message_wait_s", "log_order", "compression", "status_interval_s")
_RULES = {key.name: rule_of(key) for key in fields(TrackerSettings) if key.name in REMOTE}


def wrong_with(values: Mapping[str, object]) -> str | None:
    """Why these cannot be set over the network; None if they can."""
    for key, value in values.items():
        if key not in _RULES:
            return f"unknown key {key}" if ID.fullmatch(key) else "unknown key"
        if not _RULES[key].accepts(value):
            return f"{key}: expected {_RULES[key].expected}"
    return None


def changed(settings: TrackerSettings, values: Mapping[str, Any]) -> TrackerSettings:
    """Settings with what was set over the network."""
    return replace(settings, **values)
