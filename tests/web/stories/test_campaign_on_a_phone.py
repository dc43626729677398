"""An analyst reads the campaign page on a phone, where what is below the answer is folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]
TALL = 6500
"""Pixels; 14,000 were too many."""


def test_it_is_short_and_its_parts_open_by_keyboard(visit: Callable[[Role], Visitor]) -> None:
    visitor = visit(Role.ANALYST)
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 900})
    visitor.goto("")

    assert int(page.evaluate("document.documentElement.scrollHeight")) < TALL
    by_sector = page.get_by_role("region", name="By sector", exact=True)
    assert not by_sector.get_by_role("figure").is_visible()

    by_sector.locator("summary").first.focus()
    page.keyboard.press("Enter")
    by_sector.get_by_text("The numbers").first.wait_for()
    visitor.look("campaign-on-a-phone")

    page.set_viewport_size({"width": 1440, "height": 900})
    for name in ("By region", "By provider", "What cannot be seen"):
        part = page.get_by_role("region", name=name, exact=True)
        assert part.locator("details[data-fold]").get_attribute("open") is not None, name
