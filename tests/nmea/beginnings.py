"""What the beginning of a payload may give: the same fixes up to the last one, and of that one no wrong value."""

from collections.abc import Sequence

from snowtrack.model.columns import present
from snowtrack.model.fixes import Decoded, FixBatch, Message, Remark
from snowtrack.nmea.decode import decode

# These say which bytes and sentences an epoch has; all others are values.
OF_THE_WHOLE = ("device", "digest", "sources", "remarks")


def decode_each(payloads: Sequence[bytes]) -> tuple[Decoded, list[FixBatch]]:
    """Decode payloads in one call, the first as device 0; and the fixes of each."""
    decoded = decode([Message(device=at, received_us=0, payload=payload) for at, payload in enumerate(payloads)])
    return decoded, [decoded.fixes.take(decoded.fixes.device == at) for at in range(len(payloads))]


def same_but_for_the_device(fixes: FixBatch) -> list[tuple[int, ...]]:
    return [row[1:] for row in fixes.rows()]


def assert_beginning(part: FixBatch, whole: FixBatch) -> None:
    """`part` is what a payload gives that was cut off somewhere, `whole` what it would have given."""
    earlier = max(len(part) - 1, 0)
    assert len(part) <= len(whole)
    assert same_but_for_the_device(part)[:earlier] == same_but_for_the_device(whole)[:earlier]
    if len(part):
        _assert_less(part, whole, earlier)


def _assert_less(part: FixBatch, whole: FixBatch, at: int) -> None:
    """Each value is the whole fix's too, unless a sentence that came later outranks or voids it."""
    here, later = int(part.sources[at]), int(whole.sources[at] & ~part.sources[at])
    assert not part.sources[at] & ~whole.sources[at]
    assert not part.remarks[at] & ~whole.remarks[at]
    outranked = later & -later and later & -later < here
    voided = whole.remarks[at] & Remark.VOID
    for name in part.dtypes():
        ours, theirs = getattr(part, name)[at], getattr(whole, name)[at]
        if name in OF_THE_WHOLE or not present(getattr(part, name))[at] or ours == theirs:
            continue
        lost = voided and name in ("lat_e7", "lon_e7") and not present(getattr(whole, name))[at]
        assert lost or (outranked and present(getattr(whole, name))[at]), (name, ours, theirs)
