"""An owner says that a red host is not red: a case is opened, and the host shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]


def test_a_disputed_host_has_a_case_and_keeps_its_colour(
    visit: Callable[[Role], Visitor],
) -> None:
    visitor = visit(Role.ANALYST)
    page = visitor.page
    visitor.goto("assets/")
    visitor.look("hosts")
    visitor.goto("assets/?colour=red&sort=-last_seen")
    page.click("tbody tr >> nth=3 >> th a")
    host = page.inner_text("h1")
    address = page.url

    page.click("summary:has-text('dispute this host')")
    page.check("input[name=kind][value=disputed]")
    page.fill("#case-because", "The owner says that they never ran Exchange at this address.")
    visitor.look("dispute")
    page.click("text=Open the case")
    page.wait_for_load_state("networkidle")
    visitor.look("case")
    assert "never ran Exchange" in page.inner_text("main")

    page.goto(address)
    told = page.inner_text("main")
    assert "Disputed" in told
    assert "Red" in told
    visitor.goto("cases/")
    assert host.split()[0] in page.inner_text("main")
    visitor.look("cases")


def test_a_viewer_is_offered_no_case(visit: Callable[[Role], Visitor]) -> None:
    visitor = visit(Role.VIEWER)
    visitor.goto("assets/")
    visitor.page.click("tbody tr >> nth=0 >> th a")
    assert 0 == visitor.page.locator("text=dispute this host").count()
