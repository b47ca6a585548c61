"""What a firmware with these bounds needs of a microcontroller, part by part, in bytes.

Sizes of what is kept in numbers are those of C structures. MQTT's transport, TCP and TLS, is the modem's.
"""

import struct
from collections.abc import Mapping

from ploughsim.tracker import orders, outbox
from ploughsim.tracker.assembler import EPOCH_BYTES_MAX, LINE_BYTES_MAX
from ploughsim.tracker.bits import SLOT_BYTES
from ploughsim.tracker.compression import MEMORY_BYTES
from ploughsim.tracker.configuration import SECTORS
from ploughsim.tracker.flash import SECTOR_BYTES
from ploughsim.tracker.messages import WINDOW_MESSAGES
from ploughsim.tracker.ring import EXTRA_STRETCHES
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.slots import text_slots
from ploughsim.tracker.spans import SPANS_MAX

RAM_BYTES_MAX = 64 * 1024
FLASH_BYTES_MAX = 4_000_000

_NAME = "IQ"  # boot and seq
# Serial modulo sectors, slot, count, boot and seq: the base is read again from the flash.
_STRETCH = struct.calcsize("<HBBII")
_FLIGHT = struct.calcsize(f"<B{_NAME}{_NAME}I")
_WAITING = struct.calcsize("<HBI")
_STACK_BYTES = 4096
_STATES_BYTES = 1024  # the state of all machines, the back-offs, watchdogs and counters among them


def ram(settings: TrackerSettings) -> Mapping[str, int]:
    """The serial line and the epoch in work, the index of the ring, the messages."""
    return {
        "serial line": 2 * LINE_BYTES_MAX + EPOCH_BYTES_MAX,
        "slots of an epoch": text_slots(EPOCH_BYTES_MAX) * SLOT_BYTES,
        "index of the ring": (settings.ring_sectors + EXTRA_STRETCHES) * _STRETCH,
        "live epochs": outbox.LIVE_BYTES_MAX,
        "spans to send": SPANS_MAX * 2 * struct.calcsize(f"<{_NAME}"),
        "flights": outbox.FLIGHTS_MAX * _FLIGHT,
        "window": WINDOW_MESSAGES * _WAITING,
        # A message on `down` is read where the one that is made next will lie.
        "message in or out": max(outbox.MESSAGE_BYTES_MAX, orders.DOWN_BYTES_MAX),
        "answers and ids": orders.BYTES_MAX,
        "compression": MEMORY_BYTES[settings.compression],
        "states": _STATES_BYTES,
        "stack": _STACK_BYTES,
    }


def flash(settings: TrackerSettings) -> Mapping[str, int]:
    """On the chip beside the firmware's own."""
    return {"configuration": SECTORS * SECTOR_BYTES, "ring": settings.ring_sectors * SECTOR_BYTES}
