"""How near lines come to the centres of cells: the loop in which the cell index is made."""

from snowtrack.compiled import compiled
from snowtrack.model.columns import Bools, Floats, Int32s, Int64s


@compiled
def mark_near(
    near: Bools,
    rows: Int64s,
    cells: tuple[Int64s, Floats],
    shapes: tuple[Int64s, Int32s, Int32s],
    reach_m2: float,
) -> None:
    """Mark the pairs whose line comes as close as this to the centre of the cell."""
    which, centre = cells
    offsets, lats, lons = shapes
    for pair in range(len(rows)):
        lat, lon, north_m, east_m = centre[which[pair]]
        at, last = offsets[rows[pair]], offsets[rows[pair] + 1] - 1
        while at < last and not near[pair]:
            y, x = (lats[at] - lat) * north_m, (lons[at] - lon) * east_m
            dy, dx = (lats[at + 1] - lats[at]) * north_m, (lons[at + 1] - lons[at]) * east_m
            square = dx * dx + dy * dy
            share = 0.0 if square == 0 else min(max(-(x * dx + y * dy) / square, 0.0), 1.0)
            y, x = y + share * dy, x + share * dx
            near[pair] = x * x + y * y <= reach_m2
            at += 1
