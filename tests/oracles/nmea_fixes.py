"""The NMEA oracle's door: messages to rows, rejects and counts, one payload, one sentence, one value at a time.

Payloads are plain; gzip and zstd have tests of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from snowtrack.model.fixes import FixBatch, Message, Reject, RejectReason, Remark
from tests.oracles.nmea_lines import RAW_BYTES_KEPT, Piece, pieces
from tests.oracles.nmea_sentences import SECOND_US, Dialect, Stated, first_of_each, kind_of, stated

PAYLOAD_BYTES_MAX = 256 * 1024
DAY_US = 86_400 * SECOND_US
WORD = 2**64
SAME_INSTANT_US = 5_000
STANDARD = Dialect()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the oracle makes of messages."""

    rows: list[tuple[int, ...]]
    begins: list[int]
    rejects: tuple[Reject, ...]
    counts: Mapping[tuple[int, RejectReason], int]


@dataclass(slots=True)
class Epoch:
    """The sentences of one instant."""

    sentences: list[Stated] = field(default_factory=list)

    @property
    def opened(self) -> bool:
        return self.sentences[0].kind.opens

    @property
    def closed(self) -> bool:
        """It is one sentence whose time cannot be read."""
        return not self.opened and self.sentences[0].alone

    @property
    def values(self) -> dict[str, int]:
        """Of two that state the same value the one of lower rank is believed; of two of one rank the first."""
        ranked = sorted(self.sentences, key=lambda sentence: sentence.kind.rank)
        found: dict[str, int] = {}
        for sentence in ranked:
            found = dict(first_of_each(sentence.facts)) | found
        return found

    def takes(self, sentence: Stated) -> bool:
        if sentence.kind.opens or self.closed or (sentence.alone and not self.opened):
            return False
        own, other = self.values.get("day_us"), dict(sentence.facts).get("day_us")
        return own is None or other is None or abs(own - other) < SAME_INSTANT_US

    def earlier(self, sentence: Stated) -> Stated | None:
        """The sentence of the same kind that is here already."""
        if sentence.kind.repeats:
            return None
        return next((each for each in self.sentences if each.kind is sentence.kind), None)


def group(sentences: Sequence[Stated]) -> list[Epoch]:
    """Cut a payload's sentences into epochs."""
    epochs: list[Epoch] = []
    for sentence in sentences:
        if epochs and epochs[-1].takes(sentence):
            earlier = epochs[-1].earlier(sentence)
            if earlier is None:
                epochs[-1].sentences.append(sentence)
                continue
            if set(sentence.facts) <= set(earlier.facts):
                continue
        epochs.append(Epoch([sentence]))
    return epochs


def read(messages: Sequence[Message], dialects: Sequence[Dialect] = (), rejects_kept: int = 1_000) -> Read:
    """Read messages as `snowtrack.nmea.decode.Decoder` does."""
    rows: list[tuple[int, ...]] = []
    begins: list[int] = []
    faults: list[Reject] = []
    lines: list[Reject] = []
    counts: Counter[tuple[int, RejectReason]] = Counter()
    for place, message in enumerate(messages):
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            faults.append(_reject(place, message, 0, RejectReason.TOO_LARGE, message.payload))
            counts[message.device, RejectReason.TOO_LARGE] += 1
            continue
        sentences, rejected = _sentences(message, (STANDARD, *dialects)[message.dialect])
        for piece, reason in rejected:
            counts[message.device, reason] += 1
            if reason is not RejectReason.UNKNOWN_SENTENCE:
                lines.append(_reject(place, message, piece.at, reason, piece.raw))
        for epoch in group(sentences):
            rows.append(_row(message, epoch))
            begins.append(epoch.sentences[0].piece.at)
    return Read(rows=rows, begins=begins, rejects=(*faults, *lines[:rejects_kept]), counts=dict(counts))


def _sentences(message: Message, dialect: Dialect) -> tuple[list[Stated], list[tuple[Piece, RejectReason]]]:
    """The sentences of a payload, and what was rejected, or not read wholly, or is read by nobody."""
    sentences: list[Stated] = []
    rejected: list[tuple[Piece, RejectReason]] = []
    for piece in pieces(message.payload, dialect.unchecked):
        if piece.reason is not None:
            rejected.append((piece, piece.reason))
            continue
        kind = kind_of(piece, dialect)
        if kind is None:
            rejected.append((piece, RejectReason.UNKNOWN_SENTENCE))
            continue
        sentence = stated(piece, kind)
        if sentence is not None:
            sentences.append(sentence)
        if sentence is None or sentence.bad:
            rejected.append((piece, RejectReason.BAD_FIELD))
    return sentences, rejected


def _reject(place: int, message: Message, at: int, reason: RejectReason, raw: bytes) -> Reject:
    return Reject(
        message=place,
        at=at,
        device=message.device,
        received_us=message.received_us,
        reason=reason,
        raw=raw[:RAW_BYTES_KEPT],
    )


def _row(message: Message, epoch: Epoch) -> tuple[int, ...]:
    values = epoch.values
    if "void" in values:
        values = {name: value for name, value in values.items() if name not in ("lat_e7", "lon_e7")}
    if {"date_us", "day_us"} <= values.keys():
        values["time_us"] = values["date_us"] + values["day_us"]
    if "day_us" in values:
        values["day_us"] %= DAY_US
    remarks = Remark.VOID if "void" in values else Remark(0)
    if not all(sentence.piece.checked for sentence in epoch.sentences):
        remarks |= Remark.UNCHECKED
    timed = any(sentence.tells_when for sentence in epoch.sentences)
    sources = {sentence.kind.source for sentence in epoch.sentences}
    values |= {
        "device": message.device,
        "received_us": message.received_us,
        "digest": digest([sentence.piece.text for sentence in epoch.sentences if sentence.tells_when or not timed]),
        "sources": sum(sources),
        "remarks": remarks,
    }
    return tuple(values.get(name, int(np.iinfo(dtype).min)) for name, dtype in FixBatch.dtypes().items())


def digest(texts: Sequence[bytes]) -> int:
    """The digest of an epoch: its texts' digests, each mixed into that of those before it."""
    chained = 0
    for text in texts:
        mixed = (chained ^ murmur64a(text)) * 0x9E3779B97F4A7C15 % WORD
        chained = mixed ^ mixed >> 32
    return chained - WORD if chained >= WORD // 2 else chained


def murmur64a(text: bytes, seed: int = 0) -> int:
    """MurmurHash64A (Austin Appleby, public domain): whole words are mixed, the rest is only added."""
    factor, shift = 0xC6A4A7935BD1E995, 47
    words, rest = divmod(len(text), 8)
    hashed = seed ^ len(text) * factor % WORD
    for word in range(words):
        mixed = int.from_bytes(text[8 * word : 8 * word + 8], "little") * factor % WORD
        mixed = (mixed ^ mixed >> shift) * factor % WORD
        hashed = (hashed ^ mixed) * factor % WORD
    if rest:
        hashed = (hashed ^ int.from_bytes(text[8 * words :], "little")) * factor % WORD
    hashed = (hashed ^ hashed >> shift) * factor % WORD
    return hashed ^ hashed >> shift
