"""What becomes of messages: a pure function of the seed, the unit, the instant of sending and the settings."""

import math
from typing import NamedTuple

import numpy as np

from ploughsim.chance import drawn, evenly, normally
from ploughsim.compiled import Array, compiled
from ploughsim.radio.settings import RadioSettings

# What a draw decides.
_LATENCY, _LOSS, _CONFIRMATION, _COPY, _ORDER = range(5)
FATE = np.dtype(
    [("delay_ms", np.float64), ("arrives", np.bool_), ("confirmed", np.bool_), ("copies", np.int8)], align=True
)
"""It is there after `delay_ms`, or never; unless `confirmed`, the tracker does not hear of it."""


class _Rules(NamedTuple):
    latency_ms: float
    latency_spread: float
    loss: float
    confirmation_loss: float
    duplication: float
    reordering: float
    reordering_ms: float


class Fates:
    """Of all messages of a night."""

    def __init__(self, settings: RadioSettings, *, seed: int) -> None:
        self._seed = np.uint64(seed)
        self._rules = _Rules(
            latency_ms=float(settings.latency_ms),
            latency_spread=float(settings.latency_spread),
            loss=float(settings.loss),
            confirmation_loss=float(settings.confirmation_loss),
            duplication=float(settings.duplication),
            reordering=float(settings.reordering),
            reordering_ms=1000.0 * settings.reordering_s,
        )

    def of(self, unit: Array, sent_ms: Array) -> Array:
        """FATE of messages that units send at an instant, both int64."""
        fates = np.empty(len(unit), FATE)
        _decide(unit, sent_ms, self._seed, self._rules, fates)
        return fates


@compiled
def _decide(unit: Array, sent_ms: Array, seed: np.uint64, rules: _Rules, fates: Array) -> None:
    for place in range(len(unit)):
        word = drawn(drawn(seed, unit[place]), sent_ms[place])
        fate = fates[place]
        delay_ms = rules.latency_ms
        if rules.latency_spread > 0.0:
            delay_ms *= math.exp(rules.latency_spread * normally(drawn(word, _LATENCY))[0])
        if evenly(drawn(word, _ORDER)) < rules.reordering:
            delay_ms += rules.reordering_ms
        fate.delay_ms = delay_ms
        fate.arrives = evenly(drawn(word, _LOSS)) >= rules.loss
        fate.confirmed = fate.arrives and evenly(drawn(word, _CONFIRMATION)) >= rules.confirmation_loss
        fate.copies = 2 if evenly(drawn(word, _COPY)) < rules.duplication else 1
