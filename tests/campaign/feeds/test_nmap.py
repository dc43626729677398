from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.campaign.reading_feeds import observed, read, status, the_one
from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observation import FeedProblem, Method
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path


def report(inner: str, *, doctype: str = "<!DOCTYPE nmaprun>") -> str:
    return f'<?xml version="1.0"?>\n{doctype}\n<nmaprun scanner="nmap" start="1794218400">{inner}</nmaprun>'


def host(ports: str, address: str = '<address addr="192.0.2.1" addrtype="ipv4"/>') -> str:
    return f'<host endtime="1794218410"><status state="up"/>{address}<ports>{ports}</ports></host>'


def port(scripts: str) -> str:
    return f'<port protocol="tcp" portid="443"><state state="open"/>{scripts}</port>'


def test_of_the_three_real_precision_cases_none_is_called_patched_for_its_invented_build(
    corpus: Path,
) -> None:
    stored = json.loads(
        (corpus / "csirt" / "nmap" / "nmap_exchange_three_precision_cases.json").read_text()
    )
    rows = observed("nmap", stored["nmap_xml"])
    # Mar21SU of 2019 CU8 is 15.2.792.10. The script calls all but the first 15.2.792.15.
    assert [
        ("127.0.0.1", "15.2.792.3", 4, "vulnerable"),
        ("127.0.0.2", "15.2.792.15", 4, "fixed"),
        ("127.0.0.3", "15.2.792", 3, "undetermined"),
    ] == [(row.ip, row.build, row.precision, status(row).value) for row in rows]
    assert {("mail.example.org", "autodiscover.example.org")} == {row.names for row in rows}
    assert ["EXCH01", None, "EXCH01"] == [row.server_name for row in rows]


def test_the_build_that_the_script_makes_up_is_never_read() -> None:
    script = '<script id="ms-exchange-version" output="x"><table key="15.1.2507"><elem key="build">15.1.2507.72</elem></table></script>'
    row = the_one("nmap", report(host(port(script))))
    assert ((("15.1.2507", Method.SCAN_SCRIPT),), 3) == (row.builds, row.precision)


def test_a_table_below_the_table_or_of_another_script_is_no_build() -> None:
    nested = '<script id="ms-exchange-version" output=""><table key="15.1.2507"><table key="15.1.2507.72"/></table></script>'
    other = '<script id="http-enum" output=""><table key="15.1.2507.72"/></script>'
    row = the_one("nmap", report(host(port(nested + other))))
    assert ("15.1.2507",) == tuple(build for build, _ in row.builds)


def test_the_words_of_another_script_are_a_path_and_its_judgement_is_kept_as_text() -> None:
    script = '<script id="http-vuln-exchange" output="(15.2.792) Exchange 2019 VULNERABLE to CVE-2021-26855"/>'
    row = the_one("nmap", report(host(port(script))))
    assert (("15.2.792", Method.OWA_PATH),) == row.builds
    assert ("CVE-2021-26855",) == row.claims
    assert any(name == "http-vuln-exchange" for name, _ in row.extra)


def test_headers_that_a_script_printed_are_read() -> None:
    script = '<script id="http-headers" output="&#xa;  X-FEServer: EXCH01&#xa;  X-OWA-Version: 15.2.986.14&#xa;"/>'
    row = the_one("nmap", report(host(port(script))))
    assert ("15.2.986.14", Method.OWA_HEADER, "EXCH01") == (row.build, row.method, row.server_name)


def test_entities_are_refused_and_what_came_before_stands() -> None:
    bomb = '<!DOCTYPE nmaprun [<!ENTITY a "aaaa">]>'
    rows = read("nmap", report(host(port("")), doctype=bomb))
    assert [(None, ProblemCode.BAD_DOCUMENT)] == [
        (row.row, row.code) for row in rows if isinstance(row, FeedProblem)
    ]


def test_a_report_that_breaks_off_keeps_its_finished_ports_and_the_web_shell_of_the_last() -> None:
    whole = report(host(port("") + port('<script id="x" output="a web shell"/>')))
    rows = read("nmap", whole[: whole.rindex("</port>")])
    first, second, of_file = rows
    assert not isinstance(first, FeedProblem)
    assert isinstance(second, FeedProblem)
    assert (2, ProblemCode.TRUNCATED, "192.0.2.1", ("web_shell",)) == (
        second.row,
        second.code,
        second.ip,
        second.evidence,
    )
    assert of_file.row is None


def test_a_host_without_an_address_is_a_problem() -> None:
    rows = read("nmap", report(host(port(""), address="")))
    assert [ProblemCode.BAD_VALUE] == [row.code for row in rows if isinstance(row, FeedProblem)]


def test_deep_and_endless_documents_end_reading() -> None:
    deep = read("nmap", report("<host>" + "<a>" * 1000))
    endless = read("nmap", b"<nmaprun " + b"x" * 2**24 + b" " * 2**18)
    assert [True, True] == [rows[-1].row is None for rows in (deep, endless)]


def test_another_xml_is_not_recognised() -> None:
    assert not all_feeds()["nmap"].recognise(b"<html><nmaprun/></html>", "out.xml")


def test_a_host_name_of_nothing_is_none() -> None:
    named = '<address addr="192.0.2.1" addrtype="ipv4"/><hostnames><hostname name=""/></hostnames>'
    assert the_one("nmap", report(host(port(""), address=named))).hostname is None


def test_an_encoding_that_nobody_knows_ends_reading() -> None:
    (row,) = read("nmap", b'<?xml version="1.0" encoding="klingon"?><nmaprun/>')
    assert isinstance(row, FeedProblem)
    assert (None, ProblemCode.BAD_DOCUMENT) == (row.row, row.code)
