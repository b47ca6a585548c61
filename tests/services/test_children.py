"""The services of `snowtrack up`: each gets what it needs, as a process sees it."""

import os
import sys
from pathlib import Path

import pytest

from snowtrack.services.children import STRANGERS, Nursery
from snowtrack.settings import SECRETS, load_settings

pytestmark = pytest.mark.anyio
TELL = "import os, sys; print(*sorted(key for key in os.environ if key.startswith('SNOWTRACK_')))"


@pytest.mark.parametrize("name", ["ingest", "fold", "api", "portal", "simulator"])
async def test_a_secret_is_given_to_who_shows_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    first, *others = SECRETS
    monkeypatch.setenv(first, "inherited")
    with (tmp_path / "lock").open("w") as lock:
        nursery = Nursery(
            logs=tmp_path,
            environment={**dict.fromkeys(others, "given"), "SNOWTRACK_LOG_LEVEL": "info"},
            lock=lock.fileno(),
            group=0,
            children=[],
        )
        child = await nursery.start(name, (sys.executable, "-c", TELL), says_ready=False)
        await child.gone(20.0)
    told = set((tmp_path / f"{name}.log").read_text("utf-8").split())
    assert ("SNOWTRACK_LOG_LEVEL" in told) == (name not in STRANGERS)
    assert {key for key in SECRETS if key in told} == {key for key, owner in SECRETS.items() if owner == name}


def test_every_secret_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWTRACK_CONFIG", "")
    for key in SECRETS:
        monkeypatch.setitem(os.environ, key, "smtp://a:b@mail.example" if key.endswith("URL") else "x")
    settings = load_settings()
    found = (settings.openid.client_secret, settings.notices.webhook_secret, settings.notices.smtp_url)
    assert None not in found
