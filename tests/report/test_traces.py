from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Confidence, Grade
from tocsin.model.result import Citation, Finding, ManifestEntry
from tocsin.report import traces

SHELL = "C/inetpub/wwwroot/aspnet_client/x.aspx"


def serious(**changes: object) -> Finding:
    kept = {"grade": Grade.PERSISTENCE, "confidence": Confidence.HIGH, "clients": ("203.0.113.7",)}
    return finding(**(kept | changes))


def only_client(*findings: Finding) -> traces.Client:
    (client,) = traces.clients(host(findings=findings))
    return client


def test_the_client_of_a_sure_success_is_sure() -> None:
    client = only_client(serious(), finding(clients=("203.0.113.7",)))
    assert (True, False, Grade.PERSISTENCE) == (client.sure, client.internal, client.grade)


@pytest.mark.parametrize(
    "unsure",
    [
        {"grade": Grade.PROBE},
        {"grade": Grade.ATTEMPT},
        {"confidence": Confidence.MEDIUM},
    ],
)
def test_nobody_else_is(unsure: dict[str, object]) -> None:
    assert not only_client(serious(**unsure)).sure


def test_of_several_clients_of_one_finding_none_is_sure() -> None:
    shared = serious(clients=("203.0.113.7", "198.51.100.1"))
    assert [False, False] == [client.sure for client in traces.clients(host(findings=(shared,)))]


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.31.0.1", "192.168.0.9", "127.0.0.1", "100.64.1.1", "fe80::1%4", "::1", "fd00::1"]
)  # fmt: skip
def test_an_internal_address_leads_to_no_attacker(address: str) -> None:
    client = only_client(serious(clients=(address,)))
    assert (True, False) == (client.internal, client.sure)


def test_clients_are_in_order_of_address_and_text_is_none() -> None:
    named = serious(clients=("203.0.113.10", "2001:db8::1", "203.0.113.9", results.HOSTILE, ""))
    found = [client.address for client in traces.clients(host(findings=(named,)))]
    assert ["203.0.113.9", "203.0.113.10", "2001:db8::1"] == found


def test_a_client_was_seen_over_all_of_its_findings() -> None:
    early = finding(clients=("203.0.113.7",), first_seen=at("2021-03-01"), last_seen=None)
    late = finding(clients=("203.0.113.7",), first_seen=None, last_seen=at("2021-03-09"))
    client = only_client(late, early)
    assert (at("2021-03-01"), at("2021-03-09")) == (client.first_seen, client.last_seen)


def cites(artefact: str, **place: int) -> Citation:
    return Citation(artefact=artefact, rule="r", text="t", **place)  # type: ignore[arg-type]  # one of line, record and offset


def test_a_planted_file_is_a_page_whose_content_is_cited_and_there() -> None:
    manifest = tuple(
        ManifestEntry(path=path, size=9, sha256="a" * 64)
        for path in (SHELL, "C/x.log", "C/y.aspx")
    )
    cited = (
        cites(SHELL, offset=0),
        cites("C/x.log", offset=0),
        cites("C/y.aspx", line=1),
        cites("C/absent.aspx", offset=0),
    )
    one = host(findings=(serious(citations=cited),), manifest=manifest)
    assert [(SHELL, "x.aspx", True)] == [
        (file.path, file.name, file.sure) for file in traces.planted_files(one)
    ]


def test_a_page_is_of_a_finding_that_names_it() -> None:
    cited = tuple(
        Citation(artefact="iis", line=1, rule="r", text=f"2021 POST {page} - 443")
        for page in ("/aspnet_client/X.aspx", "/owa/auth/logon.aspx")
    )
    named = serious(title="x.aspx answered 3 requests", citations=cited)
    assert ["/aspnet_client/X.aspx"] == [
        page for page, _ in traces.planted_pages(host(findings=(named,)))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"EventID":"1","Image":"C:\\\\a.exe","CommandLine":"a","ProcessId":"7","User":"u"}', ("C:\\a.exe", "a", 7, "u")),
        ('{"EventID":4688,"NewProcessName":"b","NewProcessId":"0x1f4"}', ("b", "", 500, "")),
        ('{"EventID":"1","Image":"c","ProcessId":"many"}', ("c", "", None, "")),
    ],
)  # fmt: skip
def test_a_record_tells_of_a_process(text: str, expected: tuple[object, ...]) -> None:
    told = serious(citations=(Citation(artefact="e", record=1, rule="r", text=text),))
    assert [expected] == [
        (one.image, one.command_line, one.process_id, one.user) for one in traces.processes(told)
    ]


@pytest.mark.parametrize(
    "text", ['{"EventID":"3","Image":"a"}', "[]", "{", "", "\ud800", '{"EventID":"1"}']
)
def test_other_records_tell_of_none(text: str) -> None:
    told = serious(citations=(Citation(artefact="e", record=1, rule="r", text=text),))
    assert () == traces.processes(told)


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_the_search_for_traces(client: str, title: str, row: str) -> None:
    told = serious(
        title=title,
        clients=(client,),
        citations=(Citation(artefact="e", record=1, rule="r", text=row),),
    )
    one = host(findings=(told,))
    assert len(traces.clients(one)) <= 1
    assert len(traces.planted_pages(one)) <= 1
    assert len(traces.processes(told)) <= 1
    shown = traces.shown(row)
    assert shown == shown.encode().decode()


def test_a_result_is_as_old_as_its_last_row_or_its_knowledge() -> None:
    assert at("2021-03-08T11:40:00") == traces.as_of(results.compromised(), results.TOOL)
    assert at("2021-03-12T08:00:00") == traces.as_of(results.quiet(), results.TOOL)
    assert at("2026-11-24") == traces.as_of(host(), results.TOOL)
