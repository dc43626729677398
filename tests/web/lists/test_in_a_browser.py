"""A list in Chromium: by keyboard, as it is typed into, on a phone, and without JavaScript."""

from __future__ import annotations

import mimetypes
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles.finders import find
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpResponse
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("organisations")]

DESK = "http://desk.test"
LIST = f"{DESK}/organisations/"
CSP = "; ".join(
    f"{name} {' '.join(sources)}"
    for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    # Playwright runs a loop in this thread; nothing else uses the database meanwhile.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield browser


@pytest.fixture
def answer(browser: Browser, asked: Callable[..., HttpResponse]) -> Callable[[Route], None]:
    """The desk, without a socket: the browser's requests are handed to the view."""

    # Django's connection belongs to a context, and Playwright answers in one of its own.
    here = copy_context()

    def hand_over(route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.path.startswith(settings.STATIC_URL):
            path = Path(str(find(url.path.removeprefix(settings.STATIC_URL))))
            kind = mimetypes.guess_type(path.name)[0] or "text/plain"
            route.fulfill(body=path.read_bytes(), content_type=kind)
        elif url.path == "/organisations/":
            headers = {
                name.replace("-", "_"): value
                for name, value in route.request.headers.items()
                if name.startswith("hx-")
            }
            found = here.run(asked, url.query, **headers)
            sent = {**found.headers, "Content-Security-Policy": CSP}
            route.fulfill(body=found.content, status=found.status_code, headers=sent)
        else:
            route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")

    return hand_over


@pytest.fixture
def page(browser: Browser, answer: Callable[[Route], None]) -> Iterator[Page]:
    context = browser.new_context()
    context.route("**/*", answer)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda problem: said.append(str(problem)))
    yield opened
    context.close()
    assert [] == said


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_rows_are_reached_and_opened_by_keyboard(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("j")
    assert "Organisation 00" == focused(page)
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    assert "Organisation 02" == focused(page)
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("k")
    assert "Organisation 00" == focused(page)
    here = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(here)


def test_a_stroke_goes_to_the_search_and_a_question_mark_shows_the_keys(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("/")
    expect(page.locator("#list-search")).to_be_focused()
    # The search that typing begins must end before the page does, or its end is a complaint.
    with page.expect_response("**/organisations/?*q=j%3F%2F*"):
        page.keyboard.type("j?/")
    assert "j?/" == page.locator("#list-search").input_value()
    with page.expect_response("**/organisations/?*q=Organisation*"):
        page.locator("#list-search").fill("Organisation")
    page.wait_for_selector("[data-list-row]")
    page.keyboard.press("ArrowDown")
    assert "Organisation 00" == focused(page)
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()


def test_typing_and_ticking_filter_the_list_in_place_and_change_the_address(page: Page) -> None:
    page.goto(f"{LIST}?sort=-name")
    page.evaluate("window.stays = true")
    page.locator("#list-search").press_sequentially("West")
    expect(page.locator(".list__count")).to_contain_text("55 of 60 organisations")
    page.get_by_text("Sector", exact=False).first.click()
    page.get_by_label("Health").check()
    expect(page.locator(".list__count")).to_contain_text("18 of 60 organisations")
    expect(page.locator("[data-pick-count]").first).to_have_text("(1)")
    page.wait_for_url("**/organisations/?*")
    assert {"sort=-name", "q=West", "sector=health"} == set(urlsplit(page.url).query.split("&"))
    assert page.evaluate("window.stays")
    page.get_by_role("link", name="Name").first.click()
    page.wait_for_url("**sort=name*")
    expect(page.locator(".table__link").first).to_have_text("Organisation 06")
    assert page.evaluate("window.stays")


def test_going_back_shows_what_was_there(page: Page) -> None:
    page.goto(LIST)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pages")).to_contain_text("51–60 of 60")
    page.go_back()
    expect(page.locator(".pages")).to_contain_text("1–50 of 60")
    assert [] == page.evaluate("Object.keys(localStorage)")


def test_dark_is_remembered(page: Page) -> None:
    page.goto(LIST)
    colour = "getComputedStyle(document.body.parentElement).backgroundColor"
    by_day = page.evaluate(colour)
    button = page.get_by_role("button", name="Dark")
    assert "false" == button.get_attribute("aria-pressed")
    button.click()
    assert "true" == button.get_attribute("aria-pressed")
    by_night = page.evaluate(colour)
    assert by_day != by_night
    page.reload()
    assert by_night == page.evaluate(colour)
    assert "true" == page.get_by_role("button", name="Dark").get_attribute("aria-pressed")


def test_a_phone_has_a_menu_folded_filters_and_cards(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{LIST}?q=0&sector=health")
    hosts = page.get_by_role("link", name="Decisions")
    expect(hosts).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(hosts).to_be_visible()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.locator("#list-filters")).to_be_hidden()
    page.get_by_role("button", name="Filters (2)").click()
    expect(page.locator("#list-filters")).to_be_visible()
    assert "block" == page.evaluate("getComputedStyle(document.querySelector('tbody tr')).display")
    assert 0 == page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{LIST}?sector=health&sort=-name&page=9")
    found = Axe().run(page).response["violations"]
    assert [] == [(one["id"], one["nodes"][0]["html"]) for one in found]


def test_without_javascript_everything_is_there(
    browser: Browser, answer: Callable[[Route], None]
) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 900}
    )
    context.route("**/*", answer)
    page = context.new_page()
    page.goto(LIST)
    expect(page.get_by_role("link", name="Decisions")).to_be_visible()
    page.locator("#list-search").fill("07")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".list__count")).to_contain_text("1 of 60 organisations")
    context.close()
