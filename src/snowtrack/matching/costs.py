"""What the matcher takes for how unlikely: in thousandths of a nat (a probability of 1/e costs 1,000)."""

from typing import NamedTuple


class Costs(NamedTuple):
    """Tuned on real tracks, clean, with noise added and thinned: docs/decisions/012-a-matcher-with-memory.md.

    A position is off by `sigma_mm` per axis, and by more as its receiver says (dilution), as its bends say
    (`..._per_noise`) and as the distance to the road has been of late (`sigma_per_residual`, in thousandths).
    Errors last, so a fix counts in full only after the machine has moved: `weight_min` thousandths at once,
    `weight_per_m` more for each metre. Along the road, the way should be as long as the step: each `way_mm` of
    difference costs 1,000.
    """

    sigma_mm: int = 4_000
    tail: int = 5_000
    """From so many thousandths of sigma on an error costs linearly: reflections are worse than noise."""
    sigma_per_residual: int = 1_000
    weight_min: int = 100
    weight_per_m: int = 50
    weight_per_noise: int = 300
    way_mm: int = 1_500
    way_per_m: int = 80
    way_per_s: int = 300
    """In a gap much may have been driven."""
    way_per_noise: int = 4_000
    slack_per_noise: int = 300
    """A machine that stands seems to move: so much of a step is noise."""
    turn: int = 4_000
    turn_per_noise: int = 300
    detour_per_m: int = 200
    enter: int = 600
    enter_per_noise: int = 60
    """A tie at a junction is for the segment that the machine is on."""
    stand: int = 3_000
    """Changing over to another segment while standing."""
    course: int = 6_000
    """Driving against what the receiver says of the course."""
    other_kind: int = 3_000
    against: int = 2_000
    leave: int = 12_000
    join: int = 5_000
    off_road: int = 12_000
    off_road_per_m: int = 100
    start_off_road: int = 3_000
    jump: int = 30_000
    """From one place to any other, without a way between them."""
    beside_mm: int = 1_500
    """Sigma, but for the residual, by which a road is told from the one beside it."""
    beam: int = 10_000
    """What is so much dearer than the best is given up."""


DEFAULT_COSTS = Costs()
