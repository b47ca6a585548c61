"""Commits of ingest that take as long as a test wants."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# Each waits for who holds the lock, after all that it has to do.
HOLD_COMMITS = """
create function hold_commit() returns trigger language plpgsql as
$$ begin perform pg_advisory_xact_lock_shared(7); return null; end $$;
create constraint trigger hold after insert on journal
    deferrable initially deferred for each row execute function hold_commit();
"""
COMMITTING = "select pid from pg_locks where locktype = 'advisory' and not granted and mode = 'ShareLock'"
# An ingest that waits for the end of the one before.
NEXT = "select pid from pg_locks where locktype = 'advisory' and not granted and mode = 'ExclusiveLock'"


@contextmanager
def held_commits(url: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as holder:
        holder.execute(HOLD_COMMITS)
        holder.execute("select pg_advisory_lock(7)")
        yield
