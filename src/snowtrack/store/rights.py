"""The roles of the services: each logs in under its own name, and may do what `sql/rights.sql` says."""

from enum import StrEnum

from psycopg.conninfo import make_conninfo


class Role(StrEnum):
    """As the database calls them."""

    INGEST = "snowtrack_ingest"
    FOLD = "snowtrack_fold"
    API = "snowtrack_api"
    REPORT = "snowtrack_report"


def as_role(url: str, role: Role) -> str:
    """The same database for who logs in under this name."""
    return make_conninfo(url, user=role)
