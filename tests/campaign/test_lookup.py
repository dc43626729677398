"""Recorded answers of registries and domains, without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.campaign.lookup import RecordedAnswers, look_up
from tocsin.campaign.rdap import RdapContact, read_rdap
from tocsin.campaign.security_txt import read_security_txt
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ANSWER = {
    "objectClassName": "ip network",
    "handle": "192.0.2.0 - 192.0.2.255",
    "name": "EXAMPLE-NET",
    "country": "NL",
    "startAddress": "192.0.2.0",
    "endAddress": "192.0.2.255",
    "entities": [
        {
            "roles": ["registrant"],
            "vcardArray": ["vcard", [["fn", {}, "text", "Example Provider"]]],
            "entities": [
                {
                    "roles": ["abuse"],
                    "vcardArray": [
                        "vcard",
                        [
                            ["fn", {}, "text", "Abuse desk"],
                            ["email", {}, "text", "abuse@provider.example"],
                            ["tel", {"type": "voice"}, "uri", "tel:+31-20-5550100"],
                            ["adr", {}, "text", ["", "", "1 Main Street"]],
                        ],
                    ],
                }
            ],
        }
    ],
}
FILE = (
    "# for reports\n"
    "Contact: mailto:security@example.org\n"
    "contact: https://example.org/report\n"
    "Expires: 2027-01-01T00:00:00.000Z\n"
    "Encryption: https://example.org/key.asc\n"
    "Preferred-Languages: nl, en\n"
    "Canonical: https://example.org/.well-known/security.txt\n"
)


def test_the_abuse_contact_of_a_network_comes_first_however_deep_it_lies() -> None:
    found = read_rdap(json.dumps(ANSWER).encode())
    assert ("EXAMPLE-NET", "192.0.2.0-192.0.2.255", "NL", None) == (
        found.name,
        found.network,
        found.country,
        found.problem,
    )
    assert found.contacts[0] == RdapContact(
        name="Abuse desk",
        roles=("abuse",),
        mails=("abuse@provider.example",),
        phones=("+31-20-5550100",),
    )
    assert ["Abuse desk", "Example Provider"] == [one.name for one in found.contacts]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "is no JSON"),
        (b"[]", "is no JSON object"),
        (b'{"errorCode": 404}', "the registry answered with error 404"),
        (b'{"objectClassName": "nameserver"}', "says of no network, system or domain"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_an_answer_that_says_nothing_is_told_as_such(content: bytes, told: str) -> None:
    assert told in (read_rdap(content).problem or "")


def test_a_published_file_tells_whom_to_write_to_and_how() -> None:
    found = read_security_txt(FILE.encode(), NOW)
    assert ("mailto:security@example.org", "https://example.org/report") == found.contacts
    assert (("nl", "en"), ("https://example.org/key.asc",)) == (found.languages, found.encryption)
    assert (datetime(2027, 1, 1, tzinfo=UTC), False, (), True) == (
        found.expires,
        found.is_signed,
        found.problems,
        found.usable,
    )


@pytest.mark.parametrize(
    "mail", ["a@b.example\r\nBcc: c@d.example", "a@b.example\x1b[31m", "a@b", "@", "a b@c.example"]
)
def test_what_is_no_mail_address_is_no_contact(mail: str) -> None:
    card = ["vcard", [["email", {}, "text", mail], ["email", {}, "text", "ok@c.example"]]]
    entity = {"roles": ["abuse"], "vcardArray": card}
    answer = {"objectClassName": "ip network", "entities": [entity]}
    [contact] = read_rdap(json.dumps(answer).encode()).contacts
    assert ("ok@c.example",) == contact.mails


@pytest.mark.parametrize("contact", ["mailto:a@b\x1b[31m.example", "https://a.example/ x"])
def test_a_contact_that_is_no_uri_is_none(contact: str) -> None:
    found = read_security_txt(f"Contact: {contact}\n".encode(), NOW)
    assert ((), False) == (found.contacts, found.usable)


def test_a_signed_file_is_read_without_its_frame() -> None:
    signed = (
        "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n"
        + FILE.replace("\n", "\r\n")
        + "-----BEGIN PGP SIGNATURE-----\r\n\r\niQ==\r\n-----END PGP SIGNATURE-----\r\n"
    )
    found = read_security_txt(signed.encode(), NOW)
    assert (True, (), 2) == (found.is_signed, found.problems, len(found.contacts))


@pytest.mark.parametrize(
    ("old", "new", "told", "usable"),
    [
        ("2027-01-01", "2026-11-01", "it expired on 2026-11-01", False),
        ("Expires: 2027", "Expires: soon 2027", "its day of expiry cannot be read", True),
        ("Expires", "X-Expires", "it does not say when it expires", True),
        ("# for", "for", "1 lines are neither fields nor comments", True),
        ("mailto:", "", "a contact is no URI of the kinds https, mailto or tel", True),
        ("Canonical", "Expires", "Expires stands there more than once", True),
    ],
)
def test_what_breaks_the_rfc_is_told(old: str, new: str, told: str, usable: bool) -> None:
    found = read_security_txt(FILE.replace(old, new).encode(), NOW)
    assert ((told,), usable) == (found.problems, found.usable)


def test_a_file_without_a_contact_is_of_no_use() -> None:
    found = read_security_txt(b"Expires: 2027-01-01T00:00:00Z\n", NOW)
    assert (("it names no contact",), False) == (found.problems, found.usable)


def test_nothing_is_found_where_nothing_was_recorded(tmp_path: Path) -> None:
    answers = RecordedAnswers(tmp_path)
    found = look_up(answers, ip="192.0.2.1", domains=("example.org",), now=NOW)
    assert (None, None) == (found.rdap, found.security_txt)


def test_recorded_answers_serve_the_network_and_the_domain_around(tmp_path: Path) -> None:
    for kind in ("rdap", "security.txt"):
        (tmp_path / kind).mkdir()
    (tmp_path / "rdap" / "192.0.2.0_24.json").write_text(json.dumps(ANSWER), encoding="utf-8")
    (tmp_path / "security.txt" / "example.org.txt").write_text(FILE, encoding="utf-8")
    answers = RecordedAnswers(tmp_path)
    found = look_up(
        answers, ip="192.0.2.77", domains=("other.example", "mail.example.org"), now=NOW
    )
    assert found.rdap is not None
    assert found.security_txt is not None
    assert ("EXAMPLE-NET", True) == (found.rdap.name, found.security_txt.usable)
    assert answers.rdap("198.51.100.1") is None
    assert answers.security_txt("../../etc/passwd.x") is None
    assert answers.rdap("no address") is None


def test_an_address_of_ipv6_has_a_name_that_every_system_can_hold(tmp_path: Path) -> None:
    (tmp_path / "rdap").mkdir()
    (tmp_path / "rdap" / "2001-db8--1.json").write_bytes(b"{}")
    assert RecordedAnswers(tmp_path).rdap("2001:db8::1") == b"{}"


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder of recorded answers"):
        RecordedAnswers(tmp_path / "none")


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_whatever_a_file_holds_it_is_read(content: bytes) -> None:
    found = read_security_txt(content, NOW)
    assert found.usable is (
        bool(found.contacts) and not any("expired" in one for one in found.problems)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["entities", "roles", "vcardArray", "x"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_registry_answers_it_is_read(entities: object) -> None:
    document = {"objectClassName": "autnum", "entities": entities, "cidr0_cidrs": entities}
    found = read_rdap(json.dumps(document).encode())
    assert found.problem is None
