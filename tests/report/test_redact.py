"""Redaction: no known name survives, the same name has the same token, and the key undoes it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.report import results
from tocsin.errors import UsageError
from tocsin.model.names import Names
from tocsin.report.format import all_reports
from tocsin.report.redact import Key, redact, restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import Result

NAMES = Names(
    users=frozenset({"anna.berg", "Exchange Admin", "test", "jörg", "ab", "per.holm"}),
    hosts=frozenset({"ex01", "dc01", "mail"}),
    domains=frozenset({"nordlys.example", "corp.local"}),
    netbios=frozenset({"NORDLYS"}),
    addresses=frozenset({"198.51.100.25", "2001:db8::25"}),
)


@cache
def made_result() -> Result:
    return results.result(results.compromised(), results.quiet(), results.hostile())


def result_with(*texts: str) -> Result:
    """A result in which these are the reasons of the only server."""
    whole = made_result()
    host = whole.hosts[0]
    verdict = msgspec.structs.replace(host.verdict, reasons=texts)
    empty = msgspec.structs.replace(
        host, source="x", name="", verdict=verdict, findings=(), leads=(), timeline=(),
        problems=(), manifest=(), groups=(),
    )  # fmt: skip
    return msgspec.structs.replace(whole, hosts=(empty,))


def redacted(*texts: str, names: Names = NAMES, all_addresses: bool = False) -> tuple[str, ...]:
    """The texts without names; the way back is tried each time."""
    whole = result_with(*texts)
    without, key = redact(whole, names, all_addresses=all_addresses)
    assert whole == restore(without, key)
    return without.hosts[0].verdict.reasons


def one(text: str, *, all_addresses: bool = False) -> str:
    (found,) = redacted(text, all_addresses=all_addresses)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by anna.berg.", "by user-1."),
        ("ANNA.BERG and Anna.Berg", "user-1 and user-1b"),
        (r"NORDLYS\anna.berg", r"domain-1\user-1"),
        (r'"User":"NORDLYS\\anna.berg"', r'"User":"domain-1\\user-1"'),
        ("nordlys%5Canna.berg&x", "domain-1%5Cuser-1&x"),
        ("user=anna%2Eberg&", "user=user-1&"),
        ("anna.berg@nordlys.example", "mail-1@redacted.example"),
        ("<anna.berg%40nordlys.example>", "<mail-1@redacted.example>"),
        ("Email=somebody@elsewhere.test&", "Email=mail-1@redacted.example&"),
        ("by Exchange+Admin, by Exchange%20Admin", "by user-1, by user-1b"),
        ("Exchange stays", "Exchange stays"),
        (r"JSON: \nanna.berg\tper.holm", r"JSON: \nuser-1\tuser-2"),
        ("jörg, j%C3%B6rg, j\\u00f6rg", "user-1, user-1b, user-1c"),
        ("/ex01.nordlys.example:444/", "/host-1.redacted.example:444/"),
        ("ServerInfo~a]@ex01.nordlys.example:444/", "ServerInfo~a]@host-1.redacted.example:444/"),
        ("url=https%3a%2f%2fmail.nordlys.example%2fowa", "url=https%3a%2f%2fhost-1.redacted.example%2fowa"),
        ("@nordlys.example and .nordlys.example", "@domain-1.redacted.example and .domain-1.redacted.example"),
        ("DC=nordlys,DC=example", "DC=domain-1,DC=example"),
        (r"\\EX01\c$\x", r"\\host-1\c$\x"),
        (r"NORDLYS\EX01$", r"domain-1\host-1$"),
        ("SMS_EX01_logs", "SMS_host-1_logs"),
        ("EX012 and xEX01 are others", "EX012 and xEX01 are others"),
        ("10.0.0.5:443, 192.168.1.1.", "internal-ip-1:443, internal-ip-2."),
        ("ip=%3D10.0.0.5, v10.0.14393.1", "ip=%3Dinternal-ip-1, v10.0.14393.1"),
        ("::ffff:10.1.2.3 fe80::1%4", "::ffff:internal-ip-1 internal-ip-2%4"),
        ("own 198.51.100.25 and 2001:db8::25", "own internal-ip-1 and internal-ip-2"),
        ("public 203.0.113.66, ::1, 127.0.0.1, 06:44:30", "public 203.0.113.66, ::1, 127.0.0.1, 06:44:30"),
        ("S-1-5-21-1-2-3-1142 S-1-5-21-1-2-3-500 S-1-5-18", "sid-1 sid-2-500 S-1-5-18"),
        (r"C:\Users\someone\Desktop", r"C:\Users\user-1\Desktop"),
        ("C/Users/Public/x", "C/Users/Public/x"),
        (r"NORDLYS\test is test", r"domain-1\user-1 is test"),
        (r"NT AUTHORITY\SYSTEM", r"NT AUTHORITY\SYSTEM"),
        ("HealthMailbox6c1@nordlys.example", "HealthMailbox6c1@domain-1.redacted.example"),
        ("cut at ex01.nord", "cut at host-1.cut-1"),
        ("nothing of ab here", "nothing of ab here"),
    ],
)  # fmt: skip
def test_a_name_is_replaced_however_it_is_written(text: str, expected: str) -> None:
    assert expected == one(text)


def test_public_addresses_are_replaced_where_that_was_asked_for() -> None:
    assert "by ip-1, ip-2 and ::1" == one(
        "by 203.0.113.66, 2001:db8::1 and ::1", all_addresses=True
    )


def test_an_attacker_cannot_have_the_own_address_taken_for_the_servers() -> None:
    whole = made_result()
    client = whole.hosts[0].findings[0].clients[0]
    names = Names(addresses=frozenset({client}))
    without, _ = redact(whole, names)
    assert client in without.hosts[0].findings[0].clients


def test_the_same_name_has_the_same_token_everywhere_and_in_order_of_appearance() -> None:
    texts = redacted("per.holm met anna.berg", "anna.berg left", "PER.HOLM stayed")
    assert ("user-1 met user-2", "user-2 left", "user-1b stayed") == texts


def test_a_token_that_the_evidence_holds_already_is_not_given() -> None:
    assert ("user-1 is no token, user-2 is",) == redacted("user-1 is no token, anna.berg is")


def test_what_is_ours_or_needed_to_check_a_citation_stays() -> None:
    whole = results.result(results.compromised(), results.quiet())
    without, key = redact(whole, NAMES)
    assert whole == restore(without, key)
    for before, after in zip(whole.hosts, without.hosts, strict=True):
        assert (before.verdict.level, before.packs) == (after.verdict.level, after.packs)
        assert [one.sha256 for one in before.manifest] == [one.sha256 for one in after.manifest]
        for old, new in zip(before.findings, after.findings, strict=True):
            assert (old.id, old.cves, old.grade) == (new.id, new.cves, new.grade)
            for here, there in zip(old.citations, new.citations, strict=True):
                assert (here.line, here.record, here.offset, here.time, here.rule) == (
                    there.line,
                    there.record,
                    there.offset,
                    there.time,
                    there.rule,
                )


def test_the_source_is_replaced_also_where_a_message_quotes_it() -> None:
    whole = result_with("/home/ana/customer-7.zip: does not exist", "customer-7.zip is empty")
    host = msgspec.structs.replace(whole.hosts[0], source="/home/ana/customer-7.zip")
    without, _ = redact(msgspec.structs.replace(whole, hosts=(host,)), Names())
    assert "source-1" == without.hosts[0].source
    assert ("source-1: does not exist", "source-2 is empty") == without.hosts[0].verdict.reasons


def test_redacting_twice_gives_the_same_bytes() -> None:
    whole = made_result()
    assert redact(whole, NAMES) == redact(whole, NAMES)


def test_every_format_can_be_made_of_a_redacted_result() -> None:
    without, _ = redact(made_result(), NAMES, all_addresses=True)
    for report in all_reports().values():
        assert report.render(without)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="no kind of key"):
        restore(made_result(), Key(schema="other/1", tokens={}))


SYLLABLES = st.sampled_from(["zor", "quin", "brax", "velm", "tahk", "ölgö", "ñuvi"])
NAME = st.lists(SYLLABLES, min_size=2, max_size=3).flatmap(
    lambda parts: st.sampled_from(["", ".", "-", "_", " "]).map(lambda mark: mark.join(parts))
)
KNOWN = st.frozensets(NAME, max_size=4)
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.title,
    quote,
    lambda name: quote(name, safe="").lower(),
    lambda name: name.replace(" ", "+"),
    lambda name: msgspec.json.encode(name).decode(),
    lambda name: "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in name),
    lambda name: f"{name}@{name.replace(' ', '')}.test",
    lambda name: f"%5C{name}%2F",
    lambda name: f"\\n{name}\\t",
]
SPELLING = st.sampled_from(SPELLINGS)
FILLING = st.sampled_from(
    [" ", "=", "\\", "/", "@", "%20", '","', ".", "-", "_", " user-1 ", "\n"]
)


@given(st.data())
def test_no_collected_name_survives_and_the_key_brings_each_back(data: st.DataObject) -> None:
    users = data.draw(st.frozensets(NAME, min_size=1, max_size=4))
    hosts, netbios = data.draw(KNOWN), data.draw(KNOWN)
    labels = data.draw(KNOWN)
    domains = frozenset(f"{label.replace(' ', '')}.test" for label in labels)
    names = Names(users=users, hosts=hosts, netbios=netbios, domains=domains)
    known = sorted(users | hosts | netbios | domains)
    pieces = st.tuples(FILLING, st.sampled_from(known), SPELLING, FILLING).map(
        lambda part: f"{part[0]} {part[0]}{part[2](part[1])}{part[3]} "
    )
    texts = data.draw(st.lists(st.lists(pieces, max_size=4).map("".join), max_size=3))
    for text in redacted(*texts, names=names):
        unescaped = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
        spelt = unquote(unescaped).casefold()
        for name in known:
            for form in (text.casefold(), spelt, spelt.replace("+", " ")):
                assert name.casefold() not in form, (name, texts, text)


TEXT = st.text(
    st.sampled_from("ex01nordlys.example@\\/%54cbCBuser-123 10.0.5:S-1-5-21mail_" + "ö\udc80"), max_size=60
)  # fmt: skip


@given(st.lists(TEXT, max_size=5))
@example(["ex01%5Cuser-1b", "host-1"])
@example(["EX01", "ex01", "Ex01", "eX01", "ex01.nordlys.example", "EX01.nordlys.example"])
def test_whatever_the_texts_are_the_key_undoes_it(texts: list[str]) -> None:
    redacted(*texts)
