"""The views of a request: what a rule finds in which of them, and how the hit is labelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.rule_sets import event, pack, sigma
from tests.matching.sigma.rule_making import loaded, rule_text
from tocsin.events.format import all_formats
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.sigma.plan import Hit
from tocsin.matching.sigma.table import table
from tocsin.matching.sigma.uri import Part

WEB = {"category": "webserver"}
PROXY = {"category": "proxy"}
IIS = {"cs-uri-stem": "/owa/calendar/a.aspx", "cs-uri-query": "q=%3Cb+c", "cs-method": "POST"}
ECP = {"URL": "https://localhost:444/ecp/x.svc?a=%2e%2e"}
BLANKS = {**IIS, "cs(User-Agent)": "Mozilla/5.0+(Windows+NT)"}
KEPT_BLANKS = {"UserAgent": "a+b c", "UrlStem": "/p%20q+r"}


def hits(
    detection: object, fields: dict[str, str], form: str = "iis", logsource: object = WEB
) -> list[Hit]:
    """What a user's rule of this detection finds in a row."""
    if not isinstance(detection, dict) or "condition" not in detection:
        detection = {"selection": detection, "condition": "selection"}
    rules = loaded([rule_text(detection, name="rule", logsource=logsource)])
    return list(rules.sigma_for(all_formats()[form]).hits(event(fields)))


SVC = {"cs-uri-stem": "/x", "cs-uri-query": "y=.svc"}
COMBINED = "combined URI"
DECODED = "decoded"
BOTH = "combined URI, decoded"
NO = "no"


@pytest.mark.parametrize(
    ("detection", "fields", "form", "expected"),
    [
        ({"cs-uri-stem|contains": "/owa/"}, IIS, "iis", None),
        ({"cs-uri-query|contains": "/owa/calendar/a"}, IIS, "iis", COMBINED),
        ({"cs-uri-stem|endswith": "?q=%3cb+c"}, IIS, "iis", COMBINED),
        ({"cs-uri-query": "q=<b c"}, IIS, "iis", DECODED),
        ({"cs-uri-query|contains": ".aspx?q=<b"}, IIS, "iis", BOTH),
        ({"cs-uri-query|contains": "q=%3Cb c"}, IIS, "iis", NO),
        ({"cs-uri-query": "/a"}, {"cs-uri-stem": "/a"}, "iis", COMBINED),
        ({"cs-uri-query": None}, {"cs-uri-stem": "/a"}, "iis", None),
        ({"cs-uri-stem": "?q"}, {"cs-uri-query": "q"}, "iis", COMBINED),
        ({"cs-uri-stem|endswith": ".svc"}, SVC, "iis", NO),
        ({"cs-uri-stem|re": r"(?i)\.SVC$"}, SVC, "iis", NO),
        ({"cs-uri-stem|re": r"x\?y"}, SVC, "iis", COMBINED),
        ({"cs-uri-stem|re": "x[?]y"}, SVC, "iis", COMBINED),
        ({"cs-uri-stem": r"/x\?y*"}, SVC, "iis", COMBINED),
        ({"cs-uri-stem|endswith": ".svc", "cs-uri-query|contains": "y"}, SVC, "iis", COMBINED),
        ({"c-uri|contains": "/owa/"}, IIS, "iis", COMBINED),
        ({"c-uri|contains": "q=<b"}, IIS, "iis", BOTH),
        ({"c-uri": "x"}, {"cs-method": "GET"}, "iis", NO),
        ({"c-uri-extension": "aspx"}, IIS, "iis", None),
        ({"c-uri-extension": "aspx", "cs-uri-query|contains": "/owa/"}, IIS, "iis", COMBINED),
        (
            {"c-uri-query|contains": "/a"},
            {"UrlStem": "/a", "UrlQuery": "?b"},
            "httpproxy",
            COMBINED,
        ),
        ({"UrlQuery": "/a?b"}, {"UrlStem": "/a", "UrlQuery": "?b"}, "httpproxy", COMBINED),
        ({"url": "/a?b"}, {"UrlStem": "/a", "UrlQuery": "?b"}, "httpproxy", COMBINED),
        ({"cs-uri-query": "a=%2e%2e"}, ECP, "ecp_server", None),
        ({"cs-uri-stem|endswith": "/ecp/x.svc"}, ECP, "ecp_server", None),
        ({"c-uri|contains": "x.svc?a=%2e"}, ECP, "ecp_server", None),
        ({"URL|contains": "a=.."}, ECP, "ecp_server", DECODED),
        ({"cs-uri-query|contains": "/ecp/"}, ECP, "ecp_server", COMBINED),
        ({"c-uri-extension": "svc"}, ECP, "ecp_activity", None),
        ({"cs-uri-query": "/a"}, {"UrlStem": "/a"}, "test_proxylogon", COMBINED),
        ({"cs-uri-stem": "/a b"}, {"cs-uri-stem": "/a+b"}, "iis", DECODED),
        ({"cs-uri-stem": "/a b"}, {"UrlStem": "/a+b"}, "httpproxy", NO),
        ({"cs-uri-stem": "/a b"}, {"cs-uri": "/a+b?c"}, "httperr", DECODED),
        ({"cs-uri-stem": "/p q+r"}, KEPT_BLANKS, "httpproxy", DECODED),
        ({"cs-user-agent": "mozilla/5.0 (windows NT)"}, BLANKS, "iis", DECODED),
        ({"c-useragent|startswith": "Mozilla/5.0+("}, BLANKS, "iis", None),
        ({"cs(User-Agent)|endswith": "Windows NT)"}, BLANKS, "iis", DECODED),
        ({"cs-user-agent": "a b c"}, KEPT_BLANKS, "httpproxy", NO),
        (
            {"cs-user-agent|contains": "(Windows NT)", "cs-uri-query|contains": "/owa/"},
            BLANKS,
            "iis",
            BOTH,
        ),
        ({"cs-uri-query": "%41"}, {"cs-uri-query": "%2541"}, "iis", DECODED),
        ({"cs-uri-query": "A"}, {"cs-uri-query": "%2541"}, "iis", NO),
        ({"cs-uri-query": "+"}, {"cs-uri-query": "%2B"}, "iis", DECODED),
        ({"cs-uri-query": "\ufffd"}, {"cs-uri-query": "%ff"}, "iis", DECODED),
    ],
)
def test_a_user_s_rule_finds_a_request_in_the_first_view_that_fits(
    detection: object, fields: dict[str, str], form: str, expected: str | None
) -> None:
    assert ([] if expected == NO else [Hit("rule", expected)]) == hits(detection, fields, form)


