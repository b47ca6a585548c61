"""What could not be read: its bytes, as far as they are kept, and how often each reason occurred."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from snowtrack.model.fixes import Message, Reject, RejectReason
from snowtrack.nmea.fields import UNKNOWN, Sentences
from snowtrack.nmea.framing import Frames, Payloads, Rejected

RAW_BYTES_KEPT = 256
CHECKSUM_BYTES = len("*hh")
REASONS = max(RejectReason) + 1

Line = tuple[int, int, int, int]
"""Payload, where the line begins and ends, reason."""


def rejected_lines(frames: Frames, sentences: Sentences, rejected: Rejected, kept: int) -> list[Line]:
    """The rejected lines in their order, those with a bad field among them, as many as are kept."""
    amiss = np.flatnonzero(sentences.amiss)[:kept]
    ends = frames.field_ends[frames.fields_from[amiss + 1] - 1] + np.where(frames.unchecked[amiss], 0, CHECKSUM_BYTES)
    reasons = [int(RejectReason.BAD_FIELD)] * len(amiss)
    bad_fields = zip(frames.payload[amiss].tolist(), frames.at[amiss].tolist(), ends.tolist(), reasons, strict=True)
    return sorted([*zip(*(column.tolist() for column in rejected[:4]), strict=True), *bad_fields])[:kept]


def line_rejects(messages: Sequence[Message], payloads: Payloads, lines: Sequence[Line]) -> Iterator[Reject]:
    """Lines with what their messages say of them."""
    for payload, at, to, reason in lines:
        raw = payloads.data[at : min(to, at + RAW_BYTES_KEPT)].tobytes()
        yield _reject(messages, payload, at - int(payloads.starts[payload]), RejectReason(reason), raw)


def payload_rejects(messages: Sequence[Message], faults: Mapping[int, RejectReason]) -> Iterator[Reject]:
    """Payloads that gave nothing, or ended before their time."""
    for payload, fault in faults.items():
        yield _reject(messages, payload, 0, fault, messages[payload].payload[:RAW_BYTES_KEPT])


def counts_by_device(
    messages: Sequence[Message],
    faults: Mapping[int, RejectReason],
    frames: Frames,
    sentences: Sentences,
    rejected: Rejected,
) -> Mapping[tuple[int, RejectReason], int]:
    """How often each reason occurred, and how many sentences nobody reads."""
    counts = rejected.counts
    unread = (sentences.kind == UNKNOWN) & ~sentences.amiss
    for chosen, reason in ((sentences.amiss, RejectReason.BAD_FIELD), (unread, RejectReason.UNKNOWN_SENTENCE)):
        counts[:, reason] += np.bincount(frames.payload[chosen], minlength=len(messages))
    found = Counter((messages[payload].device, fault) for payload, fault in faults.items())
    for payload, number in zip(*(places.tolist() for places in np.nonzero(counts)), strict=True):
        found[messages[payload].device, RejectReason(number)] += int(counts[payload, number])
    return dict(found)


def _reject(messages: Sequence[Message], payload: int, at: int, reason: RejectReason, raw: bytes) -> Reject:
    message = messages[payload]
    return Reject(
        message=payload, at=at, device=message.device, received_us=message.received_us, reason=reason, raw=raw
    )
