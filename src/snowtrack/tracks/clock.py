"""At which instant a fix was observed, and what that rests on.

No clock is trusted until it has earned it. A stated time is plausible when it is not after its receipt and not more
than a year before; default dates and the far future are not. A receiver that lost 1,024 weeks is put right. What is
not plausible, or outvoted within its boot, is placed by the boot's clock (`sessions`) where that is certain. A time of
day without a date gets the date of its boot. What then remains can only rest on the receive time, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_16, ABSENT_64, Bools, Int8s, Int16s, Int64s, Rows, grouped, most, present
from snowtrack.model.fixes import FixBatch, Remark
from snowtrack.model.tracks import ObservedBatch, TimeTrust
from snowtrack.tracks.identity import BootId, boots_of
from snowtrack.tracks.sessions import BIN_US, NEVER_US, BootClock, Piece, Verdict

OLDEST_US = 366 * DAY_US
ROLLOVER_US = 1_024 * 7 * DAY_US
ROLLOVERS_MAX = 2
AHEAD_US_MAX = 60_000_000
# 1970-01-01, 1980-01-01, 1980-01-06, 1999-08-22, 2000-01-01: where clocks begin that were never set.
DEFAULT_DAYS = (0, 3_652, 3_657, 10_825, 10_957)
AGREEMENT_US = 60_000_000
# Power-up is known from one fix; a tracker's crystal may drift from there by this part of the time.
DRIFT_PART = 5_000


NO_PIECE = Piece(0, 0, 0)
UNHEARD = BootClock()

Clocks = Mapping[BootId, BootClock]


@dataclass(frozen=True, slots=True)
class Placed:
    """Of each fix the instant (or none) and its `TimeTrust`."""

    observed_us: Int64s
    trust: Int8s

    def put(self, rows: Rows, observed_us: Int64s, trust: Int64s | TimeTrust) -> None:
        self.observed_us[rows], self.trust[rows] = observed_us, trust


def plausible(fixes: FixBatch, oldest_us: int = OLDEST_US) -> Bools:
    """Where the stated time can be right."""
    return present(fixes.time_us) & ~is_default(fixes) & _within(fixes.time_us, fixes.received_us, oldest_us)


def is_default(fixes: FixBatch) -> Bools:
    """Where the stated day is one on which receivers begin that know nothing."""
    default: Bools = np.isin(fixes.time_us // DAY_US, DEFAULT_DAYS)
    return default


def is_fix(fixes: FixBatch) -> Bools:
    """Where no sentence said that there is none: a receiver without a fix may state any time."""
    valid: Bools = fixes.remarks & Remark.VOID == 0
    return valid


def place(fixes: FixBatch, clocks: Clocks, oldest_us: int = OLDEST_US) -> Placed:
    """The instants of fixes, given what their clocks have learned from them and from all others."""
    placed = as_stated(fixes, oldest_us)
    undated = np.flatnonzero(~present(fixes.time_us) & present(fixes.day_us))
    placed.put(undated, _latest(fixes.received_us[undated], fixes.day_us[undated]), TimeTrust.RECEIVED)
    numbered = np.flatnonzero(present(fixes.seq))
    boots, boot = boots_of(fixes.device[numbered], fixes.boot[numbered])
    known = [clocks.get(boot_id, UNHEARD) for boot_id in boots]
    counted = present(fixes.uptime_ms[numbered])
    _by_uptime(fixes, numbered[counted], boot[counted], known, placed)
    untimed, clock_of = numbered[~counted], boot[~counted]
    for at in np.unique(clock_of).tolist():
        if known[at].hours:
            _by_sequence(fixes, untimed[clock_of == at], known[at], placed)
    return placed


def observe(fixes: FixBatch, clocks: Clocks) -> ObservedBatch:
    """The fixes that have an instant and a position, in the order given."""
    placed = place(fixes, clocks)
    there = present(placed.observed_us) & present(fixes.lat_e7)
    chosen = fixes.take(there)
    made = {"observed_us": placed.observed_us[there], "spread_dgpm": _spread_dgpm(chosen), "trust": placed.trust[there]}
    return ObservedBatch(**{name: getattr(chosen, name) for name in ObservedBatch.dtypes() if name not in made} | made)


def _spread_dgpm(fixes: FixBatch) -> Int16s:
    """Tenths of a gram on each metre driven: density times width."""
    known = present(fixes.spread_mgpm2) & present(fixes.spread_width_mm)
    dgpm = fixes.spread_mgpm2.astype(np.int64) * fixes.spread_width_mm // 100_000
    return np.where(known, np.clip(dgpm, 0, 2**15 - 1), ABSENT_16).astype(np.int16)


def as_stated(fixes: FixBatch, oldest_us: int = OLDEST_US) -> Placed:
    """What each fix alone says; where it is one, also 1,024 weeks later. Without a bound, nothing says how many."""
    stated, right = present(fixes.time_us), plausible(fixes, oldest_us)
    placed = Placed(
        np.where(right, fixes.time_us, ABSENT_64),
        np.where(right, TimeTrust.STATED, np.where(stated, TimeTrust.IMPLAUSIBLE, TimeTrust.UNKNOWN)).astype(np.int8),
    )
    for rollovers in range(1, ROLLOVERS_MAX + 1 if oldest_us < ROLLOVER_US else 1):
        later_us = fixes.time_us + np.where(stated, rollovers * ROLLOVER_US, 0)
        fits = _within(later_us, fixes.received_us, oldest_us)
        lost = np.flatnonzero(stated & ~right & is_fix(fixes) & fits)
        placed.put(lost, later_us[lost], TimeTrust.CORRECTED)
    return placed


def latest_trusted(observed: ObservedBatch) -> dict[int, int]:
    """The newest instant of each device that rests on its own clock."""
    rows = np.flatnonzero(observed.trust >= TimeTrust.DATED)
    found, group = grouped(observed.device[rows])
    latest_us = most(observed.observed_us[rows], group, len(found))
    return dict(zip(observed.device[rows[found]].tolist(), latest_us.tolist(), strict=True))


def _within(time_us: Int64s, received_us: Int64s, oldest_us: int) -> Bools:
    within: Bools = (time_us >= received_us - oldest_us) & (time_us <= received_us + AHEAD_US_MAX)
    return within


def _by_uptime(fixes: FixBatch, rows: Rows, boot: Rows, known: list[BootClock], placed: Placed) -> None:
    """Fixes with an uptime; `boot` is the place of each one's clock in the list."""
    verdict = np.array([clock.opinion.verdict for clock in known], np.int64)[boot]
    received_us = np.array([clock.received_us for clock in known], np.int64)[boot]
    doubted = np.array([bool(clock.outvoted) for clock in known], np.bool_)[boot]
    _, offset_us, from_us = _pieces(boot, fixes.seq[rows], known)
    agreed = verdict == Verdict.AGREED
    expected_us = fixes.uptime_ms[rows] * 1_000 + np.where(agreed, offset_us, received_us)
    observed_us, trust, day_us = placed.observed_us[rows], placed.trust[rows], fixes.day_us[rows]
    believed, undated = trust >= TimeTrust.DATED, ~present(fixes.time_us[rows])
    room_us = AGREEMENT_US + np.where(agreed, np.abs(expected_us - from_us) // DRIFT_PART, undated * DAY_US)
    # What has a vote stands or falls with it: an offset that moves on by a minute must not move the times behind it.
    outvoted = _outvoted(boot, observed_us - fixes.uptime_ms[rows] * 1_000, known)
    fits = believed & np.where(is_fix(fixes)[rows], ~outvoted, np.abs(observed_us - expected_us) <= room_us)
    silent = (verdict == Verdict.SILENT) & (received_us != NEVER_US)
    moves = (agreed & ~fits) | (silent & (doubted | ~believed))
    # Power-up was not later than receipts say: then a time of day alone was not later than expected either.
    nearest_us = np.where(silent & undated, _latest(expected_us, day_us), _nearest(expected_us, day_us))
    near = present(day_us) & (np.abs(nearest_us - expected_us) <= room_us)
    certain = np.where(undated & near, TimeTrust.DATED, TimeTrust.CORRECTED)
    placed.put(rows[moves], np.where(near, nearest_us, expected_us)[moves], certain[moves])
    placed.trust[rows[moves & silent]] = TimeTrust.RECEIVED
    placed.trust[rows[(verdict == Verdict.DISPUTED) & believed]] = TimeTrust.DISPUTED


def _outvoted(boot: Rows, offset_us: Int64s, known: list[BootClock]) -> Bools:
    """Where votes for these offsets are not believed."""
    found = np.zeros(len(boot), np.bool_)
    for at, clock in enumerate(known):
        if clock.outvoted:
            own = boot == at
            found[own] = np.isin(offset_us[own] // BIN_US, [votes.offset_us // BIN_US for votes in clock.outvoted])
    return found


def _pieces(boot: Rows, seq: Int64s, known: list[BootClock]) -> Int64s:
    """For each fix the piece of its boot that holds its number or ends before it, else the first: a row per field."""
    counts = [len(clock.opinion.pieces) for clock in known]
    pieces = np.array([*(piece for clock in known for piece in clock.opinion.pieces), NO_PIECE], np.int64)
    starts = np.cumsum([0, *counts])
    index = np.where(np.array([*counts, 0])[boot] > 0, starts[boot], len(pieces) - 1)
    for at in np.flatnonzero(np.array(counts) > 1).tolist():
        own = boot == at
        firsts = pieces[starts[at] : starts[at + 1], 0]
        index[own] += np.maximum(np.searchsorted(firsts, seq[own], side="right") - 1, 0)
    return pieces[index].T


def _by_sequence(fixes: FixBatch, rows: Rows, clock: BootClock, placed: Placed) -> None:
    """Fixes of one boot without uptime, among the dated ones: a date for those that have none or a wrong one.

    A time of day beside a wrong date is believed when it fits the dated fixes around; and so is what a receiver
    without a fix states.
    """
    around_us, day_us = clock.dates_near(fixes.seq[rows]), fixes.day_us[rows]
    observed_us, trust, valid = placed.observed_us[rows], placed.trust[rows], is_fix(fixes)[rows]
    undated, clocked = ~present(fixes.time_us[rows]), present(day_us)
    nearest_us = np.minimum(_nearest(around_us, day_us), _latest(fixes.received_us[rows], day_us))
    dated = clocked & undated
    placed.put(rows[dated], nearest_us[dated], TimeTrust.DATED)
    wrong = clocked & valid & (trust == TimeTrust.IMPLAUSIBLE) & (np.abs(nearest_us - around_us) <= HOUR_US)
    placed.put(rows[wrong], nearest_us[wrong], TimeTrust.CORRECTED)
    unset = ~valid & (trust == TimeTrust.STATED) & (np.abs(observed_us - around_us) > DAY_US)
    placed.put(rows[unset], np.full(int(unset.sum()), ABSENT_64), TimeTrust.IMPLAUSIBLE)


def _latest(received_us: Int64s, day_us: Int64s) -> Int64s:
    """The last time before its receipt that it was this time of day."""
    until_us = received_us + AHEAD_US_MAX
    return until_us - (until_us - np.where(present(day_us), day_us, 0)) % DAY_US


def _nearest(around_us: Int64s, day_us: Int64s) -> Int64s:
    """When it was this time of day, nearest to an instant."""
    known_us = np.where(present(day_us), day_us, 0)
    return around_us + (known_us - around_us + DAY_US // 2) % DAY_US - DAY_US // 2