def test_what_a_rule_excludes_must_hold_in_the_view_that_fits() -> None:
    selection = {"cs-uri-query|contains": "/owa/"}
    for filtered in ({"cs-uri-query|contains": "q="}, {"c-uri|endswith": "=b"}):
        detection = {"sel": selection, "out": filtered, "condition": "sel and not out"}
        assert [] == hits(detection, {**IIS, "cs-uri-query": "q=b"})
    detection = {"sel": selection, "out": {"cs-uri-query": "q"}, "condition": "sel and not out"}
    assert [Hit("rule", COMBINED)] == hits(detection, {**IIS, "cs-uri-query": "q"})
    detection["out"] = {"c-uri|contains": "b+c"}
    assert [Hit("rule", BOTH)] == hits(detection, {**IIS, "cs-uri-query": "q=b+c"})


def test_a_filter_on_the_whole_uri_holds_for_the_row_as_logged_too() -> None:
    detection = {
        "sel": {"cs-method": "POST"},
        "out": {"c-uri|contains": "/owa/"},
        "condition": "sel and not out",
    }
    assert [] == hits(detection, IIS, logsource=PROXY)
    assert [Hit("rule", COMBINED)] == hits(detection, {**IIS, "cs-uri-stem": "/x"})


def test_keywords_search_the_row_as_it_was_logged() -> None:
    detection = {
        "sel": {"cs-uri-query|contains": "/owa/"},
        "keywords": ["q=<b"],
        "condition": "sel and keywords",
    }
    assert [] == hits(detection, IIS)


def test_rules_of_packs_see_the_row_as_logged_under_its_own_names() -> None:
    asked = load_rules(
        [
            pack(
                sigma("stem", {"cs-uri-stem|contains": "/owa/"}, logsource=WEB),
                sigma("path-in-query", {"cs-uri-query|contains": "/owa/"}, logsource=WEB),
                sigma("decoded", {"cs-uri-query|contains": "<"}, logsource=WEB),
                sigma("whole", {"c-uri|contains": "/owa/"}, logsource=WEB),
                sigma("agent", {"cs-user-agent|contains": "Mozilla"}, logsource=WEB),
            )
        ]
    ).sigma_for(all_formats()["iis"])
    assert [Hit("stem")] == list(asked.hits(event(BLANKS)))


def test_hits_come_in_rule_order_whatever_views_the_rules_may_look_at() -> None:
    rules = [
        rule_text({"s": selection, "condition": "s"}, name=name, logsource=WEB)
        for name, selection in (
            ("a", {"cs-uri-query|contains": "/owa/"}),
            ("b", {"cs-method": "POST"}),
            ("c", {"cs-uri-stem|contains": "/owa/"}),
        )
    ]
    asked = loaded(rules).sigma_for(all_formats()["iis"])
    assert [Hit("a", COMBINED), Hit("b"), Hit("c")] == list(asked.hits(event(IIS)))
    assert ["a", "b", "c"] == list(asked.match(event(IIS), Seen()))


def test_a_field_that_only_a_view_has_counts_as_seen() -> None:
    fields = ("cs-uri-query", "c-uri", "cs-user-agent", "cs-cookie", "cs-host")
    rules = loaded([rule_text({"s": dict.fromkeys(fields, "x"), "condition": "s"}, logsource=WEB)])
    seen = Seen()
    asked = rules.sigma_for(all_formats()["iis"])
    asked.hits(event({"cs-uri-stem": "/a", "cs(User-Agent)": "b", "cs(Host)": "c"}), seen)
    assert [frozenset({"cs-cookie"})] == list(seen.never_seen().values())


TEXTS = st.text(st.sampled_from("ab/?%+ 2eéF.&=\ud800"), max_size=30)


@given(stem=TEXTS, query=TEXTS, part=st.sampled_from(Part))
def test_nothing_gets_longer_than_what_was_logged(stem: str, query: str, part: Part) -> None:
    for web in table().web.values():
        if not web.columns:
            continue
        assert len(web.decode(stem, part)) <= len(stem)
        row = dict(zip(web.columns, (stem, query), strict=False))
        assert len(web.uri(row, decoded=True) or "") <= len(stem) + len(query) + 1
