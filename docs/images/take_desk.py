"""Take the picture of the campaign page that the README shows, anew.

    make desk ARGS=--no-serve
    .venv/bin/python docs/images/take_desk.py build/desk

Needs the system's Chromium. The desk is the demonstration, served by itself for this picture.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error, Page, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import SetCookieParam

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PORT = 8471
WIDTH, HEIGHT = 1440, 1490


def main(home: Path) -> None:
    """Serve the desk, come in as somebody with a session of their own, and photograph."""
    environment = {
        **os.environ,
        "TOCSIN_DESK_HOME": str(home.resolve()),
        "DJANGO_SETTINGS_MODULE": "tocsin.web.project.settings.local",
    }
    told = subprocess.run(
        [sys.executable, "-m", "tests.web.stories.enter", "proxylogon", "viewer", "kim"],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    given = json.loads(told.splitlines()[-1])
    cookie: SetCookieParam = {**given, "url": f"http://127.0.0.1:{PORT}"}
    serve = [sys.executable, "-m", "tocsin", "desk", "serve", "--listen", f"127.0.0.1:{PORT}"]
    with subprocess.Popen(serve, env=environment, cwd=ROOT) as server:  # noqa: S603 our own command
        try:
            take(cookie)
        finally:
            server.terminate()


def take(cookie: SetCookieParam) -> None:
    """The head of the campaign page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        context.add_cookies([cookie])
        page = context.new_page()
        _open(page, f"http://127.0.0.1:{PORT}/c/proxylogon/")
        page.screenshot(path=HERE / "desk-campaign.png")
        browser.close()


def _open(page: Page, address: str) -> None:
    """Try until the server answers."""
    for _ in range(60):
        try:
            page.goto(address)
        except Error:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("the desk does not answer")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
