"""A PostgreSQL of a scenario's own, to be stopped, killed, and made to refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from snowtrack.store.embedded import EmbeddedServer, RunningServer

# Codes of trouble that passes: no room, a conflict, a query ended by hand, memory.
CODES = "array['53100', '40001', '57014', '53200']"
RAISE = f"""
create function trouble() returns trigger language plpgsql as $$
declare codes text[] := {CODES};
begin
    if random() < 0.5 then
        raise exception 'trouble' using errcode = codes[1 + floor(random() * 4)::int];
    end if;
    return null;
end $$
"""
IN_COPY = "create trigger trouble before insert on fix for each statement execute function trouble()"
IN_COMMIT = """
create constraint trigger trouble after insert on journal deferrable initially deferred
for each row execute function trouble()
"""
NO_MORE = "drop function if exists trouble() cascade"


@dataclass(slots=True)
class FaultyDatabase:
    """One server."""

    server: EmbeddedServer
    running: RunningServer | None = None

    @classmethod
    def at(cls, folder: Path, disk: Path | None = None) -> Self:
        """All its files lie on a disk of its own, if one is given; root's would lie elsewhere."""
        if disk is None:
            return cls(EmbeddedServer(instance_folder=folder))
        return cls(EmbeddedServer(instance_folder=disk / "instance", system_folder=disk / "system"))

    def start(self) -> str:
        """Its address stays the same."""
        self.running = self.server.start(process_group=0)
        return self.running.url

    def stop(self) -> None:
        if self.running:
            self.running.stop()
            self.running = None

    def kill(self) -> None:
        """The postmaster, without a last word; what it leaves ends by itself or is ended."""
        assert self.running
        self.running.process.kill()
        self.running.process.wait()
        self.stop()

    @property
    def is_up(self) -> bool:
        return self.running is not None and self.running.process.poll() is None


@contextmanager
def refusing(url: str, trigger: str) -> Iterator[None]:
    """Every second statement of ingest fails, at random."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(RAISE.encode())
        connection.execute(trigger.encode())
    try:
        yield
    finally:
        with psycopg.connect(url, autocommit=True, options="-c lock_timeout=60s") as connection:
            connection.execute(NO_MORE)
