"""What every test can ask for, and how property tests behave."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.not_run"]

# What the person who runs the tests has installed must not decide what they find.
os.environ["TOCSIN_DATA"] = "/nowhere"
os.environ["TOCSIN_CACHE"] = "off"
os.environ["XDG_CONFIG_HOME"] = os.environ["APPDATA"] = "/nowhere"

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")

# A cold checkout is slow at first: a deadline would make a newcomer's first run red.
settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile("soak", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile("default")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real evidence: TOCSIN_CORPUS, or shared/corpus beside the checkout."""
    path = Path(os.environ.get("TOCSIN_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not path.is_dir():
        pytest.skip(f"no corpus of real evidence at {path}: set TOCSIN_CORPUS")
    return path


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's Chromium, for Playwright's executable_path."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator["Browser"]:
    """A Chromium of this module's own: Playwright cannot be begun twice in one process."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 few tests need it

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()
