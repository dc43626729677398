"""Exact, at borders, and never more than what the slow definition says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matching.indicators.lists import loaded
from tests.matching.indicators.slowly import slow_match
from tests.matching.rule_sets import event
from tocsin.events.format import all_formats
from tocsin.matching.indicators.indicator import Indicator, Kind, Part, Source
from tocsin.matching.indicators.match import IndicatorSet
from tocsin.matching.indicators.values import part_of
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHA256 = "ab" * 32
MD5 = "0f" * 16
PROXY = "httpproxy"


def one(value: str, kind: Kind | None = None, *more: Part) -> Indicator:
    part = part_of(value, kind)
    return Indicator(part=part, value=value, comment="", source=0, line=1, more=more)


def set_of(*indicators: Indicator) -> IndicatorSet:
    return IndicatorSet([Source(file="l", name="l", slug="l", first=0)], indicators)


def hits(found: IndicatorSet, fields: Mapping[str, str], form: str = PROXY) -> list[str]:
    return [hit.indicator.value for hit in found.match(event(fields), all_formats()[form])]


YES = [
    ("192.0.2.7", {"ClientIpAddress": "192.0.2.7"}),
    ("192.0.2.7", {"ClientIpAddress": "192.0.2.7:49152"}),
    ("192.0.2.7", {"ClientIpAddress": "::ffff:192.0.2.7"}),
    ("192.0.2.7", {"x": "198.51.100.1, 192.0.2.7"}),
    ("192.0.2.7", {"x": "https://192.0.2.7/x"}),
    ("192.0.2.7", {"UserAgent": "${jndi:ldap://192.0.2.7/a}"}),
    ("2001:db8::a", {"ClientIpAddress": "2001:0DB8:0:0::000a"}),
    ("2001:db8::a", {"ClientIpAddress": "[2001:db8::a]:443"}),
    ("2001:db8::a", {"ClientIpAddress": "2001:db8::a%12"}),
    ("192.0.2.0/24", {"ClientIpAddress": "192.0.2.255"}),
    ("192.0.0.0/13", {"ClientIpAddress": "192.7.255.255"}),
    ("2001:db8::/32", {"ClientIpAddress": "2001:db8:1::1"}),
    ("evil.example", {"UrlHost": "EVIL.example"}),
    ("evil.example", {"UrlHost": "a.b.evil.example."}),
    ("evil.example", {"UrlQuery": "u=https%3A%2F%2Fevil.example%2Fx"}),
    ("evil.example", {"UrlQuery": "u=https%253A%252F%252Fevil.example"}),
    ("evil.example", {"AnchorMailbox": "ServerInfo~a]@evil.example:444/x"}),
    ("evil[.]example", {"x": "x@evil.example"}),
    ("http://evil.example/a/b", {"Referer": "http://evil.example/a/b"}),
    ("http://evil.example/a/b", {"Referer": "https://user@evil.example:443/A/b?c=1"}),
    ("hxxp://evil[.]example/a/b/", {"Referer": "http://evil.example/a/b/c"}),
    ("http://evil.example", {"Referer": "http://evil.example/any"}),
    (
        "https://evil.example/a?b=1",
        {"UrlHost": "evil.example", "UrlStem": "/a", "UrlQuery": "b=1"},
    ),
    ("C:\\inetpub\\wwwroot\\x.aspx", {"p": "D:/inetpub/wwwroot/X.aspx"}),
    ("C:\\inetpub\\wwwroot\\x.aspx", {"p": 'del "c:\\inetpub\\wwwroot\\x.aspx" /q'}),
    ("C:\\inetpub\\wwwroot", {"p": "c:\\inetpub\\wwwroot\\y.aspx"}),
    ("%TEMP%\\bad dir\\x.exe", {"p": "c:\\users\\a\\temp\\bad dir\\x.exe"}),
    ("/owa/auth/x.aspx", {"UrlStem": "/owa/auth/x.aspx"}),
    ("/owa/auth/x.aspx?a=b", {"UrlStem": "/owa/auth/x.aspx", "UrlQuery": "?a=b"}),
    ("x.aspx", {"UrlStem": "/owa/auth/x.aspx"}),
    ("x.aspx", {"UrlStem": "/owa/auth/x.aspx/y.js"}),
    ("my page.aspx", {"UrlStem": "/owa/my+page.aspx"}),
    (SHA256, {"Hashes": f"MD5={MD5},SHA256={SHA256.upper()},IMPHASH=0"}),
    (MD5, {"Hashes": f"MD5={MD5}"}),
]
NO = [
    ("192.0.2.7", {"ClientIpAddress": "192.0.2.77"}),
    ("192.0.2.7", {"ClientIpAddress": "1192.0.2.7"}),
    ("192.0.2.7", {"x": "1.192.0.2.7"}),
    ("192.0.2.7", {"x": "192.0.2.7.1"}),
    ("192.0.2.7", {"x": "a192.0.2.7"}),
    ("192.0.2.7", {"UserAgent": "Agent/192.0.2.7 (x)"}),
    ("2001:db8::a", {"ClientIpAddress": "2001:db8::ab"}),
    ("192.0.2.0/24", {"ClientIpAddress": "192.0.3.1"}),
    ("evil.example", {"UrlHost": "notevil.example"}),
    ("evil.example", {"UrlHost": "not-evil.example"}),
    ("evil.example", {"UrlHost": "evil.example.org"}),
    ("http://evil.example/a/b", {"Referer": "http://evil.example/a/bc"}),
    ("http://evil.example/a/b", {"Referer": "http://x.evil.example/a/b"}),
    ("http://evil.example/a/b", {"Referer": "http://evil.example.org/a/b"}),
    ("C:\\inetpub\\wwwroot\\x.aspx", {"p": "c:\\inetpub\\wwwroot\\x.aspx2"}),
    ("C:\\inetpub\\wwwroot\\x.aspx", {"p": "c:\\myinetpub\\wwwroot\\x.aspx"}),
    ("x.aspx", {"UrlStem": "/owa/auth/xx.aspx"}),
    ("x.aspx", {"UrlStem": "/owa/auth/x.aspx.bak"}),
    (MD5, {"Hashes": f"{MD5}0"}),
    (MD5, {"x": f"{MD5}-1"}),
]


@pytest.mark.parametrize(("value", "fields"), YES)
def test_what_a_list_names_is_found(value: str, fields: dict[str, str]) -> None:
    assert [value] == hits(set_of(one(value)), fields)


@pytest.mark.parametrize(("value", "fields"), NO)
def test_a_longer_name_is_another_one(value: str, fields: dict[str, str]) -> None:
    assert [] == hits(set_of(one(value)), fields)


def test_a_user_agent_is_the_whole_value_and_iis_writes_plus_for_blank() -> None:
    agent = "Mozilla/5.0 (compatible; Odd/1.0)"
    found = set_of(one(agent, Kind.USER_AGENT))
    assert [agent] == hits(found, {"cs(User-Agent)": agent.replace(" ", "+")}, "iis")
    assert [agent] == hits(found, {"UserAgent": agent})
    assert [] == hits(found, {"UserAgent": f"{agent} x"})
    assert [] == hits(found, {"AuthenticatedUser": agent})


def test_a_name_without_an_ending_must_be_the_last_of_a_path() -> None:
    found = set_of(one("badfolder", Kind.FILE_NAME))
    assert ["badfolder"] == hits(found, {"x": "c:\\y\\badfolder"})
    assert [] == hits(found, {"x": "c:\\y\\badfolder\\z"})
    assert [] == hits(found, {"x": "badfolder"})


def test_what_is_needed_together_must_stand_in_one_row() -> None:
    both = set_of(one("x.aspx", None, part_of("192.0.2.7")))
    assert [] == hits(both, {"UrlStem": "/x.aspx"})
    assert [] == hits(both, {"ClientIpAddress": "192.0.2.7"})
    assert ["x.aspx"] == hits(both, {"UrlStem": "/x.aspx", "ClientIpAddress": "192.0.2.7"})


def test_a_pattern_is_held_against_paths_and_not_against_other_columns(tmp_path: Path) -> None:
    found, _ = loaded(
        tmp_path, "\\\\auth\\\\x[0-9]+\\.aspx$;80\n\\\\ok\\\\z\\.exe;50;(?i)\\\\VENDOR\\\\\n"
    )
    assert ["\\\\auth\\\\x[0-9]+\\.aspx$"] == hits(found, {"UrlStem": "/owa/auth/x12.aspx"})
    assert [] == hits(found, {"UrlQuery": "/owa/auth/x12.aspx"})
    file = EvidencePath.plain("C:/vendor/ok/z.exe")
    assert [] == list(found.file_match(file, 1, {}))
    assert 1 == len(found.file_match(EvidencePath.plain("C:/other/ok/z.exe"), 1, {}))


def test_a_file_is_found_by_its_digests_its_path_and_its_name() -> None:
    found = set_of(
        one(SHA256), one(MD5), one("C:\\inetpub\\x.aspx"), one("x.aspx"), one("other" * 9 + ".exe")
    )
    path = EvidencePath.plain("host/C/inetpub/X.aspx")
    named = found.file_match(path, 9, {"sha256": SHA256, "md5": MD5})
    assert ["indicator-l-1", "indicator-l-2", "indicator-l-3", "indicator-l-4"] == [
        one.rule for one in named
    ]
    assert {"sha256", "md5"} == found.digests


def test_a_file_without_content_has_no_digest_of_its_own() -> None:
    found = set_of(one(SHA256))
    assert () == tuple(found.file_match(EvidencePath.plain("C:/x"), 0, {"sha256": SHA256}))


VALUES = st.sampled_from(
    [
        *(value for value, _ in YES),
        *(
            "10.0.0.1",
            "a.b.evil.example",
            "evil.example.org",
            "example.org",
            "b.aspx",
            "C:\\a\\b.aspx",
        ),
        *(
            "10.0.0.0/8",
            "10.0.0.0/31",
            "::/20",
            "2001:db8:1::/47",
            "c.d\\e.f.g",
            "http://10.0.0.1/a;b",
        ),
        *(
            "bücher.example",
            "ort.ä.example",
            "ä-ö-ü.exe",
            "http://bücher.example/ä",
            "C:\\ä\\öß.txt",
        ),
    ]
)
AROUND = st.sampled_from(
    [
        "",
        "",
        "/",
        "\\",
        ".",
        "..",
        " ",
        "%2F",
        "%25252f",
        "=",
        "1",
        "x",
        "-",
        "://",
        ":",
        "[",
        "]",
        '"',
        "+",
        "@",
        "ä",
        "\u212a",
        "%41",
        "?",
        "&",
        "\n",
        "$",
        "%",
        ",",
    ]
)


def usable(value: str) -> bool:
    try:
        part_of(value)
    except ValueError:
        return False
    return True


@st.composite
def lists_and_rows(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    """A list, and a row that is made of what it names, of what is like it, and of borders."""
    values = draw(st.lists(VALUES.filter(usable), min_size=1, max_size=6, unique=True))
    named = st.sampled_from(values) | VALUES
    spelled = st.tuples(named, st.booleans()).map(lambda one: one[0].upper() if one[1] else one[0])
    piece = st.tuples(AROUND, spelled, AROUND).map("".join) | AROUND | st.text(max_size=3)
    text = st.lists(piece, min_size=1, max_size=4).map("".join)
    names = st.sampled_from(["AnchorMailbox", "ClientIpAddress", "UserAgent", "x"])
    return values, draw(st.dictionaries(names, text, min_size=1, max_size=3))


@settings(max_examples=500, deadline=None)
@given(made=lists_and_rows(), together=st.booleans())
def test_the_look_ups_find_what_the_slow_definition_finds(
    made: tuple[list[str], dict[str, str]], together: bool
) -> None:
    values, fields = made
    parts = list(dict.fromkeys(part_of(value) for value in values))
    first, more = (parts[:1], tuple(parts[1:3])) if together else (parts, ())
    indicators = [
        Indicator(part=part, value=part.key, comment="", source=0, line=1, more=more)
        for part in first
    ]
    indicators.append(one("some agent 1.0", Kind.USER_AGENT))
    found = set_of(*indicators)
    row = event(fields)
    others = [text for name, text in fields.items() if name != "UserAgent"]
    agents = [text for name, text in fields.items() if name == "UserAgent"]
    expected = slow_match(indicators, others, agents)
    hit = [int(one.rule.rpartition("-")[2]) - 1 for one in found.match(row, all_formats()[PROXY])]

    assert expected == hit
    words = found.words()
    line = "\n".join(row.fields.values()).encode("utf-8", "surrogatepass").lower()
    assert not hit or words.everything or any(word in line for word in words.words)
