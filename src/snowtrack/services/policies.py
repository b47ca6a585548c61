"""Settings, which speak of minutes and percent, to the core's policies."""

from snowtrack.clearance.labels import LabelPolicy
from snowtrack.model.calendar import SECOND_US
from snowtrack.pipeline.engine import EnginePolicy
from snowtrack.settings import Settings


def engine_policy(settings: Settings) -> EnginePolicy:
    engine = settings.engine
    return EnginePolicy(
        lag_us=round(engine.lag_s * SECOND_US),
        late_us=round(engine.late_s * SECOND_US),
        cut_us=round(engine.cut_s * SECOND_US),
        bridge_us=round(engine.bridge_s * SECOND_US),
        silence_us=round(engine.silence_s * SECOND_US),
    )


def label_policy(settings: Settings) -> LabelPolicy:
    clearance = settings.clearance
    return LabelPolicy(
        done_permille=round(clearance.done_percent * 10),
        under_way_us=round(clearance.under_way_min * 60 * SECOND_US),
        aged_us=round(clearance.aged_h * 3_600 * SECOND_US),
    )
