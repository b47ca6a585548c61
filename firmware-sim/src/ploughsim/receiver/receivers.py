"""All receivers of a night: truth in, epochs out, in columns.

The result depends on the seed, the units and the instants asked for, not on how these are divided into calls.
"""

import numpy as np
import numpy.typing as npt

from ploughsim.chance import draw, uniform
from ploughsim.compiled import Array
from ploughsim.receiver import noise, sky
from ploughsim.receiver.clock import leap_ms, set_clocks, tell_time
from ploughsim.receiver.noise import MEASURED, Errors, measure
from ploughsim.receiver.settings import MIXED, ClockSettings, ReceiverSettings
from ploughsim.receiver.show import SHOWN, show
from ploughsim.receiver.sky import SIGHT, Antennas, Conditions, look_up
from ploughsim.sentences.epoch import EPOCH, UNKNOWN
from ploughsim.sentences.families import FAMILY_NAMES, FORMS

# What a draw decides.
_FAMILY, _CORRECTED, _CHANCE = range(3)


class Receivers:
    """Of units 0 to `units` - 1. `families` tells which each is."""

    families: npt.NDArray[np.int64]

    def __init__(self, settings: ReceiverSettings, clocks: ClockSettings, units: int, seed: int) -> None:
        self.families = np.array([_family(settings, seed, unit) for unit in range(units)], np.int64)
        self._forms = FORMS[self.families]
        corrected = [uniform(seed, _CORRECTED, unit) < 0.5 for unit in range(units)]
        self._antennas = Antennas(
            systems=self._forms["systems"].copy(), corrected=(self._forms["sbas"] > 0) & np.array(corrected, np.bool_)
        )
        self._conditions = Conditions(
            cold_start_ms=1000.0 * settings.cold_start_s,
            losses_per_minute=settings.losses_per_h / 60.0,
            multipath=float(settings.multipath),
        )
        self._errors = Errors(
            sigma_m=float(settings.sigma_m),
            correlation_s=float(settings.correlation_s),
            speed_sigma_mps=float(settings.speed_sigma_mps),
        )
        self._clocks = set_clocks(self._forms, clocks.shares, clocks.future_h, seed)
        self._leap_ms = leap_ms(clocks.leap_second_on)
        self._chance = np.uint64(draw(seed, _CHANCE))
        self._skies = np.zeros(units, sky.STATE)
        self._wanderings = np.zeros(units, noise.STATE)
        self._skies["boot"] = self._wanderings["boot"] = -1
        self._shown = _start_positions(self._forms)

    def observe(self, truth: Array) -> Array:
        """An epoch for each row of truth, which are sorted by (unit, time) and later than those of earlier calls."""
        rows = len(truth)
        if not truth.flags.writeable:
            truth = truth.copy()
        sights, measured, epochs = np.zeros(rows, SIGHT), np.empty(rows, MEASURED), np.zeros(rows, EPOCH)
        clock_ms, date_days = np.empty(rows, np.int64), np.empty(rows, np.int64)
        look_up(truth, self._antennas, self._conditions, self._chance, self._skies, sights)
        measure(truth, sights, self._errors, self._chance, self._wanderings, measured)
        tell_time(truth, sights, self._clocks, self._leap_ms, clock_ms, date_days)
        show(truth, sights, measured, self._forms, self._shown, epochs)
        epochs["clock_ms"], epochs["date_days"] = clock_ms, date_days
        return epochs


def _family(settings: ReceiverSettings, seed: int, unit: int) -> int:
    able = settings.able if settings.families == MIXED else (settings.families,)
    return FAMILY_NAMES.index(able[draw(seed, _FAMILY, unit) % len(able)])


def _start_positions(forms: Array) -> Array:
    """Where receivers say to be that never had a fix."""
    shown = np.full(len(forms), UNKNOWN, SHOWN)
    minute = 10 ** forms["minute_places"]
    set_by_maker = forms["start_lat_minutes"] > 0
    shown["lat"][set_by_maker] = (forms["start_lat_minutes"] * minute)[set_by_maker]
    shown["lon"][set_by_maker] = (forms["start_lon_minutes"] * minute)[set_by_maker]
    return shown
