"""A published rule that asks for the path in the query, from its file to the citation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    ("2021-03-03 06:12:44 POST /owa/calendar/a q=%3Cb 200", "[combined URI, decoded] "),
    ("2021-03-03 06:12:45 POST /owa/calendar/a q=<b 200", "[combined URI] "),
    ("2021-03-03 06:12:46 POST /x /owa/calendar/a?q=<b 200", ""),
    ("2021-03-03 06:12:47 POST /x q=<b 200", None),
)
LOG = "#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\n"


def test_the_citation_says_in_which_view_the_rule_found_the_row(tmp_path: Path) -> None:
    log = tmp_path / "server/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
    log.parent.mkdir(parents=True)
    log.write_text(LOG + "".join(f"{row}\n" for row, _ in ROWS), encoding="utf-8")
    rule = {
        "title": "A path in the query",
        "logsource": {"category": "webserver"},
        "detection": {
            "selection": {"cs-uri-query|contains|all": ["/owa/calendar/a", "<b"]},
            "condition": "selection",
        },
    }
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    options = Options(sigma=(tmp_path / "rule.yml",))
    (host,) = hunt([tmp_path / "server"], options, SilentProgress()).hosts
    (lead,) = host.leads
    expected = [f"{prefix}{row}" for row, prefix in ROWS if prefix is not None]
    assert expected == [citation.text for citation in lead.citations]
