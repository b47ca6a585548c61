"""What new fixes say to the clocks of their boots, and what that changes."""

from collections.abc import MutableMapping

import numpy as np

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import Bools, Int64s, Rows, grouped, least, most, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.tracks.clock import OLDEST_US, as_stated, is_fix
from snowtrack.tracks.identity import BootId, boots_of
from snowtrack.tracks.sessions import BIN_US, BootClock, Votes, Waiting


def learn(clocks: MutableMapping[BootId, BootClock], fixes: FixBatch, oldest_us: int = OLDEST_US) -> list[DirtyStretch]:
    """Take new fixes in; the stretches to compute again because a clock changed its mind."""
    numbered = fixes.take(present(fixes.seq))
    boots, boot = boots_of(numbered.device, numbered.boot)
    unheard = {boot_id for boot_id in boots if boot_id not in clocks}
    clocks.update((boot_id, BootClock()) for boot_id in boots if boot_id in unheard)
    told = [clocks[boot_id] for boot_id in boots]
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
    for clock, earliest in zip(told, least(power_up_us, boot, len(told)).tolist(), strict=True):
        clock.receive(earliest)


def _tell_votes(
    told: list[BootClock], boot: Rows, seq: Int64s, times_us: Int64s, uptime_us: Int64s, ahead: Bools
) -> None:
    offset_us = times_us - uptime_us
    bins = offset_us // BIN_US
    found, group = grouped(boot, bins)
    first_seq, count = least(seq, group, len(found)), len(found)
    firsts = seq == first_seq[group]
    columns = (
        boot[found],
        bins[found],
        first_seq,
        most(seq, group, count),
        least(offset_us[firsts], group[firsts], count),
        least(times_us, group, count),
        most(times_us, group, count),
        most(ahead.astype(np.int64), group, count) > 0,
    )
    for place, number, *votes in zip(*(column.tolist() for column in columns), strict=True):
        told[place].vote(number, Votes(*votes))


def _tell_unset(told: list[BootClock], boot: Rows, times_us: Int64s, uptime_us: Int64s) -> None:
    bins = (times_us - uptime_us) // BIN_US
    found, group = grouped(boot, bins)
    columns = (boot[found], bins[found], least(times_us, group, len(found)), most(times_us, group, len(found)))
    for place, number, low, high in zip(*(column.tolist() for column in columns), strict=True):
        told[place].state_unset(number, (low, high))


def _tell_leaning(told: list[BootClock], boot: Rows, uptime_us: Int64s) -> None:
    found, group = grouped(boot)
    columns = (boot[found], least(uptime_us, group, len(found)), most(uptime_us, group, len(found)))
    for place, low, high in zip(*(column.tolist() for column in columns), strict=True):
        told[place].lean((low, high))


def _tell_waiting(told: list[BootClock], boot: Rows, seq: Int64s, received_us: Int64s) -> None:
    found, group = grouped(boot)
    columns = (
        boot[found],
        most(seq, group, len(found)),
        least(received_us, group, len(found)),
        most(received_us, group, len(found)),
    )
    for place, *waiting in zip(*(column.tolist() for column in columns), strict=True):
        told[place].wait(Waiting(*waiting))


def _tell_hours(told: list[BootClock], boot: Rows, seq: Int64s, stated_us: Int64s) -> None:
    hours = stated_us // HOUR_US
    found, group = grouped(boot, hours)
    columns = (boot[found], hours[found], least(seq, group, len(found)))
    for place, hour, lowest in zip(*(column.tolist() for column in columns), strict=True):
        told[place].date(hour, lowest)
