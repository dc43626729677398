"""Tests of columns that are never the same twice, told from where a text is found."""

from __future__ import annotations

import pytest

from tests.matching.sigma.rule_making import loaded, rule_text, scanned
from tocsin.events import bulk
from tocsin.matching.sigma import choosing, samples

HEAD = "#Fields: date time cs-method cs-uri-stem cs-username sc-status\n"
IIS = {"product": "exchange", "service": "iis"}


@pytest.mark.parametrize("test", ["contains", "startswith", "endswith"])
def test_a_lone_dash_says_nothing_and_another_dash_is_a_text(
    test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hold the text that is searched for, and only one of them holds it as a value."""
    monkeypatch.setattr(bulk, "FEWEST", 1)
    monkeypatch.setattr(bulk, "READ_FIRST", 0)
    monkeypatch.setattr(samples, "COMMON", 0.0)
    monkeypatch.setattr(choosing, "REPEATED", 0.0)
    users = ["-", "-a", "a-", "-b-", "-", "c", "--", "-"]
    rows = "".join(
        f"2021-03-03 00:00:00 GET /owa/auth/logon.aspx {user} 200\n"
        for user in [*users, *(f"-{number}-" for number in range(100))]
    )
    rule = rule_text(
        {"s": {f"cs-username|{test}": "-", "cs-method": "GET"}, "condition": "s"},
        name="rule",
        logsource=IIS,
    )
    fitting = {"contains": (1, 2, 3, 6), "startswith": (1, 3, 6), "endswith": (2, 3, 6)}[test]
    wanted = {*fitting, *range(len(users), len(users) + 100)}
    found = scanned(loaded([rule]), "iis", "W3SVC1/u_ex.log", (HEAD + rows).encode())
    assert {(place + 2, "rule") for place in wanted} == found
