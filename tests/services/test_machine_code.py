"""When messages come, the machine code is there."""

import subprocess
import sys

import pytest

LOADED_S_MAX = 300.0


@pytest.mark.slow
def test_after_loading_it_nothing_is_loaded_any_more() -> None:
    command = [sys.executable, "-m", "tests.services.after_loading"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LOADED_S_MAX)
    assert done.returncode == 0, done.stderr
    *more, found = done.stdout.splitlines()
    loaded, passes, tile_bytes = (int(word) for word in found.split() if word.isdigit())
    assert min(loaded - 20, passes, tile_bytes - 10_000) > 0, found
    assert more == []
