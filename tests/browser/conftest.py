"""Debian's Chromium, driven by Playwright, against a whole running snowtrack."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from snowtrack.api.provider import PATH
from snowtrack.model.ids import DeviceId
from tests.oidc.running import SECRET, running_provider
from tests.ports import free_ports
from tests.services.registry import register
from tests.up.instance import Instance, running

SETTINGS = ("--set=public.cut_s=1", "--set=engine.silence_s=3")
CHROMIUM = "/usr/bin/chromium"
ACCOUNT, PASSWORD = "road.manager", "yuki ga furu yoru"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: Playwright keeps an event loop running, beside which no other test could run one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Running, without a fleet: the tests drive their own plough."""
    api_port, portal_port, broker_port = free_ports(3)
    folder = tmp_path_factory.mktemp("browser") / "data"
    instance = Instance(folder=folder, api_port=api_port, portal_port=portal_port, broker_port=broker_port)
    # The provider is another site, as browsers see it.
    with (
        running_provider(f"{instance.api}{PATH}/back", "localhost") as issuer,
        running(instance, *SETTINGS, f"--set=openid.issuer={issuer}", f"--set=openid.client_secret={SECRET}"),
    ):
        database = json.loads((instance.folder / "running.json").read_text())["database"]
        register(database, *(DeviceId("ishikawa", f"browser-0{number}") for number in range(1, 6)))
        yield instance
    instance.remove()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: Instance) -> StorageState:
    """What a browser keeps of who was invited and chose a password."""
    page = browser.new_page(locale="ja-JP")
    page.goto(invitation(site, ACCOUNT, "--role", "administrator", "--agency", "*"))
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="決めてログイン").click()
    page.wait_for_url(f"{site.api}/")
    state = page.context.storage_state()
    page.close()
    return state


def invitation(site: Instance, account: str, *options: str) -> str:
    """The address that whoever is invited gets."""
    command = [sys.executable, "-m", "snowtrack", "accounts", "invite", account, *options]
    where = ["--data", str(site.folder), "--set", f"api.port={site.api_port}"]
    done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


@pytest.fixture
def page(browser: Browser, site: Instance, signed_in: StorageState) -> Iterator[Page]:
    """A page that asks nobody but our own servers, and has nothing to complain of."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="ja-JP", storage_state=signed_in)
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    yield page
    page.close()
    assert complaints == []
    assert hosts <= {f"127.0.0.1:{site.api_port}", f"127.0.0.1:{site.portal_port}"}
