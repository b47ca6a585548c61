"""The source keeps the house rules, and the reader of the rules finds what breaks them."""

from pathlib import Path

import pytest

from tests.architecture.house_rules import CORE, FILE_LINES_MAX, FUNCTION_LINES_MAX, Module, faults

ROOT = Path(__file__).parent.parent.parent
MODULES = [
    Module(str(path.relative_to(source)), path.read_text())
    for source in (ROOT / "src", ROOT / "firmware-sim" / "src")
    for path in sorted(source.rglob("*.py"))
]


def test_all_sources_keep_the_house_rules() -> None:
    found = [fault for module in MODULES for fault in faults(module)]
    assert not found, "\n" + "\n".join(found)


def test_every_package_of_the_core_is_looked_at() -> None:
    assert {module.parts[1] for module in MODULES if module.is_core} == set(CORE)
    assert {module.parts[0] for module in MODULES} == {"snowtrack", "portal_bridge", "ploughsim"}


def told(text: str, path: str = "snowtrack/nmea/decode.py") -> list[str]:
    """What is said of a module with a docstring and this text."""
    return [fault.split(": ", 1)[1] for fault in faults(Module(path, f'"""What it owns."""\n{text}\n'))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import asyncio", "imports asyncio"),
        ("import os.path", "imports os.path"),
        ("from pathlib import Path", "imports pathlib"),
        ("from random import Random", "imports random"),
        ("import time", "imports time"),
        ("import socket", "imports socket"),
        ("def late():\n    from time import monotonic", "imports time"),
        ("with open('x') as file:\n    pass", "calls open()"),
        ("datetime.now(UTC)", "calls now()"),
        ("datetime.datetime.utcnow()", "calls utcnow()"),
        ("date.today()", "calls today()"),
        ("folder.read_bytes()", "calls read_bytes()"),
        ("print('x')", "calls print()"),
        ("np.load(x)", "uses numpy.load"),
        ("np.random.default_rng()", "uses numpy.random"),
        ("async def run():\n    pass", "awaits"),
    ],
)
def test_the_core_is_told_what_belongs_to_the_shell(text: str, words: str) -> None:
    assert any(words in one for one in told(text))
    assert told(text, "snowtrack/sources/mqtt.py") == []


@pytest.mark.parametrize(
    "text",
    [
        "queue = asyncio.Queue()",
        "queue = Queue[int]()",
        "queue = queue.SimpleQueue()",
        "queue = queue.LifoQueue()",
        "kept = deque()",
        "kept = deque([1, 2])",
        "kept = collections.deque[int]()",
        "kept: deque[int] = field(default_factory=deque)",
    ],
)
def test_a_queue_without_a_bound_is_told(text: str) -> None:
    assert any("every queue has a bound" in one for one in told(text, "snowtrack/live/hub.py"))


@pytest.mark.parametrize(
    "text", ["asyncio.Queue(5)", "Queue[int](maxsize=5)", "deque(maxlen=3)", "deque([], 3)", "queue_of(3)"]
)
def test_a_queue_with_a_bound_is_not(text: str) -> None:
    assert told(text, "snowtrack/live/hub.py") == []


@pytest.mark.parametrize(
    "caught", ["except:", "except Exception:", "except BaseException:", "except (ValueError, Exception):"]
)
def test_catching_everything_is_told_outside_the_services(caught: str) -> None:
    swallowed, raised = (f"try:\n    x()\n{caught}\n    {what}" for what in ("pass", "undo()\n    raise"))
    assert any("catches everything" in one for one in told(swallowed, "snowtrack/api/app.py"))
    assert told(swallowed, "snowtrack/services/ingest.py") == []
    assert told(raised, "snowtrack/api/app.py") == []


def test_long_files_and_functions_are_told() -> None:
    assert any("lines; a file" in one for one in told("\n" * FILE_LINES_MAX))
    body = "    x = 1\n" * (FUNCTION_LINES_MAX - 1)
    assert any("lines; a function" in one for one in told(f"def long():\n{body}"))
    assert told(f"def short():\n{body[: -len('    x = 1') - 1]}") == []


@pytest.mark.parametrize("path", ["snowtrack/utils.py", "snowtrack/nmea/helpers.py", "portal_bridge/common/roads.py"])
def test_a_name_that_says_nothing_is_told(path: str) -> None:
    assert any("says nothing" in one for one in told("", path))


