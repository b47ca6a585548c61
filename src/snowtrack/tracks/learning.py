"""What new fixes say to the clocks of their boots, and what that changes."""

from collections.abc import MutableMapping

import numpy as np

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import Bools, Int64s, Rows, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.tracks.clock import OLDEST_US, as_stated, is_fix
from snowtrack.tracks.identity import BootId, boots_of
from snowtrack.tracks.sessions import BIN_US, BootClock, Votes, Waiting


def learn(clocks: MutableMapping[BootId, BootClock], fixes: FixBatch, oldest_us: int = OLDEST_US) -> list[DirtyStretch]:
    """Take new fixes in; the stretches to compute again because a clock changed its mind."""
    numbered = fixes.take(present(fixes.seq))
    boots, boot = boots_of(numbered)
    unheard = {boot_id for boot_id in boots if boot_id not in clocks}
    told = [clocks.setdefault(boot_id, BootClock()) for boot_id in boots]
    before = [(clock.waiting, clock.basis(clock.waiting), set() if clock.is_plain else clock.spans()) for clock in told]
    _tell(told, boot, numbered, oldest_us)
    dirty = []
    for boot_id, clock, (waiting, basis, spans) in zip(boots, told, before, strict=True):
        if clock.stirred:
            clock.decide()
        depends = spans or not clock.is_plain
        if depends and clock.basis(waiting) != basis and boot_id not in unheard:
            moved = sorted(spans | clock.spans())
            dirty += [DirtyStretch(device=boot_id.device, from_us=start, to_us=to) for start, to in moved]
    return dirty


def _tell(told: list[BootClock], boot: Rows, fixes: FixBatch, oldest_us: int) -> None:
    """`boot` is the place of each fix's clock in the list."""
    stated_us, valid = as_stated(fixes, oldest_us).observed_us, is_fix(fixes)
    counted, dated = present(fixes.uptime_ms), present(stated_us) & valid
    uptime_us = fixes.uptime_ms * 1_000
    rows = np.flatnonzero(counted)
    _tell_receipt(told, boot[rows], (fixes.received_us - uptime_us)[rows])
    ahead = present(fixes.time_us) & valid & ~dated & (fixes.time_us > fixes.received_us)
    rows = np.flatnonzero(counted & (dated | ahead))
    times_us = np.where(ahead, fixes.time_us, stated_us)[rows]
    _tell_votes(told, boot[rows], fixes.seq[rows], times_us, uptime_us[rows], ahead[rows])
    rows = np.flatnonzero(counted & present(stated_us) & ~valid)
    _tell_unset(told, boot[rows], stated_us[rows], uptime_us[rows])
    rows = np.flatnonzero(counted & ~dated & present(fixes.lat_e7))
    _tell_leaning(told, boot[rows], uptime_us[rows])
    rows = np.flatnonzero(~counted & ~dated & present(fixes.lat_e7))
    _tell_waiting(told, boot[rows], fixes.seq[rows], fixes.received_us[rows])
    rows = np.flatnonzero(~counted & dated)
    _tell_hours(told, boot[rows], fixes.seq[rows], stated_us[rows])


def _tell_receipt(told: list[BootClock], boot: Rows, power_up_us: Int64s) -> None:
    order, starts = _runs(boot)
    if len(order):
        earliest = np.minimum.reduceat(power_up_us[order], starts)
        for place, value in zip(boot[order][starts].tolist(), earliest.tolist(), strict=True):
            told[place].receive(value)


def _tell_votes(
    told: list[BootClock], boot: Rows, seq: Int64s, times_us: Int64s, uptime_us: Int64s, ahead: Bools
) -> None:
    offset_us = times_us - uptime_us
    bins = offset_us // BIN_US
    order, starts = _runs(boot, bins, within=(seq, offset_us))
    if len(order):
        first = order[starts]
        columns = (
            boot[first],
            bins[first],
            seq[first],
            np.maximum.reduceat(seq[order], starts),
            offset_us[first],
            np.minimum.reduceat(times_us[order], starts),
            np.maximum.reduceat(times_us[order], starts),
            np.logical_or.reduceat(ahead[order], starts),
        )
        for place, number, *votes in zip(*(column.tolist() for column in columns), strict=True):
            told[place].vote(number, Votes(*votes))


def _tell_unset(told: list[BootClock], boot: Rows, times_us: Int64s, uptime_us: Int64s) -> None:
    bins = (times_us - uptime_us) // BIN_US
    order, starts = _runs(boot, bins)
    if len(order):
        first = order[starts]
        lows, highs = np.minimum.reduceat(times_us[order], starts), np.maximum.reduceat(times_us[order], starts)
        columns = (column.tolist() for column in (boot[first], bins[first], lows, highs))
        for place, number, low, high in zip(*columns, strict=True):
            told[place].state_unset(number, (low, high))


def _tell_leaning(told: list[BootClock], boot: Rows, uptime_us: Int64s) -> None:
    order, starts = _runs(boot)
    if len(order):
        lows, highs = np.minimum.reduceat(uptime_us[order], starts), np.maximum.reduceat(uptime_us[order], starts)
        for place, low, high in zip(boot[order][starts].tolist(), lows.tolist(), highs.tolist(), strict=True):
            told[place].lean((low, high))


def _tell_waiting(told: list[BootClock], boot: Rows, seq: Int64s, received_us: Int64s) -> None:
    order, starts = _runs(boot)
    if len(order):
        columns = (
            np.maximum.reduceat(seq[order], starts),
            np.minimum.reduceat(received_us[order], starts),
            np.maximum.reduceat(received_us[order], starts),
        )
        for place, *waiting in zip(boot[order][starts].tolist(), *(column.tolist() for column in columns), strict=True):
            told[place].wait(Waiting(*waiting))


def _tell_hours(told: list[BootClock], boot: Rows, seq: Int64s, stated_us: Int64s) -> None:
    hours = stated_us // HOUR_US
    order, starts = _runs(boot, hours, within=(seq,))
    first = order[starts]
    for place, hour, lowest in zip(boot[first].tolist(), hours[first].tolist(), seq[first].tolist(), strict=True):
        told[place].date(hour, lowest)


def _runs(*keys: Int64s, within: tuple[Int64s, ...] = ()) -> tuple[Rows, Rows]:
    """An order in which equal keys lie together, ordered `within` by more; and where each run of them starts."""
    order = np.lexsort((*reversed(within), *reversed(keys)))
    if not len(order):
        return order, order
    changes = np.zeros(len(order), np.bool_)
    changes[0] = True
    for key in keys:
        changes[1:] |= key[order][1:] != key[order][:-1]
    return order, np.flatnonzero(changes)
