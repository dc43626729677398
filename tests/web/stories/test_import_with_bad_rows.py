"""An analyst imports a report in which some rows cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.stories.desk import Desk
    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]

REPORT = """\
"timestamp","ip","port","hostname","tag","asn","geo","version","servername"
"2021-03-08 01:00:00","198.19.255.1",443,"mail.first.example","exchange",64496,"XN","15.2.721","EX1"
"2021-03-08 01:00:05","198.19.255.2",443,"mail.second.example","exchange;webshell"
"2021-03-08 01:00:09","198.19.255",443,"mail.third.example","exchange",64496,"XN","15.2.721","EX3"
"2021-03-08 01:00:11","198.19.255.4",443,"mail.fourth.example","exchange",64496,"XN","15.1.2176","EX4"
"""


def test_bad_rows_are_set_aside_with_their_reasons(
    visit: Callable[[Role], Visitor], desk: Desk
) -> None:
    visitor = visit(Role.ANALYST)
    page = visitor.page
    visitor.goto("imports/")
    visitor.look("imports")

    page.click("main >> text=Import a feed")
    visitor.look("import-new")
    page.set_input_files(
        "input[type=file]",
        {
            "name": "2021-03-08-scan_exchange-late.csv",
            "mimeType": "text/csv",
            "buffer": REPORT.encode(),
        },
    )
    page.click("text=Upload and preview")
    page.wait_for_selector("text=Recognised: Shadowserver")
    assert 2 == page.locator("tbody >> text=Cannot be read").count()
    page.wait_for_selector("#effect ~ *:not([hx-trigger=load])")
    page.wait_for_load_state("networkidle")
    visitor.look("import-preview")

    page.click("text=Go: import it")
    page.wait_for_load_state("networkidle")
    desk.work()
    # The page follows the job by itself, and then the assessment.
    page.wait_for_selector("section[aria-labelledby=rows]")
    page.wait_for_selector("section[aria-labelledby=effect] .stat")
    page.wait_for_load_state("networkidle")
    assert "of 4 rows" in page.inner_text("section[aria-labelledby=rows]")
    visitor.look("import-done")

    page.click("section[aria-labelledby=aside] a >> nth=0")
    told = page.inner_text("main")
    assert "5 fields, and the header names 9" in told
    assert "198.19.255" in told
    visitor.look("quarantine")


def test_a_file_that_is_no_feed_is_refused_with_what_to_do(
    visit: Callable[[Role], Visitor],
) -> None:
    visitor = visit(Role.ANALYST)
    page = visitor.page
    visitor.goto("imports/new/")
    page.set_input_files(
        "input[type=file]",
        {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear colleagues,\n"},
    )
    page.click("text=Upload and preview")
    page.wait_for_selector("[role=alert]")
    assert 0 == page.locator("text=Go: import it").count()
    visitor.look("import-refused")
