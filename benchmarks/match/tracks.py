"""What a matcher is given, and what it answers: the same for us and for every peer."""

from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Floats, Int8s, Int64s

NO_WAY = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Fixes of one vehicle in order of time. What a receiver may leave out is NaN, or None for all fixes."""

    time_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    speed_mps: Floats | None = None
    course_deg: Floats | None = None
    hdop: Floats | None = None

    def __len__(self) -> int:
        return len(self.time_s)

    def take(self, rows: Int64s) -> "Track":
        """Some of the fixes."""
        optional = {name: getattr(self, name) for name in ("speed_mps", "course_deg", "hdop")}
        return Track(
            time_s=self.time_s[rows],
            lat_deg=self.lat_deg[rows],
            lon_deg=self.lon_deg[rows],
            **{name: None if values is None else values[rows] for name, values in optional.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """Stretches of ways in the order driven; direction is 1 along the way and -1 against it."""

    source_id: Int64s
    direction: Int8s
    from_m: Floats
    to_m: Floats

    @classmethod
    def of(cls, rows: list[tuple[int, int, float, float]]) -> "Path":
        ways, directions, starts, ends = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            source_id=np.array(ways, np.int64),
            direction=np.array(directions, np.int8),
            from_m=np.array(starts, np.float64),
            to_m=np.array(ends, np.float64),
        )

    def __len__(self) -> int:
        return len(self.source_id)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """One row per fix; `source_id` is NO_WAY where there is none. NaN where a matcher states no confidence."""

    source_id: Int64s
    direction: Int8s
    along_m: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """All that a matcher says of one track."""

    answers: Answers
    path: Path
