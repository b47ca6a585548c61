"""Keys by which tests come in, as `snowtrack keys make` makes them."""

import psycopg

from snowtrack.model.access import EVERY, Right
from snowtrack.store.secrets import hashed, make_secret

MAKE = """
insert into api_key (secret, name, rights, agency, made_at, expires_at)
values (%s, 'test', %s, %s, now(), '9999-01-01')
"""


def key_headers(url: str, *rights: Right, agency: str = EVERY) -> dict[str, str]:
    """What a request carries that may do this, or everything."""
    secret = make_secret()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MAKE, [hashed(secret), list(rights or Right), agency])
    return {"authorization": f"Bearer {secret}"}
