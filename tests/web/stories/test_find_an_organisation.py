"""Somebody rings: which hosts of this organisation are open? By keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.stories.desk import SEED, SMALL
from tocsin.web.accounts.models import Role
from tocsin.web.demonstration.country import make_country

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if name == page.evaluate("document.activeElement.textContent.trim()"):
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_an_organisation_is_found_and_its_story_read_by_keyboard_alone(
    visit: Callable[[Role], Visitor],
) -> None:
    wanted = max(make_country(SEED, SMALL).organisations, key=lambda one: one.hosts)
    visitor = visit(Role.VIEWER)
    page, keys = visitor.page, visitor.page.keyboard
    visitor.goto("")
    tab_to(page, "Organisations")
    keys.press("Enter")
    page.wait_for_selector("h1:text-is('Organisations')")
    visitor.look("organisations")

    keys.press("/")
    assert "list-search" == page.evaluate("document.activeElement.id")
    keys.type(wanted.name)
    page.wait_for_selector("p.list__count strong:text-is('1')")
    visitor.look("organisations-found")

    tab_to(page, wanted.name)
    keys.press("Enter")
    page.wait_for_selector(f"h1:text-is('{wanted.name}')")
    told = page.inner_text("main")
    assert wanted.sector in told
    assert wanted.domain in told
    visitor.look("organisation")

    first_host = page.locator("main table a").first.inner_text()
    tab_to(page, first_host)
    keys.press("Enter")
    page.wait_for_selector(f"h1:has-text('{first_host}')")
    visitor.look("host")
