"""What becomes of one message: a pure function of the seed, the unit, the message's number and the settings."""

import math
from dataclasses import dataclass

from ploughsim.chance import draw, normal_pair, uniform
from ploughsim.radio.settings import RadioSettings

# What a draw decides.
_LATENCY, _LOSS, _CONFIRMATION, _COPY, _ORDER = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """It is there after `delay_s`, or never; unless `confirmed`, the tracker does not hear of it."""

    delay_s: float
    arrives: bool
    confirmed: bool
    copies: int


def fate_of(settings: RadioSettings, *, seed: int, unit: int, number: int) -> Fate:
    """`number` counts what the unit sends."""
    word = draw(seed, unit, number)
    arrives = settings.loss == 0 or uniform(word, _LOSS) >= settings.loss
    confirmed = settings.confirmation_loss == 0 or uniform(word, _CONFIRMATION) >= settings.confirmation_loss
    twice = settings.duplication > 0 and uniform(word, _COPY) < settings.duplication
    late = settings.reordering > 0 and uniform(word, _ORDER) < settings.reordering
    delay_s = settings.latency_ms / 1000 + (settings.reordering_s if late else 0.0)
    if settings.latency_spread:
        delay_s += settings.latency_ms / 1000 * (math.exp(settings.latency_spread * normal_pair(word, _LATENCY)[0]) - 1)
    return Fate(delay_s=delay_s, arrives=arrives, confirmed=arrives and confirmed, copies=1 + twice)
