"""The page in a real browser: what it loads, whether it fits, whether it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.report import results
from tocsin.report.formats.html import render

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tocsin.model.result import HostResult

# Contrast of every text against what is painted below it, by the formula of WCAG 2.1.
CONTRASTS = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const lum = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const below = node => { for (; node; node = node.parentElement) {
    const c = parse(getComputedStyle(node).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const seen = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(); const node = walker.currentNode.parentElement;
    if (!text || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const ink = parse(node.closest('svg') ? style.fill : style.color);
    const [a, b] = [lum(ink), lum(below(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) seen[`${node.tagName}.${node.className.baseVal ?? node.className}`] = ratio.toFixed(2) + ' ' + text.slice(0, 30);
  }
  return seen;
}"""


class Visit:
    """One page, opened at a width; keeps what it asked for and what it complained about."""

    def __init__(self, browser: Browser, path: Path, *, width: int, scheme: str = "light") -> None:
        viewport: Any = {"width": width, "height": 900}
        wanted: Any = scheme
        self.page = browser.new_page(viewport=viewport, color_scheme=wanted)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    def open_everything(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def written(folder: Path, *hosts: HostResult) -> Path:
    path = folder / "report.html"
    path.write_bytes(render(results.result(*hosts)))
    return path


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["compromised", "untold", "hostile"])
def test_the_page_fits_asks_for_nothing_and_complains_of_nothing(
    browser: Browser, tmp_path: Path, name: str, width: int
) -> None:
    path = written(tmp_path, getattr(results, name)())
    visit = Visit(browser, path, width=width)
    visit.open_everything()
    assert 0 == visit.overflow()
    assert [path.as_uri()] == visit.asked
    assert [] == visit.complaints
    visit.page.close()


def test_no_table_hides_a_column_at_the_width_of_a_desk(browser: Browser, tmp_path: Path) -> None:
    """The last column of the coverage counts the unreadable places: nobody scrolls to see it."""
    first, last = results.at("2021-02-10T00:00:11.123"), results.at("2021-03-12T08:00:00.456")
    channel = "events:Microsoft-Windows-Windows Defender/Operational"
    wide = [
        replace(entry, kind=channel, first=first, last=last, gaps=((first, last),))
        for entry in results.coverage()
    ]
    visit = Visit(browser, written(tmp_path, results.host(coverage=tuple(wide))), width=1280)
    visit.open_everything()
    hidden = visit.page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"
    )
    assert [] == hidden
    visit.page.close()


def test_hostile_text_does_not_run(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, results.hostile()), width=1280)
    assert "undefined" == visit.page.evaluate("typeof window.hit")
    assert 0 == visit.page.locator("img, script").count()
    visit.page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_verdict_is_on_the_first_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    visit = Visit(browser, written(tmp_path, results.compromised()), width=width)
    for text in ("Compromised", "Dates read (UTC)", "Why"):
        box = visit.page.get_by_text(text, exact=False).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900
    visit.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["compromised", "untold", "quiet", "host"])
def test_every_text_stands_out_from_its_ground(
    browser: Browser, tmp_path: Path, name: str, scheme: str
) -> None:
    path = written(tmp_path, getattr(results, name)())
    visit = Visit(browser, path, width=1280, scheme=scheme)
    visit.open_everything()
    assert {} == visit.page.evaluate(CONTRASTS)
    visit.page.close()


def test_the_keyboard_reaches_the_verdict_first(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, results.compromised()), width=1280)
    visit.page.keyboard.press("Tab")
    assert "Skip to the verdict" == visit.page.evaluate("document.activeElement.textContent")
    visit.page.keyboard.press("Enter")
    assert visit.page.url.endswith("#verdict")
    visit.page.close()


def test_a_reader_who_sees_nothing_has_landmarks_and_names(
    browser: Browser, tmp_path: Path
) -> None:
    visit = Visit(browser, written(tmp_path, results.compromised()), width=1280)
    tree = visit.page.locator("body").aria_snapshot()
    for expected in (
        "- banner:",
        "- main:",
        'heading "Tocsin: was EXCH01 broken into?" [level=1]',
        '- heading "Compromised" [level=2]',
        '- heading "What to do next" [level=3]',
        '- img "Timeline of EXCH01',
        '- img "Coverage, day by day',
        "- contentinfo:",
    ):
        assert expected in tree, expected
    visit.page.close()


def test_what_is_folded_is_printed(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, results.compromised()), width=1280)
    visit.page.emulate_media(media="print")
    hash_cell = visit.page.get_by_text(results.compromised().manifest[0].sha256)
    box = hash_cell.bounding_box()
    assert box is not None
    assert box["height"] > 0
    assert not visit.page.locator("nav").first.is_visible()
    visit.page.close()
