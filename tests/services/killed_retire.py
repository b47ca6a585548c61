"""`snowtrack retire` that is killed at a step: nothing of it tidies up."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

from snowtrack.services import retire
from snowtrack.settings import load_settings

# Half of a file is there; it has no name yet; it has one; it is noted; its day goes, but nothing is committed; all is.
STEPS = ("writing", "written", "put", "noted", "dropping", "dropped")
BEFORE = {"writing": "_add", "written": "_put", "put": "_drop", "noted": "drop_day"}
AFTER = {"dropping": "drop_day", "dropped": "_drop"}


def die(*_: object) -> Any:  # noqa: ANN401 - it never returns
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(step: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    async def do(*arguments: object) -> None:
        await step(*arguments)
        die()

    return do


def main(step: str, before: str, folder: str) -> None:
    if step in BEFORE:
        vars(retire)[BEFORE[step]] = die
    else:
        vars(retire)[AFTER[step]] = then_die(vars(retire)[AFTER[step]])
    wanted = retire.Wanted(before=date.fromisoformat(before), folder=Path(folder))
    asyncio.run(retire.retire(load_settings(None), wanted))


if __name__ == "__main__":
    main(*sys.argv[1:])
