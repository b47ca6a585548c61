"""The sections [receiver] and [clock] of a scenario."""

import re
from dataclasses import dataclass, field, fields
from datetime import date

from ploughsim.errors import ScenarioError
from ploughsim.rules import number, one_of, text, whole, yes_or_no
from ploughsim.sentences.families import FAMILIES, FAMILY_NAMES

MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """The receivers and their serial lines.

    rate_hz              epochs a second
    sigma_m              standard deviation of the position's error under an open sky, east and north; twice of that up
    correlation_s        how long an error lasts (first-order Gauss-Markov)
    speed_sigma_mps      standard deviation of the velocity's error, east and north
    families             one family, or all that can do the rate
    multipath            streets and snow sheds make it worse
    cold_start_s         about so long it takes to the first fix
    losses_per_h         times that the fix is lost for some seconds under an open sky
    bit_errors           share of the bits that the serial line turns
    lost_bytes           share of the bytes that it loses
    cut_sentences_per_h  times that the receiver's power fails within a sentence
    torn_starts          share of the power-ups of a tracker at which its receiver is in the middle of a sentence
    """

    rate_hz: int = field(default=1, metadata=one_of(1, 2, 5, 10))
    sigma_m: float = field(default=3.0, metadata=number(0, 100))
    correlation_s: float = field(default=60.0, metadata=number(0, 3600))
    speed_sigma_mps: float = field(default=0.05, metadata=number(0, 5))
    families: str = field(default=MIXED, metadata=one_of(MIXED, *FAMILY_NAMES))
    multipath: bool = field(default=True, metadata=yes_or_no())
    cold_start_s: float = field(default=30.0, metadata=number(0, 900))
    losses_per_h: float = field(default=0.1, metadata=number(0, 60))
    bit_errors: float = field(default=0.0, metadata=number(0, 0.01))
    lost_bytes: float = field(default=0.0, metadata=number(0, 0.1))
    cut_sentences_per_h: float = field(default=0.0, metadata=number(0, 3600))
    torn_starts: float = field(default=0.0, metadata=number(0, 1))

    def __post_init__(self) -> None:
        if self.families != MIXED and self.families not in self.able:
            raise ScenarioError(
                f"receiver: a {self.families} writes whole seconds; rate_hz is 1 for it, not {self.rate_hz}"
            )

    @property
    def able(self) -> tuple[str, ...]:
        """The families whose times tell all epochs of a second apart."""
        return tuple(family.name for family in FAMILIES if family.time_places or self.rate_hz == 1)

    @property
    def step_ms(self) -> int:
        """From one epoch to the next."""
        return 1000 // self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """Which share of the receivers has which clock; all others have right ones.

    unset          no time and no date before the first fix
    default_date   before the first fix its maker's date, from midnight on
    rollover       1,024 weeks ago
    drift          wrong at power-up, and drifting as long as there is no fix
    jump           days wrong before the first fix
    leap_second    for the first minutes ahead by the leap seconds
    future         hours ahead
    future_h       so many at most
    leap_second_on a day that has a leap second at its end, for all receivers
    """

    unset: float = field(default=0.0, metadata=number(0, 1))
    default_date: float = field(default=0.0, metadata=number(0, 1))
    rollover: float = field(default=0.0, metadata=number(0, 1))
    drift: float = field(default=0.0, metadata=number(0, 1))
    jump: float = field(default=0.0, metadata=number(0, 1))
    leap_second: float = field(default=0.0, metadata=number(0, 1))
    future: float = field(default=0.0, metadata=number(0, 1))
    future_h: int = field(default=48, metadata=whole(1, 10_000))
    leap_second_on: str = field(
        default="", metadata=text("a day such as 2026-12-31, or nothing", re.compile(r"(\d{4}-\d{2}-\d{2})?"))
    )

    def __post_init__(self) -> None:
        if sum(self.shares) > 1:
            raise ScenarioError(f"the shares make {sum(self.shares):g} together; expected at most 1")
        if self.leap_second_on:
            try:
                date.fromisoformat(self.leap_second_on)
            except ValueError as error:
                raise ScenarioError(f"leap_second_on is {self.leap_second_on!r}, which is no day") from error

    @property
    def shares(self) -> tuple[float, ...]:
        """In the order of `clock.Fault`."""
        return tuple(getattr(self, one.name) for one in fields(self)[:7])
