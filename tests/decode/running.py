"""Running `snowtrack decode`: as the command that its user calls, and as the function behind it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from snowtrack.nmea.decode import Decoder
from snowtrack.services import nmea_log
from snowtrack.services.decoding import REJECTS_KEPT, Reading, Tally, decode_log

COMMAND = (sys.executable, "-m", "snowtrack", "decode")
ENDED_S_MAX = 60
STANDARD = Reading(decoder=Decoder((), REJECTS_KEPT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a log gives: standard output, the file of rejects, the counts."""

    out: bytes
    rejects: bytes
    stats: dict[str, Any]

    @property
    def fixes(self) -> list[dict[str, Any]]:
        return objects(self.out)

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return objects(self.rejects)


def objects(lines: bytes) -> list[dict[str, Any]]:
    """One object a line, and nothing else."""
    assert not lines or lines.endswith(b"\n")
    return [orjson.loads(line) for line in lines.splitlines()]


def environment() -> dict[str, str]:
    """As that of a user who set nothing; what Python is told not to buffer would come out without our doing."""
    foreign = ("SNOWTRACK_", "PYTHONUNBUFFERED")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def run(*arguments: object, given: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
    """The command; `given` is its standard input."""
    done = subprocess.run(
        (*COMMAND, *map(str, arguments)),
        input=given,
        env=environment(),
        capture_output=True,
        timeout=ENDED_S_MAX,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode()
    return done


def fault(*arguments: object, given: bytes = b"") -> tuple[str, bytes]:
    """What the command says that it cannot do, in one line; and what it wrote before."""
    done = run(*arguments, given=given, code=1)
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("snowtrack: ")
    return line.removeprefix("snowtrack: "), done.stdout


def written(log: bytes, reading: Reading = STANDARD, **bounds: int) -> Written:
    """What the function behind the command makes of a log, with other bounds of `nmea_log` for the time of the call."""
    out, rejects, tally = BytesIO(), BytesIO(), Tally()
    with pytest.MonkeyPatch.context() as patch, tempfile.NamedTemporaryFile() as file:
        for name, value in bounds.items():
            patch.setattr(nmea_log, name.upper(), value)
        file.write(log)
        file.flush()
        decode_log(Path(file.name), reading, out, rejects, tally)
        no_name = rejects.getvalue().replace(orjson.dumps(file.name), b'"log"')
    return Written(out=out.getvalue(), rejects=no_name, stats=orjson.loads(tally.as_json()))


def times(log: bytes, reading: Reading = STANDARD) -> list[tuple[str | None, str]]:
    return [(fix["time"], fix["time_trust"]) for fix in written(log, reading).fixes]


def pieces(content: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The content cut at these places."""
    at = [0, *sorted(cuts), len(content)]
    return [content[start:to] for start, to in pairwise(at) if start < to]
