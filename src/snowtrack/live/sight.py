"""What a reader of a live stream sees: what belongs to its agencies, and of that what is in the area it asked for."""

from dataclasses import dataclass, field
from zlib import crc32

from snowtrack.model.access import Scope
from snowtrack.model.columns import Bools


@dataclass(frozen=True, slots=True)
class Area:
    """Roads that are told of together, as a version of the registry has them; where they are an agency's, its machines
    belong to it wherever they are."""

    name: str
    version: int
    agency: str | None = None
    rows: Bools = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Sight:
    """Who sees the same is told the same, encoded once."""

    scope: Scope
    area: Area | None = None

    @property
    def is_all(self) -> bool:
        return self.scope.is_every and self.area is None

    @property
    def mark(self) -> str:
        """Another one for another sight, in every process the same."""
        area = "" if self.area is None else f"{self.area.name} {self.area.version}"
        return f"{crc32(' '.join((*sorted(self.scope.agencies), area)).encode()):08x}"
