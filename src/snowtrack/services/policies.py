"""Settings, which speak of minutes, to the core's policies; and the policies of clearance, from their file."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US, TOKYO
from snowtrack.model.errors import ConfigError
from snowtrack.model.fleet import Fleet
from snowtrack.model.policy import Policies, read_policies
from snowtrack.passes.stage import WorkPolicy
from snowtrack.pipeline.engine import EnginePolicy
from snowtrack.settings import POLICY_FILE, Settings
from snowtrack.store.policies import adopt_policy, policy_digest, read_adopted


def engine_policy(settings: Settings) -> EnginePolicy:
    engine = settings.engine
    return EnginePolicy(
        lag_us=round(engine.lag_s * SECOND_US),
        late_us=round(engine.late_s * SECOND_US),
        cut_us=round(engine.cut_s * SECOND_US),
        silence_us=round(engine.silence_s * SECOND_US),
        work=WorkPolicy(
            bridge_us=round(engine.bridge_s * SECOND_US),
            lift_us=round(engine.lift_s * SECOND_US),
            idle_us=round(engine.idle_s * SECOND_US),
            parked_us=round(engine.parked_min * 60 * SECOND_US),
        ),
    )


def load_policies(settings: Settings) -> Policies:
    """What the policy file says; where there is none at the usual place, what is built in."""
    file = settings.clearance.policy
    if file == POLICY_FILE and not file.exists():
        return Policies()
    return read_policy_file(file)


def read_policy_file(file: Path) -> Policies:
    """A policy file, wholly checked."""
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read: {error.strerror}; name a policy file in clearance.policy"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: this is not TOML: {error}") from error
    return read_policies(content, str(file))


async def adopt_policies(connection: AsyncConnection, policies: Policies, *, folded_us: int | None) -> None:
    """Note versions that are new, and refuse what would make facts other than they were. `folded_us` is when the newest
    event began that was folded."""
    adopted = await read_adopted(connection)
    gone = sorted(adopted.keys() - {policy.version for policy in policies.versions})
    if gone:
        raise ConfigError(f"policy: version {gone[0]} is missing, by which facts were made; put it back")
    for policy in policies.versions:
        if policy.version not in adopted:
            if adopted and folded_us is not None and policy.valid_from_us <= folded_us:
                _refuse_late(policy.version, folded_us)
            await adopt_policy(connection, policy)
        elif adopted[policy.version] != policy_digest(policy):
            raise ConfigError(
                f"policy: version {policy.version} is not what it was when facts were made by it; put it back,"
                " and say what changes in a version of its own"
            )


def unknown_agencies(policies: Policies, fleet: Fleet) -> list[str]:
    """Agencies that have rules of their own and are not registered, so that these rules are nobody's."""
    registered = {agency.id for agency in fleet.agencies}
    return sorted({id_ for policy in policies.versions for id_ in policy.agencies} - registered)


def _refuse_late(version: int, folded_us: int) -> None:
    begun = datetime.fromtimestamp(folded_us // SECOND_US, TOKYO)
    first = begun.date() + timedelta(days=1)
    raise ConfigError(
        f"policy: version {version} would be valid before {begun:%Y-%m-%d %H:%M}, when an event began that was folded"
        f" by another one; choose {first} or later for its valid_from"
    )
