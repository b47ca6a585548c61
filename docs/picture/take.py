"""Take the README's picture of the map from a running demo (`make demo` in another terminal, then `make picture`)."""

import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

ADDRESS = "http://127.0.0.1:8080/"
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
            page.goto(ADDRESS)
        except Error:
            sys.exit(f"picture: nothing answers at {ADDRESS}; run 'make demo' in another terminal first")
        page.wait_for_selector("html[data-state=live]")
        page.evaluate(READY)
        page.evaluate(MOVED, VIEW)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: taken")


if __name__ == "__main__":
    main()
