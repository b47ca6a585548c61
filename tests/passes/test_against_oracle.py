"""Whole days of machines that do everything, against plain Python that was written from the words of the design."""

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from snowtrack.model.fixes import BLADE_DOWN
from snowtrack.model.machines import MachineKind
from snowtrack.model.work import Activity, Work
from snowtrack.passes.stage import PassStage, WorkPolicy, joined
from tests.oracles.working import merged
from tests.passes.days import DAYS, POLICIES, Day, Spell, came, expected, fleet_of, of_device, rows_of, spans_of, taken
from tests.passes.journeys import TOWN, named

# It stands for a minute and more, and is at work before anybody can believe that it moves.
STOOD = Day(
    kinds=(MachineKind.UNKNOWN, MachineKind.UNKNOWN),
    spells=[
        Spell("nothing", 14, 5, 0, stated=True, on_road=True, ends=False, inputs={}),
        Spell("nothing", 0.7, 3, 0.6, stated=True, on_road=True, ends=False, inputs={"blade": BLADE_DOWN}),
    ],
)


@given(st.lists(DAYS, min_size=1, max_size=3), st.sampled_from(POLICIES), st.integers(1, 50))
@example([STOOD], WorkPolicy(), 1)
def test_what_is_told_of_drawn_days_is_what_the_oracle_tells(
    days: Sequence[Day], policy: WorkPolicy, size: int
) -> None:
    lives = {device: came(device, day) for device, day in enumerate(days, 1)}
    stage = PassStage(TOWN, policy, fleet_of(days))
    fixes = sorted((one for life in lives.values() for one in life), key=lambda one: one.match["observed_us"])
    made = joined([taken(stage, fixes, size), stage.flush(list(lives))])
    for (device, life), day in zip(lives.items(), days, strict=True):
        own = of_device(made, device)
        runs, passes = expected(day, life, policy) if life else ([], {work: [] for work in Work})
        for work in Work:
            assert sorted(rows_of(own, work)) == sorted(passes[work])
        assert spans_of(own) == merged([span for run in runs for span in run.spans])
        spans = named(own.activities)
        assert sum(one["driven_mm"] for one in spans) == sum(run.driven_mm for run in runs)
        at_work = [one["driven_mm"] for one in spans if one["activity"] == Activity.WORKING]
        assert sum(at_work) == sum(run.worked_mm for run in runs)
        assert not any(one["driven_mm"] for one in spans if one["activity"] in (Activity.STANDBY, Activity.PARKED))
        inferred, doubted, ploughed = (
            any(one[name] == 1 for one in spans) for name in ("evidence", "doubted", "ploughed")
        )
        assert any(run.inferred.must for run in runs) <= inferred <= any(run.inferred.may for run in runs)
        assert any(run.doubted.must for run in runs) <= doubted <= any(run.doubted.may for run in runs)
        assert any(run.ploughed.must for run in runs) <= ploughed <= any(run.ploughed.may for run in runs)
        assert not any(one["ploughed"] for one in spans if one["activity"] != Activity.WORKING)
