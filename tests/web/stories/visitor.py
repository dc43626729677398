"""A person at a browser, who looks closely at each page: names, contrast, width, complaints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

from tests.web.stories.desk import CAMPAIGN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage

    from tests.web.stories.desk import Desk

PICTURES = Path(__file__).resolve().parents[3] / "build" / "screenshots"
WIDTHS = (1440, 390)
THEMES: tuple[Any, ...] = ("light", "dark")
ASKED = {(1440, "light"), (390, "dark")}
_GRAVE = {"serious", "critical"}


class Visitor:
    """One browser window. `complaints` is what the console said: errors, and what CSP refused."""

    def __init__(
        self,
        browser: Browser,
        desk: Desk,
        cookie: dict[str, Any] | None = None,
        *,
        url: str | None = None,
    ) -> None:
        self.desk = desk
        self._url = url or desk.url
        self._context = browser.new_context(base_url=self._url, locale="en-GB")
        if cookie is not None:
            self._context.add_cookies([cookie])  # type: ignore[list-item]  # a dict like theirs
        self.page = self._context.new_page()
        self.page.set_default_timeout(30_000)
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def goto(self, path: str) -> None:
        """Open a page of the campaign, or any where the path begins with a stroke."""
        address = path if path.startswith("/") else f"/c/{CAMPAIGN}/{path}"
        answer = self.page.goto(address)
        assert answer is not None
        assert (f"{self._url}{address}", 200) == (answer.url, answer.status)

    def look(self, name: str) -> None:
        """Take pictures at both widths in both themes, and ask axe of two that differ in both."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        for theme in THEMES:
            self.page.emulate_media(color_scheme=theme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 900})
                picture = PICTURES / f"{name}-{width}-{theme}.png"
                # To hide the caret, Playwright would put a style into the page, which CSP refuses.
                self.page.screenshot(path=picture, full_page=True, caret="initial")
                assert self._overflow() <= 0, f"{name} is wider than {width} px"
                if (width, theme) in ASKED:
                    grave = self._grave()
                    assert [] == grave, f"{name} at {width} px, {theme}: {grave}"
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1440, "height": 900})
        assert [] == self.complaints, self.complaints

    def _overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def _grave(self) -> list[str]:
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in _GRAVE
        ]

    def close(self) -> None:
        """Close the window."""
        self._context.close()
