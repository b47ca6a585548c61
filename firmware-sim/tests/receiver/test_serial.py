"""The serial line turns, loses and cuts as much as it was told to, and leaves the rest alone."""

from collections.abc import Callable

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.receiver.serial import SerialLine
from ploughsim.receiver.settings import ReceiverSettings

TEXT = b"".join(b"$GPTXT,01,01,02,%03d a line of a receiver*00\r\n" % line for line in range(12))
Drive = Callable[..., Array]


def carried(truth: Array, settings: ReceiverSettings, seed: int = 1) -> list[bytes]:
    line = SerialLine(settings, seed)
    return [line.carry(TEXT, int(row["unit"]), int(row["time_ms"]), int(row["on_ms"])) for row in truth]


FAULTS = [
    ReceiverSettings(),
    ReceiverSettings(bit_errors=1e-5),
    ReceiverSettings(lost_bytes=1e-4),
    ReceiverSettings(cut_sentences_per_h=100),
    ReceiverSettings(torn_starts=0.5, rate_hz=2),
    ReceiverSettings(bit_errors=1e-4, lost_bytes=1e-4, cut_sentences_per_h=500, torn_starts=1.0),
]


@pytest.mark.parametrize("settings", FAULTS)
def test_only_rows_that_are_called_faulty_are_changed(drive: Drive, settings: ReceiverSettings) -> None:
    truth = drive(20, 0, 100)
    faulty = SerialLine(settings, 1).faulty(truth)
    changed = np.array([text != TEXT for text in carried(truth, settings)])
    assert not (changed & ~faulty).any()
    assert changed.any() == (settings != ReceiverSettings())
    # Some are looked at in vain, since their text is shorter than texts may be.
    assert faulty.sum() <= 8 * changed.sum()


def test_a_line_without_faults_needs_no_look(drive: Drive) -> None:
    assert not SerialLine(ReceiverSettings(), 1).faulty(drive(20, 0, 100)).any()


@pytest.mark.parametrize("bit_errors", [1e-4, 1e-3])
def test_so_many_bits_are_turned(drive: Drive, bit_errors: float) -> None:
    texts = carried(drive(40, 0, 100), ReceiverSettings(bit_errors=bit_errors))
    differences = [one ^ other for text in texts for one, other in zip(text, TEXT, strict=True)]
    turned = [difference for difference in differences if difference]
    assert all(difference.bit_count() == 1 for difference in turned)
    assert len(turned) / (8 * len(differences)) == pytest.approx(bit_errors, rel=0.15)
    assert set(turned) == {1 << bit for bit in range(8)}


@pytest.mark.parametrize("lost_bytes", [1e-3, 1e-2])
def test_so_many_bytes_are_lost(drive: Drive, lost_bytes: float) -> None:
    texts = carried(drive(40, 0, 100), ReceiverSettings(lost_bytes=lost_bytes))
    lost = len(texts) * len(TEXT) - sum(map(len, texts))
    assert lost / (len(texts) * len(TEXT)) == pytest.approx(lost_bytes, rel=0.15)


def test_faults_are_anywhere_in_a_text(drive: Drive) -> None:
    texts = carried(drive(40, 0, 100), ReceiverSettings(bit_errors=1e-4))
    places = [at for text in texts for at, (one, other) in enumerate(zip(text, TEXT, strict=True)) if one != other]
    thirds = np.histogram(places, bins=3, range=(0, len(TEXT)))[0]
    assert thirds.min() > 0.85 * thirds.mean()


@pytest.mark.parametrize(("rate_hz", "step_ms"), [(1, 1000), (10, 100)])
def test_so_many_sentences_are_cut(drive: Drive, rate_hz: int, step_ms: int) -> None:
    truth = drive(40, 0, 3600 / rate_hz, step_ms)
    texts = carried(truth, ReceiverSettings(cut_sentences_per_h=200, rate_hz=rate_hz))
    cut = [text for text in texts if text != TEXT]
    hours = len(truth) * step_ms / 3_600_000
    assert len(cut) / hours == pytest.approx(200, rel=0.2)
    assert all(TEXT.startswith(text) for text in cut)
    assert len({len(text) for text in cut}) > 100


@pytest.mark.parametrize(("share", "rate_hz"), [(0.3, 1), (1.0, 5)])
def test_a_torn_start_is_the_end_of_a_line_before_the_first_epoch_of_a_boot(
    drive: Drive, share: float, rate_hz: int
) -> None:
    truth = drive(500, 0, 3 / rate_hz, 1000 // rate_hz)
    texts = np.array(carried(truth, ReceiverSettings(torn_starts=share, rate_hz=rate_hz)), object).reshape(500, 3)
    torn = texts[:, 0] != TEXT
    assert torn.mean() == pytest.approx(share, abs=0.07)
    assert (texts[:, 1:] == TEXT).all()
    for text in texts[torn, 0]:
        fragment = text.removesuffix(TEXT)
        assert fragment.endswith(b"\n")
        assert fragment.count(b"\n") == 1
        assert fragment in TEXT


def test_the_same_seed_makes_the_same_faults(drive: Drive) -> None:
    truth, settings = drive(5, 0, 100), FAULTS[-1]
    assert carried(truth, settings) == carried(truth, settings)
    assert carried(truth, settings) != carried(truth, settings, seed=2)
    assert carried(truth, settings)[::-1] == carried(truth[::-1], settings)


def test_nothing_stays_nothing() -> None:
    assert SerialLine(FAULTS[-1], 1).carry(b"", 0, 0, 0) == b""
