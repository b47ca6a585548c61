"""The policies by which facts were made: adopted before they are used, and never changed after that."""

from hashlib import sha256

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from snowtrack.model.policy import Policy
from snowtrack.store.queries import query


async def read_adopted(connection: AsyncConnection) -> dict[int, str]:
    """What each adopted version says, as its digest."""
    return dict(await (await connection.execute(query("adopted_policies"))).fetchall())


async def adopt_policy(connection: AsyncConnection, policy: Policy) -> None:
    content = policy.as_json()
    noted = {
        "version": policy.version,
        "valid_from": policy.valid_from,
        "sha256": policy_digest(policy),
        "content": Jsonb(content),
    }
    await connection.execute(query("adopt_policy"), noted)


def policy_digest(policy: Policy) -> str:
    """Of what it says, not of how a file says it."""
    return sha256(orjson.dumps(policy.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()
