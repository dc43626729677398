"""Take the pictures of the report that README and documentation show, anew.

    .venv/bin/python docs/images/take.py

Needs the system's Chromium. The report is the real one, of the compromised sample.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTH = 1180


def main() -> None:
    """Hunt through the sample in a folder of its own, and photograph what came out."""
    with tempfile.TemporaryDirectory() as temporary, contextlib.chdir(temporary):
        subprocess.run(
            [sys.executable, "-m", "tocsin", "demo", "--output", "tocsin-report"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        take(Path("tocsin-report/report.html").resolve())


def take(report: Path) -> None:
    """The head of the report, and its timeline."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 860})
        page.goto(report.as_uri())
        page.screenshot(path=HERE / "report.png")
        page.locator("section[aria-labelledby='s1-timeline']").screenshot(
            path=HERE / "timeline.png"
        )
        browser.close()


if __name__ == "__main__":
    main()