def test_a_module_without_a_docstring_is_told() -> None:
    assert faults(Module("snowtrack/nmea/x.py", "x = 1\n")) == [
        "snowtrack/nmea/x.py:1: a module says in its docstring what it owns"
    ]


@pytest.mark.parametrize("imported", ["snowtrack.store.database", "snowtrack", "snowtrack.clearance.view"])
def test_the_portal_is_told_to_use_the_api(imported: str) -> None:
    assert any("over its API only" in one for one in told(f"import {imported}", "portal_bridge/roads.py"))
    assert told("from snowtrack.serving import listen", "portal_bridge/roads.py") == []


COMPILED = """
import numpy as np
from snowtrack.compiled import compiled, part
from snowtrack.model.columns import ABSENT_64, Int64s
from snowtrack.model.fixes import Remark
from snowtrack.nmea.framing import Frames
{imports}
LIMIT = int(Remark.VOID)

@part
def most(one: int, other: int) -> int:
    return max(one, other)

@compiled
def run(frames: Frames, numbers: Int64s) -> int:
    found: int = ABSENT_64
    for at, number in enumerate(numbers):
        found = most(found, np.int64(number) + at + LIMIT + Remark.VOID)
    {statement}
    return found

def after(frames: Frames) -> int:
    {elsewhere}
    return run(frames, np.zeros(1, np.int64))
"""


def told_of_compiled(*, imports: str = "", statement: str = "pass", elsewhere: str = "pass") -> list[str]:
    return told(COMPILED.format(imports=imports, statement=statement, elsewhere=elsewhere))


def test_compiled_functions_may_use_their_own_file_and_what_never_changes() -> None:
    assert told_of_compiled() == []
    assert told_of_compiled(imports="from math import tau", elsewhere="tau") == []


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("from snowtrack.nmea.framing import LINE_BYTES_MAX", "LINE_BYTES_MAX"),
        ("from snowtrack.nmea.framing import LF", "LF"),
        ("from snowtrack.nmea.framing import digest_text", "digest_text"),
        ("from snowtrack.nmea import framing", "framing"),
        ("from .framing import hexadecimal", "hexadecimal"),
        ("from . import framing", "framing"),
        ("import snowtrack.nmea.framing", "snowtrack"),
        ("from snowtrack.nmea.framing import Frames as frames_of", "frames_of"),
        ("from snowtrack.model.columns import present", "present"),
    ],
)
def test_a_module_with_compiled_functions_is_told_what_it_must_not_import(imports: str, name: str) -> None:
    assert any(f"imports {name} beside compiled" in one for one in told_of_compiled(imports=imports))
    assert told(f"{imports}\n") == []


@pytest.mark.parametrize(
    ("imports", "statement", "name"),
    [
        ("from statistics import mean", "found += mean([1])", "mean"),
        ("import statistics", "found += statistics.mean([1])", "statistics"),
        ("from enum import IntEnum", "found += IntEnum", "IntEnum"),
        ("", "found += nowhere", "nowhere"),
        ("", "nowhere(found)", "nowhere"),
    ],
)
def test_a_compiled_function_is_told_what_its_file_does_not_define(imports: str, statement: str, name: str) -> None:
    assert told_of_compiled(imports=imports, statement=statement) == [
        f"run is compiled and uses {name}, which its file does not define"
    ]


@pytest.mark.parametrize("where", ["statement", "elsewhere"])
def test_a_type_of_another_file_is_told_when_it_is_more_than_a_type(where: str) -> None:
    words = "uses Read of another file beside compiled functions; it may be a type, no more"
    imports = "from snowtrack.nmea.fields import Read"
    assert told_of_compiled(imports=imports, **{where: "Read.CLOCK"}) == [words]
    assert told_of_compiled(imports=f"{imports}\nCLOCK = int(Read.CLOCK)") == [words]
    assert told_of_compiled(imports=imports) == []


def test_the_compiled_functions_are_looked_at() -> None:
    of_compiled = [module for module in MODULES if {"@compiled", "@part"} & set(module.text.splitlines())]
    used = {module.path for module in of_compiled}
    assert used >= {f"snowtrack/nmea/{name}.py" for name in ("framing", "fields", "epochs")}
    assert used >= {f"snowtrack/matching/{name}.py" for name in ("window", "motion", "forward", "backward", "drive")}
    sibling = "\nfrom snowtrack.nmea.sentences import KNOT\n"
    broken = [Module(module.path, module.text + sibling) for module in of_compiled]
    assert all(any("beside compiled" in fault for fault in faults(module)) for module in broken)
