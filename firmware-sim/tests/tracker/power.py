"""Flash whose power fails in the middle of a write or an erase."""

from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from ploughsim.tracker.flash import ERASED, SECTOR_BYTES, MemoryFlash


class PowerCutError(Exception):
    """The machine went dark."""


@dataclass(frozen=True)
class Cut:
    """After so many more writes and erases the next one is cut: this share of it is done, the rest half done."""

    after: int
    done: float
    seed: int = 0


class FailingFlash(MemoryFlash):
    """Dark after a cut, until the power is back."""

    def __init__(self) -> None:
        super().__init__()
        self.cut: Cut | None = None
        self.operations = 0
        self._dark = False

    def power_up(self) -> None:
        self.cut, self._dark = None, False

    def read(self, offset: int, size: int) -> bytes:
        self._need_power()
        return super().read(offset, size)

    def program(self, offset: int, data: bytes) -> None:
        cut = self._next_operation()
        if cut is None:
            super().program(offset, data)
            return
        before = super().read(offset, len(data))
        chance = Random(cut.seed)
        done = round(cut.done * len(data))
        # Of what is not done, some bits are cleared and some are not yet.
        late = bytes(old & (new | chance.getrandbits(8)) for old, new in zip(before, data, strict=True))
        super().program(offset, data[:done] + late[done:])
        raise PowerCutError

    def erase(self, sector: int) -> None:
        cut = self._next_operation()
        if cut is None:
            super().erase(sector)
            return
        before = super().read(sector * SECTOR_BYTES, SECTOR_BYTES)
        chance = Random(cut.seed)
        # From one end or from the other.
        backwards = slice(None, None, chance.choice((1, -1)))
        done = round(cut.done * SECTOR_BYTES)
        touched = done + chance.randrange(SECTOR_BYTES - done + 1)
        left = ERASED * done + chance.randbytes(touched - done) + before[backwards][touched:]
        super().erase(sector)
        self.fill(sector, left[backwards])
        raise PowerCutError

    def _next_operation(self) -> Cut | None:
        self._need_power()
        self.operations += 1
        if self.cut is None or self.cut.after > 0:
            self.cut = self.cut and Cut(self.cut.after - 1, self.cut.done, self.cut.seed)
            return None
        self._dark = True
        return self.cut

    def _need_power(self) -> None:
        if self._dark:
            raise PowerCutError


def cuts(after_max: int) -> st.SearchStrategy[Cut]:
    done = st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.9, 0.999, 1.0])
    return st.builds(Cut, after=st.integers(0, after_max), done=done, seed=st.integers(0, 999))
