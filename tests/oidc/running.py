"""A real OpenID provider, started by who needs it."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

FOLDER = Path(__file__).parent
SECRET = "shown to the provider alone"
READY_S_MAX = 30.0


@contextmanager
def running_provider(redirect_uri: str, host: str = "127.0.0.1") -> Iterator[str]:
    """One that signs in whoever types a name, and sends them back there; its issuer."""
    node, issuer = shutil.which("node"), f"http://{host}:{free_port()}"
    assert node is not None
    command = [node, str(FOLDER / "provider.mjs"), issuer, redirect_uri, SECRET]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        late = threading.Timer(READY_S_MAX, process.kill)
        late.start()
        assert process.stdout is not None
        said: list[str] = []
        while not said or said[-1] != "ready\n":
            said.append(process.stdout.readline())
            assert said[-1], f"it ended; is it installed ('make test' does it)? {''.join(said)}"
        late.cancel()
        try:
            yield issuer
        finally:
            process.kill()
