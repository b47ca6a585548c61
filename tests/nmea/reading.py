"""Short words for what the tests look at: the values of fixes, and what was rejected."""

from collections.abc import Mapping

from snowtrack.model.fixes import Decoded, Message, RejectReason
from snowtrack.nmea.decode import Decoder, Dialect
from tests.oracles.nmea import sentence
from tests.oracles.recordings import values

DECODER = Decoder([Dialect(unchecked=True)])
Values = dict[str, int]


def decoded(payload: bytes, *, unchecked: bool = False) -> Decoded:
    return DECODER.decode([Message(device=1, received_us=0, payload=payload, dialect=int(unchecked))])


def fixes(*texts: str) -> list[Values]:
    """The values of the fixes that sentences give which have the right checksums."""
    return values(decoded(b"".join(map(sentence, texts))).fixes)


def read(text: str) -> Values:
    """What one sentence states; nothing in it is bad."""
    found = decoded(sentence(text))
    assert not found.counts
    return stated(values(found.fixes)[0])


def read_with_a_bad_field(text: str) -> Values:
    """What a sentence states that is told to have a bad field."""
    found = decoded(sentence(text))
    assert names(found.counts) == {"BAD_FIELD": 1}
    return stated(values(found.fixes)[0]) if len(found.fixes) else {}


def stated(fix: Values) -> Values:
    """Without what the decoder says of the epoch as a whole."""
    return {name: value for name, value in fix.items() if name not in ("digest", "sources", "remarks")}


def rejects(payload: bytes, *, unchecked: bool = False) -> list[tuple[str, bytes]]:
    found = decoded(payload, unchecked=unchecked)
    assert all(payload[reject.at :].startswith(reject.raw) for reject in found.rejects)
    return [(reject.reason.name, reject.raw) for reject in found.rejects]


def names(counts: Mapping[tuple[int, RejectReason], int]) -> dict[str, int]:
    """The counts of the only device, by reason."""
    return {reason.name: count for (_, reason), count in counts.items()}
