"""Files that say who is looked after: what is read, and what is refused with place and remedy."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.campaign.constituency import COLUMNS, Constituent, read_constituency
from tocsin.errors import UsageError

HEADER = "organisation,sector,country,region,hosts,networks,domains,asns,contacts,language,keys\n"
HOSPITAL = Constituent(
    organisation="Example Hospital",
    place="line 2",
    sector="health",
    country="NL",
    region="Noord-Holland",
    hosts=("192.0.2.200", "mail.example.org"),
    networks=("192.0.2.0/25", "2001:db8:1::/48"),
    domains=("example.org", "example.net"),
    asns=(64496,),
    contacts=("soc@example.org", "tel:+31-20-5550100"),
    language="nl",
    keys=("0123456789ABCDEF0123456789ABCDEF01234567",),
)
ROW = (
    'Example Hospital,health,nl,Noord-Holland,192.0.2.200 MAIL.example.org,"192.0.2.0/25, 2001:db8:1::/48",'
    "*.example.org;example.net.,AS64496,soc@example.org tel:+31-20-5550100,nl,"
    "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567\n"
)


def refused(content: bytes | str, name: str = "list.csv") -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(UsageError) as error:
        read_constituency(raw, name)
    return str(error.value)


def test_every_column_of_a_csv_file_is_read() -> None:
    assert (HOSPITAL,) == read_constituency((HEADER + ROW).encode(), "list.csv").constituents


def test_json_says_the_same() -> None:
    item = {
        "organisation": "Example Hospital",
        "sector": "health",
        "country": "NL",
        "region": "Noord-Holland",
        "hosts": ["192.0.2.200", "mail.example.org"],
        "networks": ["192.0.2.0/25", "2001:db8:1::/48"],
        "domains": "example.org example.net",
        "asns": [64496],
        "contacts": ["soc@example.org", "tel:+31-20-5550100"],
        "language": "nl",
        "keys": ["0123456789abcdef0123456789abcdef01234567"],
    }
    for document in ([item], {"constituents": [item]}):
        [found] = read_constituency(json.dumps(document).encode(), "list.json").constituents
        assert {column: getattr(HOSPITAL, column) for column in COLUMNS} == {
            column: getattr(found, column) for column in COLUMNS
        }


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_a_mark_at_the_start_and_comments_are_understood(separator: str) -> None:
    text = f"\ufefforganisation{separator}domains\n# ours\n\nExample{separator}example.org\n"
    [found] = read_constituency(text.encode(), "list.csv").constituents
    assert (("example.org",), "line 4") == (found.domains, found.place)


def test_a_range_becomes_its_networks_and_a_name_of_any_script_what_the_dns_has() -> None:
    text = "organisation,networks,domains\nA,192.0.2.1-192.0.2.4,bücher.example\n"
    [found] = read_constituency(text.encode(), "list.csv").constituents
    assert ("192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/32") == found.networks
    assert ("xn--bcher-kva.example",) == found.domains


def test_lines_of_one_organisation_add_up() -> None:
    text = "organisation,sector,networks\nA,health,192.0.2.0/26\nA,,192.0.2.64/26\n"
    [found] = read_constituency(text.encode(), "list.csv").constituents
    assert ("health", ("192.0.2.0/26", "192.0.2.64/26")) == (found.sector, found.networks)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("organisation,networks\nA,192.0.2.1/24\n", "line 2: networks: '192.0.2.1/24' names a host inside a network; write 192.0.2.0/24"),
        ("organisation,networks\nA,0.0.0.0/0\n", "line 2: networks: '0.0.0.0/0' is far too wide"),
        ("organisation,networks\nA,\n\nB,192.0.2\n", "line 4: networks: '192.0.2' is no network, such as"),
        ("organisation,networks\nA,192.0.2.9-192.0.2.1\n", "line 2: networks: '192.0.2.9-192.0.2.1' is no range"),
        ("organisation,domains\nA,org\n", "line 2: domains: 'org' is no name, such as example.org"),
        ("organisation,domains\nA,exa mple,b\n", "list.csv:2: has 3 fields where the header names 2"),
        ("organisation,asns\nA,AS0\n", "line 2: asns: 'AS0' is no autonomous system"),
        ("organisation,country\nA,NLD\n", "line 2: country: 'NLD' is no code of two letters"),
        ("organisation,language\nA,Dutch!\n", "line 2: language: 'Dutch!' is no language tag"),
        ("organisation,contacts\nA,soc\n", "line 2: contacts: 'soc' is no mail address"),
        ("organisation,keys\nA,12\n", "line 2: keys: '12' is neither a fingerprint"),
        ("organisation,network\nA,\n", "list.csv:1: there is no column 'network'; did you mean networks?"),
        ("name\nA\n", "list.csv:1: there is no column organisation; the columns are"),
        ("organisation,domains,domains\nA,,\n", "list.csv:1: the column domains stands there twice"),
        ("organisation,domains\n,example.org\n", "line 2: organisation is empty"),
        ('organisation,domains\n"A,example.org\n', "list.csv:2: unexpected end of data; check its quotes"),
        ("organisation,hosts\nA,192.0.2.1\nB,192.0.2.1\n", "line 3: hosts: 192.0.2.1 is assigned to A (line 2), too"),
        ("organisation,country\nA,NL\nA,BE\n", "line 3: country of A is 'BE', and 'NL' in line 2"),
        ("organisation\n", "list.csv: names no organisation"),
        ("", "list.csv: names no organisation"),
        ("[{]", "list.csv:1: is no JSON"),
        ('{"a": 1}', "needs an array of objects"),
        ("[1]", "item 1 is no object"),
        ('[{"organisation": "A", "networks": {}}]', "item 1: networks: {} is neither text nor"),
        ('[{"organisation": "A", "asns": [true]}]', "item 1: asns: needs an array of texts"),
        ("[" * 100_000, "list.csv"),
        ('[{"organisation": "A", "hosts": [], "hosts": []}]', "the key hosts stands twice in one object"),
        ("organisation,contacts\nA,a\x1b[31m@b.example\n", "is no mail address and no URI"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place_and_what_to_do(text: str, told: str) -> None:
    assert told in refused(text)


@pytest.mark.parametrize("column", ["domains", "hosts"])
def test_a_name_longer_than_the_dns_takes_is_refused_without_asking_idna(column: str) -> None:
    # Ten of them took 20 seconds, and the message repeated all of it.
    rows = [{"organisation": f"A{number}", column: "ü" * 200_000} for number in range(10)]
    told = refused(json.dumps(rows))
    assert f"item 1: {column}: 'üüü" in told
    assert "is longer than 253 characters" in told
    assert len(told) < 2_000


def test_a_file_of_another_encoding_says_in_which_line() -> None:
    assert "line 2 is not UTF-8" in refused(b"organisation\nM\xfcller\n")


def test_many_mistakes_are_told_together_and_counted() -> None:
    rows = "".join(f"A{number},x\n" for number in range(30))
    assert refused(f"organisation,domains\n{rows}").endswith("; and 20 more")


def test_what_two_claim_and_what_is_not_used_is_reported_and_allowed() -> None:
    text = (
        "organisation,networks,domains,asns,remark\n"
        "A,192.0.2.0/24,example.org,AS64496,x\n"
        "B,192.0.2.0/26 198.51.100.0/24,example.org,AS64496,\n"
        "C,198.51.100.0/24,,,\n"
        "D,,,,\n"
    )
    assert (
        "the column 'remark' is not used",
        "line 5: nothing tells which hosts are D's; add networks or domains",
        "192.0.2.0/26 of B (line 3) lies inside 192.0.2.0/24 of A (line 2): the longer prefix counts",
        "198.51.100.0/24 is claimed by B (line 3) and C (line 4)",
        "the domain example.org is claimed by A (line 2) and B (line 3)",
        "the autonomous system AS64496 is claimed by A (line 2) and B (line 3)",
    ) == read_constituency(text.encode(), "list.csv").notes


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEADER + text).encode()))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    try:
        told = read_constituency(content, "list.csv").constituents[0].place
    except UsageError as error:
        told = str(error)
    assert told.startswith(("list.csv", "line", "item"))


def test_numbers_of_thousands_of_digits_are_refused() -> None:
    long = "9" * 6000
    assert "holds a number that is too long" in refused(f'[{{"organisation": {long}}}]')
    for digits in ("00000000001" + long, "0000000000142949672960"):
        told = refused(f"organisation,asns\nExample,AS{digits}\n")
        assert "is no autonomous system" in told


def test_a_list_of_very_many_columns_is_refused_at_once() -> None:
    """Comparing each with all others takes minutes, and the desk reads lists as it answers."""
    names = ",".join(f"c{number}" for number in range(200_000))
    told = refused(f"organisation,{names}\n")
    assert "has 200,001 columns; 200 are read at most" in told


def test_a_very_long_contact_is_refused_at_once() -> None:
    contact = "a@" + "b." * 10_000
    assert "is no mail address" in refused(f"organisation,contacts\nA,{contact}\n")
