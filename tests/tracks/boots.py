"""Boots drawn at random: trackers whose receivers tell the time rightly and wrongly, and how late each fix came."""

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.fixes import FixBatch, Remark, Source
from tests.oracles.batches import batch_of

MINUTE_US = 60 * SECOND_US
WEEK_US = 7 * DAY_US
# 2026-01-14 15:30 UTC
START_US = 1_768_404_600 * SECOND_US
DEFAULT_DAYS_US = (0, 315_532_800_000_000, 315_964_800_000_000, 935_280_000_000_000, 946_684_800_000_000)

Row = Mapping[str, int]
Clock = Callable[[int], int]
"""What the receiver states at an instant."""


def off_by(wrong_us: int) -> Clock:
    return lambda at_us: at_us + wrong_us


def begins(day_us: int) -> Clock:
    """A default date, and the time since some midnight."""
    return lambda at_us: day_us + at_us % DAY_US


RIGHT = off_by(0)
FAR_OFF = (
    off_by(-100 * DAY_US),
    off_by(-400 * DAY_US),
    off_by(30 * DAY_US),
    off_by(19_000 * DAY_US),
    off_by(-1_024 * WEEK_US),
    off_by(-2_048 * WEEK_US),
    *(begins(day_us) for day_us in DEFAULT_DAYS_US),
)
ANY_CLOCK = (
    RIGHT,
    RIGHT,
    *(off_by(wrong_us) for wrong_us in (-DAY_US, -HOUR_US, -90 * SECOND_US, -18 * SECOND_US)),
    *(off_by(wrong_us) for wrong_us in (90 * SECOND_US, 125 * SECOND_US, 2 * HOUR_US, DAY_US)),
    *FAR_OFF,
)
GAPS_US = (SECOND_US, SECOND_US, 2 * SECOND_US, 50 * SECOND_US, 700 * SECOND_US, 3 * HOUR_US)
STARTS_US = (
    START_US,
    # Ten seconds before a midnight.
    START_US - START_US % DAY_US + DAY_US - 10 * SECOND_US,
)
DELAYS_US = (0, SECOND_US, 80 * SECOND_US, 4 * HOUR_US, 13 * HOUR_US, 30 * HOUR_US, 72 * HOUR_US)
# Whole, whole, time of day alone, nothing, without a fix.
SAYINGS = ("time", "time", "time", "time", "clock", "nothing", "void", "void clock", "void nothing")


@st.composite
def a_boot(
    draw: st.DrawFn,
    *,
    clocks: tuple[Clock, ...] = ANY_CLOCK,
    delays_us: tuple[int, ...] = DELAYS_US,
    kinds: tuple[str, ...] = ("uptime", "uptime", "sleeping", "numbered", "plain"),
    gaps_us: tuple[int, ...] = GAPS_US,
) -> list[dict[str, int]]:
    """The fixes of one power cycle, or of a device without numbers, in the order in which they were made."""
    kind, drift_ppm = draw(st.sampled_from(kinds)), draw(st.sampled_from([0, 100, -100]))
    at_us = power_up_us = draw(st.sampled_from(STARTS_US))
    story = draw(st.lists(st.sampled_from(clocks), min_size=1, max_size=3))
    asleep_us, late, made = 0, draw(st.lists(st.sampled_from(delays_us), min_size=1, max_size=3)), []
    for seq in range(1, draw(st.integers(1, 9)) + 1):
        gap_us = draw(st.sampled_from(gaps_us))
        at_us += gap_us
        asleep_us += gap_us - SECOND_US if kind == "sleeping" else 0
        row = {"received_us": at_us + draw(st.sampled_from(late)), "sources": Source.RMC, "remarks": 0}
        if kind != "plain":
            row |= {"boot": 1, "seq": seq}
        if kind in ("uptime", "sleeping"):
            run_us = at_us - power_up_us - asleep_us
            row["uptime_ms"] = (run_us + run_us * drift_ppm // 1_000_000) // 1_000
        saying = draw(st.sampled_from(SAYINGS))
        stated_us = draw(st.sampled_from(story))(at_us + draw(st.sampled_from([0, 0, 300_000, -300_000])))
        made.append(row | _said(saying, stated_us, seq))
    return made


def _said(saying: str, stated_us: int, seq: int) -> dict[str, int]:
    row = {"digest": seq}
    if saying.startswith("void"):
        row["remarks"] = Remark.VOID
    else:
        row |= {"lat_e7": seq, "lon_e7": -seq}
    if saying in ("time", "void"):
        row |= {"time_us": stated_us, "day_us": stated_us % DAY_US}
    if saying.endswith("clock"):
        row["day_us"] = stated_us % DAY_US
    return row


def together(boots: list[list[dict[str, int]]]) -> FixBatch:
    """Boots of two devices in one batch; digests tell all rows apart."""
    rows = []
    for number, boot in enumerate(boots):
        for row in boot:
            whose = {"device": 1 + number % 2, "digest": 1_000 * number + row["digest"]}
            rows.append(row | whose | ({"boot": 1 + number} if "boot" in row else {}))
    return batch_of(FixBatch, *rows)


BATCHES = st.lists(a_boot(), min_size=1, max_size=4).map(together)
