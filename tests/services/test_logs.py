"""What is logged of a failure says where it was, and nothing of what was being worked on."""

import subprocess
import sys

PROGRAM = """
import structlog
from snowtrack.services.logs import configure_logs

def work(position: str) -> None:
    raise ValueError("something is wrong")

configure_logs("info")
try:
    work("36.5613" + "8, 136.65639")
except ValueError:
    structlog.get_logger().exception("ingest: failed")
"""


def test_local_variables_are_not_logged() -> None:
    run = subprocess.run((sys.executable, "-c", PROGRAM), capture_output=True, text=True, check=True)
    assert "something is wrong" in run.stderr
    assert '"name": "work"' in run.stderr
    assert "36.56138" not in run.stdout + run.stderr
