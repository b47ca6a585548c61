"""Epochs as they are sent: the tracker's own sentence, then the receiver's."""

from dataclasses import dataclass

from ploughsim.compiled import Array
from ploughsim.sentences.write import write_epoch, write_epochs
from ploughsim.tracker.ring import Found, Name

NO_KINDS = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    name: Name
    payload: bytes

    @property
    def stop(self) -> Name:
        """The name behind it."""
        return self.name[0], self.name[1] + 1


def own_words(row: Array, family: int) -> bytes:
    """The tracker's own sentence."""
    return write_epoch(row, family, kinds=NO_KINDS)


def in_words(found: Found) -> list[Epoch]:
    """Epochs out of the ring, with the bytes that they had at first."""
    whole, offsets = write_epochs(found.rows, found.family)
    data = whole.tobytes()
    places = offsets.tolist()
    names = zip(found.rows["boot"].tolist(), found.rows["seq"].tolist(), strict=True)
    return [
        Epoch(name, data[places[at] : places[at + 1]] if text is None else _with_text(found, at, text))
        for at, (name, text) in enumerate(zip(names, found.texts, strict=True))
    ]


def _with_text(found: Found, at: int, text: bytes) -> bytes:
    return own_words(found.rows[at : at + 1], found.family) + text
