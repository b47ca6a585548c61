"""The services as processes of their own, to be stopped, killed and started again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from snowtrack.process_log import ProcessLog
from snowtrack.settings import Settings, as_environment
from snowtrack.store.rights import Role, as_role
from snowtrack.supervised import READY_LINE, VARIABLE

READY_S_MAX = 180.0
STOPPED_S_MAX = 15.0
SHOWN_MAX = 20_000
ROLES = {"ingest": Role.INGEST, "fold": Role.FOLD, "serve": Role.API}


@dataclass(slots=True)
class Service:
    """`python -m snowtrack <name>`, or another module, started on entering and ended in order on leaving."""

    name: str
    settings: Settings
    folder: Path
    command: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    log: ProcessLog | None = None

    def __enter__(self) -> Self:
        self.start()
        self.await_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWTRACK_")}
        self.process = subprocess.Popen(
            (sys.executable, "-m", *(self.command or ("snowtrack", self.name))),
            env={**kept, **as_environment(self.settings), **self._account(), VARIABLE: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.log = ProcessLog(self.log_path, READY_LINE)
        self.log.read(cast(IO[bytes], self.process.stdout))

    def _account(self) -> dict[str, str]:
        """Each service has a role of its own."""
        role = ROLES.get(self.name)
        return {} if role is None else {"SNOWTRACK_DATABASE_URL": as_role(self.settings.database.url, role)}

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def await_ready(self) -> None:
        assert self.log is not None
        assert self.log.await_settled(READY_S_MAX), f"{self.name} is not ready"
        assert self.log.ready, self.log.last_words

    def kill(self) -> None:
        """As by the kernel: no last word."""
        assert self.process is not None
        self.process.kill()
        self._end()

    def stop(self) -> None:
        """In order, unless it is gone already."""
        if self.process is not None:
            assert self.running, f"{self.name} ended by itself: {self.log_path.read_text()[-2000:]}"
            self.process.terminate()
            self._end()

    def _end(self) -> None:
        assert self.process is not None
        assert self.log is not None
        try:
            self.process.wait(STOPPED_S_MAX)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            self.log.close()
            self.process = None
            # Shown beside a failing test.
            print(f"{self.name}: {self.log_path.read_text(errors='replace')[-SHOWN_MAX:]}", file=sys.stderr)
