"""The decoder reads of every receiver family what the simulator meant: the night of a receiver, and any row at all."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.sentences.families import ALL_KINDS, FAMILIES, FAMILY_NAMES, KEPT_KINDS, Family, days
from ploughsim.sentences.write import write_epochs
from ploughsim.world.truth import TRUTH
from snowtrack.model.fixes import Decoded, FixBatch, Message, RejectReason, Remark
from snowtrack.nmea.decode import decode

EPOCHS_A_MESSAGE = 10
START_MS = 1_768_404_600_000
DAY_MS = 86_400_000
DAYS_TO_1980 = 3_652
UNITS = 8
KNOT_MMPS, DEGREE_E7 = Fraction(4_630, 9), 10_000_000
ESTIMATED = b"E"[0]


def night() -> Array:
    """Ten minutes with a cold start, a tunnel, a snow shed, a street, and a power cut."""
    seconds = np.arange(600)
    truth = np.zeros(UNITS * len(seconds), TRUTH)
    truth["unit"] = np.repeat(np.arange(UNITS), len(seconds))
    since_s = np.tile(seconds, UNITS)
    truth["time_ms"] = START_MS + 1000 * since_s
    truth["boot"], truth["on_ms"] = 1 + since_s // 400, START_MS + since_s // 400 * 400_000
    truth["lat_deg"], truth["lon_deg"] = 36.5 + 7e-5 * since_s, 136.6 - 5e-5 * since_s
    truth["speed_mmps"], truth["course_cdeg"] = (since_s // 60) % 3 * 6_000, 33_100
    truth["sky"] = np.choose(since_s // 60 % 6, [0, 1, 3, 0, 2, 0])
    truth["blade_input"], truth["spreader_input"], truth["pto_input"] = since_s % 2, truth["unit"] % 3 - 1, -1
    truth["angle_tenths"], truth["density_tenths"], truth["width_tenths"] = -251, 205, 32
    return truth


def decoded(epochs: Array, families: Array, kinds: int) -> Decoded:
    text, offsets = write_epochs(epochs, families, kinds=kinds)
    payloads = [
        text[offsets[first] : offsets[min(first + EPOCHS_A_MESSAGE, len(epochs))]].tobytes()
        for first in range(0, len(epochs), EPOCHS_A_MESSAGE)
    ]
    return decode([Message(device=1, received_us=1, payload=payload) for payload in payloads])


def said(fixes: FixBatch, row: int) -> dict[str, int]:
    """The values of a fix that are there."""
    columns = {name: getattr(fixes, name) for name in FixBatch.dtypes()}
    return {name: int(each[row]) for name, each in columns.items() if each[row] != np.iinfo(each.dtype).min}


# Columns that are the same number, in another unit perhaps.
OWN = {"boot": 1, "seq": 1, "uptime_ms": 1, "blade": 1, "spreader": 1, "pto": 1, "inputs": 1, "buffer": 1}
SCALES = OWN | {"angle_tenths": 10, "density_tenths": 100, "width_tenths": 100, "battery_hundredths": 10}
OURS = {"spreader": "spreading", "buffer": "buffered", "angle_tenths": "blade_cdeg", "density_tenths": "spread_mgpm2"}
OURS |= {"width_tenths": "spread_width_mm", "battery_hundredths": "battery_mv"}


def meant(epoch: Any, form: Family) -> dict[str, Fraction]:  # noqa: ANN401 - a record
    """What the decoder should say of an epoch, before rounding."""
    absent = {UNKNOWN, NOT_SAID}
    value = {name: int(epoch[name]) for name in EPOCH.fields or ()}
    expected = {
        OURS.get(name, name): Fraction(value[name] * scale)
        for name, scale in SCALES.items()
        if value[name] not in absent or (name == "angle_tenths" and value[name] != UNKNOWN)
    }
    known = {name: one for name, one in value.items() if one != UNKNOWN}
    if "clock_ms" in known:
        expected["day_us"] = Fraction(known["clock_ms"] * 1000)
        if "date_days" in known:
            expected["time_us"] = expected["day_us"] + (known["date_days"] + DAYS_TO_1980) * DAY_MS * 1000
        expected["day_us"] %= DAY_MS * 1000
    if value["status"] == 1 and {"lat", "lon"} <= set(known):
        minute = 60 * 10**form.minute_places
        expected["lat_e7"] = Fraction(value["lat"] * DEGREE_E7, minute)
        expected["lon_e7"] = Fraction(value["lon"] * DEGREE_E7, minute)
    if "speed" in known:
        expected["speed_mmps"] = known["speed"] * KNOT_MMPS / 10**form.speed_places
    if "course" in known:
        expected["course_cdeg"] = Fraction(known["course"] * 100, 10**form.course_places)
    if "altitude" in known:
        expected["alt_mm"] = Fraction(known["altitude"] * 1000, 10**form.altitude_places)
    if "hdop" in known:
        expected["hdop_centi"] = Fraction(known["hdop"] * 100, 10**form.hdop_places)
    for name in ("quality", "satellites"):
        if value[name] >= 0:
            expected[name] = Fraction(value[name])
    return expected


def assert_as_meant(fixes: FixBatch, epochs: Array, families: Array) -> None:
    assert len(fixes) == len(epochs)
    for row, epoch in enumerate(epochs):
        found = said(fixes, row)
        void = found.pop("remarks")
        for name in ("device", "received_us", "digest", "sources"):
            found.pop(name)
        expected = meant(epoch, FAMILIES[families[row]])
        assert set(found) == set(expected)
        assert all(abs(found[name] - expected[name]) <= Fraction(1, 2) for name in found)
        assert void == (0 if epoch["status"] == 1 else int(Remark.VOID))


@pytest.mark.parametrize("kinds", [KEPT_KINDS, ALL_KINDS], ids=["kept", "all"])
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_the_night_of_a_receiver_is_decoded_as_it_was_meant(family: str, kinds: int) -> None:
    faults = ClockSettings(unset=0.1, default_date=0.2, rollover=0.1, drift=0.1, jump=0.1, leap_second=0.1, future=0.1)
    receivers = Receivers(ReceiverSettings(families=family, losses_per_h=30), faults, UNITS, 7)
    truth = night()
    epochs, families = receivers.observe(truth), receivers.families[truth["unit"]]
    epochs["seq"] = 1 + np.arange(len(epochs))
    result = decoded(epochs, families, kinds)
    unread = {reason for (_, reason), count in result.counts.items() if count}
    assert unread <= {RejectReason.UNKNOWN_SENTENCE}
    assert_as_meant(result.fixes, epochs, families)
    assert {0, 6} < set(epochs["quality"])


@st.composite
def rows(draw: st.DrawFn) -> tuple[tuple[int, ...], int]:
    """Any epoch with and without a fix, and its family."""
    family = draw(st.integers(0, len(FAMILIES) - 1))
    form = FAMILIES[family]
    fixed = draw(st.booleans())
    tick_ms, minute = 10 ** (3 - form.time_places), 60 * 10**form.minute_places
    maybe = {
        "uptime_ms": st.integers(0, 2**53 - 1),
        "angle_tenths": st.integers(-900, 900),
        "density_tenths": st.integers(0, 10_000),
        "width_tenths": st.integers(0, 1_000),
        "inputs": st.integers(0, 0xFFFF),
        "battery_hundredths": st.integers(0, 10_000),
        "buffer": st.integers(0, 2**31 - 1),
        "clock_ms": st.integers(0, DAY_MS // tick_ms - 1).map(lambda ticks: ticks * tick_ms),
        "date_days": st.integers(0, days(2079, 12, 31)),
        "speed": st.integers(0, 100 * 10**form.speed_places),
        "course": st.integers(0, 360 * 10**form.course_places - 1),
        "altitude": st.integers(-900 * 10**form.altitude_places, 9_000 * 10**form.altitude_places),
        "hdop": st.integers(0, 99 * 10**form.hdop_places),
        "separation_tenths": st.integers(-900, 900),
    }
    row = {name: draw(st.one_of(st.just(UNKNOWN), values)) for name, values in maybe.items()}
    row |= {"lat": draw(st.integers(-90 * minute, 90 * minute)), "lon": draw(st.integers(-180 * minute, 180 * minute))}
    row |= {"boot": draw(st.integers(1, 2**32 - 1)), "seq": draw(st.integers(1, 2**53 - 1))}
    row |= {name: draw(st.sampled_from([NOT_SAID, 0, 1])) for name in ("blade", "spreader", "pto")}
    quality = draw(st.sampled_from([1, 2, 6])) if fixed else 0
    letter = {0: "N", 1: "A", 2: "D", 6: "E"}[quality]
    row |= {"status": int(fixed), "quality": quality, "mode": ord(letter) if form.modes else NOT_SAID}
    row["satellites"] = draw(st.integers(0, 40))
    return tuple(row[name] for name in EPOCH.names or ()), family


@given(st.lists(rows(), min_size=1, max_size=8), st.sampled_from([KEPT_KINDS, ALL_KINDS]))
def test_any_epoch_is_decoded_as_it_was_meant(drawn: list[tuple[tuple[int, ...], int]], kinds: int) -> None:
    epochs = np.array([row for row, _ in drawn], EPOCH)
    families = np.array([family for _, family in drawn], np.int64)
    assert_as_meant(decoded(epochs, families, kinds).fixes, epochs, families)
