"""The matcher against the scalar one: answers, confidence and what was driven, to the last millimetre."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.matching.backward import BEHIND_MAX
from snowtrack.matching.costs import DEFAULT_COSTS, Costs
from snowtrack.model.machines import MachineKind
from snowtrack.network.arrays import Kind
from tests.matching.runs import Run, Told
from tests.matching.worlds import CUT_US, Weather, drawn_town, drawn_track, drawn_weather, matcher
from tests.oracles.drives import SECOND_US
from tests.oracles.fleets import fleet_of
from tests.oracles.halves import Pending
from tests.oracles.matching import ScalarMatcher
from tests.oracles.settling import answered

TOWNS = st.integers(0, 60)
SEEDS = st.integers(0, 2**32)
LAGS = st.sampled_from([0, 2.5, 10, 30, None])


def expected(
    town: int,
    fixes: list[Pending],
    lag_s: float | None,
    kind: Kind = Kind.CARRIAGEWAY,
    costs: Costs = DEFAULT_COSTS,
) -> list[Told]:
    """What the scalar matcher says."""
    scalar = ScalarMatcher(network=drawn_town(town), cut_us=CUT_US, kind=kind, costs=costs)
    lag_us = None if lag_s is None else round(lag_s * SECOND_US)
    answers, stretches = answered(scalar.network, fixes, scalar.columns(fixes), lag_us, costs)
    return [
        Told(fix.observed_us, answer, tuple(one for one in stretches if one.match == match))
        for match, (fix, answer) in enumerate(zip(fixes, answers, strict=True))
    ]


@given(TOWNS, SEEDS, LAGS, st.sampled_from(Kind))
def test_it_says_what_the_scalar_matcher_says(town: int, seed: int, lag_s: float | None, kind: Kind) -> None:
    fixes = drawn_track(drawn_town(town), seed, drawn_weather(Random(seed)))
    made = matcher(drawn_town(town), lag_s)
    made.fleet = fleet_of({7: MachineKind.SMALL} if kind is Kind.FOOTWAY else {})
    assert Run(made).take(fixes).flush().only == expected(town, fixes, lag_s, kind)


@given(TOWNS, SEEDS, LAGS, st.sampled_from([(0.3, 0.7, 1, 2), (0.001, 0.01, 1), (0.1, 1, 30)]))
def test_it_does_so_whatever_the_costs(town: int, seed: int, lag_s: float | None, factors: tuple[float, ...]) -> None:
    """Also where they are so small that most ways cost the same: of equals the first stays."""
    random = Random(seed)
    costs = Costs(*(max(round(cost * random.choice(factors)), 1) for cost in DEFAULT_COSTS))
    costs = costs._replace(beam=random.choice([0, min(costs.beam, BEHIND_MAX)]))
    fixes = drawn_track(drawn_town(town), seed, drawn_weather(random))
    made = Run(matcher(drawn_town(town), lag_s, costs=costs)).take(fixes).flush().only
    assert made == expected(town, fixes, lag_s, costs=costs)


@pytest.mark.parametrize("lag_s", [0, 10, None])
@pytest.mark.parametrize(
    "weather",
    [
        Weather(),
        Weather(noise_m=10),
        Weather(every_s=0.1, noise_m=3),
        Weather(every_s=30, noise_m=4),
        Weather(every_s=12, noise_m=4, speed_mmps=1_500),
        Weather(turns=True),
        Weather(stands=True, noise_m=4),
        Weather(stands=True, noise_m=4, told=0),
        Weather(strays=True),
        Weather(gap_s=40),
        Weather(gap_s=400),
        Weather(told=0),
        Weather(twins=True, noise_m=4),
    ],
    ids=str,
)
def test_it_says_so_in_each_weather(weather: Weather, lag_s: float | None) -> None:
    for seed in range(6):
        fixes = drawn_track(drawn_town(seed), seed, weather)
        made = Run(matcher(drawn_town(seed), lag_s)).take(fixes).flush().only
        assert made == expected(seed, fixes, lag_s)
