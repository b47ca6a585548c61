"""Kinds of machines, as the registry and the compiled code number them."""

from enum import IntEnum


class MachineKind(IntEnum):
    """One number per kind, never used again for another. `UNKNOWN` is a machine that nobody registered."""

    UNKNOWN = 0
    GRADER = 1
    DOZER = 2
    TRUCK = 3
    ROTARY = 4
    SMALL = 5
    SPREADER = 6
    PATROL = 7

    @property
    def word(self) -> str:
        """As files and the database say it."""
        return self.name.lower()


JAPANESE = {
    MachineKind.GRADER: "除雪グレーダ",
    MachineKind.DOZER: "除雪ドーザ",
    MachineKind.TRUCK: "除雪トラック",
    MachineKind.ROTARY: "ロータリ除雪車",
    MachineKind.SMALL: "小形除雪車",
    MachineKind.SPREADER: "凍結防止剤散布車",
    MachineKind.PATROL: "雪道巡回車",
}
"""What offices call the kinds that can be registered."""

FOOTWAY_KINDS = frozenset({MachineKind.SMALL})
"""Kinds that work on footways unless the registry says otherwise."""
