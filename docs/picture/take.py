"""Take the README's picture of the map from a running demo (`make demo` in another terminal, then `make picture`)."""

import secrets
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

PICTURE = Path(__file__).with_name("map.png")
# A part of the sample town with the river, the national road and its bridges.
VIEW = {"center": [136.6745, 36.5850], "zoom": 13.55}
READY = """() => new Promise(done => {
  const look = () => window.snowtrack?.ready ? done() : requestAnimationFrame(look); look(); })"""
MOVED = """view => new Promise(done => {
  snowtrack.map.once('idle', () => done()); snowtrack.map.jumpTo(view); setTimeout(done, 5000); })"""


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="ja-JP")
        try:
            page.goto(_invitation())
        except (Error, subprocess.CalledProcessError):
            sys.exit("picture: no demo runs; run 'make demo' in another terminal first")
        page.locator("#password").fill(secrets.token_urlsafe(32))
        page.locator("#submit").click()
        page.wait_for_selector("html[data-state=live]")
        page.evaluate(READY)
        page.evaluate(MOVED, VIEW)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: taken")


def _invitation() -> str:
    """Where an account for this picture chooses its password."""
    command = [sys.executable, "-m", "snowtrack", "accounts", "invite", "picture", "--role", "viewer", "--agency", "*"]
    done = subprocess.run([*command, "--data", ".demo"], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
