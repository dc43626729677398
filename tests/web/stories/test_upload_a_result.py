"""An owner hands over what `tocsin hunt` said: the inside stands beside the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.stories.desk import SEED, SMALL
from tocsin.web.accounts.models import Role
from tocsin.web.demonstration.country import make_country
from tocsin.web.demonstration.looks import make_files
from tocsin.web.demonstration.result import owners_result
from tocsin.web.demonstration.truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.stories.desk import Desk
    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]


def test_a_compromised_server_opens_a_case_beside_the_outside_view(
    visit: Callable[[Role], Visitor], desk: Desk
) -> None:
    country = make_country(SEED, SMALL)
    truth = truth_of(make_files(country))
    yellow = next(
        one.host
        for one in truth.known.values()
        if one.counted == "yellow" and len(one.servers) == 1 and not one.host.is_decoy
    )
    installed = yellow.servers[0].life[-1]
    assert installed is not None
    result = owners_result("EXCH77", installed.text, country.period.day(4))

    visitor = visit(Role.ANALYST)
    page = visitor.page
    visitor.goto("hunts/")
    visitor.look("hunts")
    visitor.goto(f"hunts/new/?host={yellow.ip}")
    page.set_input_files(
        "input[type=file]",
        {"name": "result.json", "mimeType": "application/json", "buffer": result},
    )
    visitor.look("hunt-new")
    page.click("main >> button:text-is('Upload')")
    page.wait_for_load_state("networkidle")
    desk.work()
    # The page follows the job by itself.
    page.wait_for_selector("text=The owner's claim")
    told = page.inner_text("main")
    assert "Compromised" in told
    assert "The owner's claim" in told
    visitor.look("hunt")

    page.click(f"main >> a:text-is('{yellow.ip}')")
    page.wait_for_selector(f"h1:has-text('{yellow.ip}')")
    inside = page.inner_text("section[aria-labelledby=hunts]")
    assert "compromised" in inside.lower()
    assert "Owner's claim" in inside
    assert "compromised" in page.inner_text("section[aria-labelledby=cases]").lower()
    visitor.look("host-with-hunt")
