"""Sequence numbers in plain sets: what the ledger of `tracks.identity` keeps in ranges."""

from dataclasses import dataclass, field

RESENDS = 3


@dataclass
class BootNumbers:
    """One boot of one device."""

    got: set[int] = field(default_factory=set)
    floor: int = 1
    resends: dict[int, int] = field(default_factory=dict)

    def take(self, seqs: list[int]) -> list[bool]:
        """Which of these are new; the first of equals."""
        old = self.got & set(seqs)
        fresh = [seq not in self.got and seq not in seqs[:at] for at, seq in enumerate(seqs)]
        self.got |= set(seqs)
        self._pass_over(old)
        return fresh

    @property
    def durable(self) -> int:
        number = 0
        while number + 1 < self.floor or number + 1 in self.got:
            number += 1
        return number

    @property
    def lost(self) -> int:
        return sum(number not in self.got for number in range(1, self.floor))

    def _pass_over(self, old: set[int]) -> None:
        durable = self.durable
        behind = sorted(n for n in self.got if n > durable + 1 and n - 1 not in self.got)
        self.resends = {n: self.resends.get(n, 0) + (n in old) for n in behind}
        for number in behind:
            if self.resends[number] < RESENDS:
                break
            self.floor = number
