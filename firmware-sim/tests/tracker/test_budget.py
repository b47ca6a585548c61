"""The firmware fits a small microcontroller: by its bounds, and by what it holds at its worst."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.families import ALL_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker import budget, orders, outbox
from ploughsim.tracker.assembler import EPOCH_BYTES_MAX, LINE_BYTES_MAX, Assembler
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.messages import WINDOW_MESSAGES, Lane
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.ring import EXTRA_STRETCHES
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.spans import SPANS_MAX, Spans
from ploughsim.tracker.tracker import Tracker


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_memory_and_flash_of_a_day_are_within_the_budget(compression: str) -> None:
    settings = TrackerSettings(compression=compression)
    assert settings.ring_hours == 24
    assert sum(budget.ram(settings).values()) <= budget.RAM_BYTES_MAX == 64 * 1024
    assert sum(budget.flash(settings).values()) <= budget.FLASH_BYTES_MAX == 4_000_000


def test_the_stretches_spans_and_flights_are_as_many_as_the_budget_counts() -> None:
    settings = TrackerSettings()
    ram = budget.ram(settings)
    assert ram["index of the ring"] == 12 * (settings.ring_sectors + EXTRA_STRETCHES)
    assert ram["spans to send"] == 2 * 12 * SPANS_MAX
    assert ram["flights"] == 29 * outbox.FLIGHTS_MAX
    assert ram["window"] == 7 * WINDOW_MESSAGES


def test_a_tracker_at_its_worst_keeps_to_its_bounds() -> None:
    """Many reboots, long epochs, ten a second, and a network that takes messages but never confirms."""
    flash = MemoryFlash()
    settings = TrackerSettings(storage="raw", ring_hours=0.3, epochs_per_message=1, message_wait_s=0)
    now, lengths = 0.0, []
    for boot in range(100):
        tracker = Tracker(flash, settings, FAMILY, seed=1)
        tracker.connected(now)
        for at in range(90 if boot == 99 else 3):
            now += 0.1
            tracker.on_message(Lane.DOWN, b'{"id":"o-%d","order":{}}' % at, now)
            text = write_epoch(row_of(at, boot=0, seq=0), FAMILY, own=False, kinds=ALL_KINDS) + b"?" * 300
            tracker.hear(text, int(1000 * now), Inputs())
            while (message := tracker.next(now)) is not None:
                lengths.append(len(message.payload))
                if at % 3:
                    tracker.acknowledged(message.number, now)
            assert tracker.outbox.live_bytes <= outbox.LIVE_BYTES_MAX
            assert tracker.outbox.flights <= outbox.FLIGHTS_MAX
            assert tracker.messages_without_puback <= WINDOW_MESSAGES
            assert tracker.ring.stretch_count <= settings.ring_sectors + EXTRA_STRETCHES
            assert tracker.orders.bytes_kept <= orders.BYTES_MAX
    assert max(lengths) <= max(outbox.MESSAGE_BYTES_MAX, outbox.LIVE_BYTES_MAX)
    assert len(lengths) > 300


def test_a_serial_line_of_junk_keeps_to_its_bounds() -> None:
    assembler = Assembler(FAMILY, everything=True)
    for at in range(200):
        assembler.feed(b"?" * 77 + b"\n" * (at % 5 == 0), at)
        assert assembler.waiting_bytes <= LINE_BYTES_MAX + EPOCH_BYTES_MAX


def test_spans_keep_to_their_bound() -> None:
    spans = Spans()
    for seq in range(0, 1000, 2):
        spans.add((1, seq), (1, seq + 1))
        assert len(spans) <= SPANS_MAX


def test_the_readme_says_what_a_tracker_needs() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    settings = TrackerSettings()
    for part, size in budget.ram(settings).items():
        assert f"\n| {part} | {size:,} |\n" in readme
    for compression in ("none", "gzip", "zstd"):
        whole = sum(budget.ram(replace(settings, compression=compression)).values())
        assert re.search(rf"sum with {compression}\W+{whole:,}", readme)
    assert f"{sum(budget.flash(settings).values()):,} bytes for 24 h" in readme
