"""Servers that are hard to judge, each built from a few rows."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.stories import rows
from tocsin.errors import SourceError
from tocsin.hunt import Options, hunt
from tocsin.model.grade import Assurance, Confidence, Grade, Level
from tocsin.model.progress import SilentProgress
from tocsin.report.format import all_reports

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import HostResult

START = datetime(2021, 3, 3, 6, 44, 30, tzinfo=UTC)
CANARY = "Sample-canary-0123456789abcdefghij."
BALANCER = "10.0.0.5"


def hunted(source: Path, options: Options | None = None) -> HostResult:
    (host,) = hunt([source], options or Options(), SilentProgress()).hosts
    return host


def stamp(seconds: float) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.000Z"


def step(seconds: float, path: str, client: str, *, status: str = "200") -> dict[str, str]:
    """One forged request."""
    return {
        "DateTime": stamp(seconds),
        "RequestId": f"6a5b1f9e-0000-4000-8000-{int(seconds):012d}",
        "AnchorMailbox": f"ServerInfo~a]@mail.example.test:444{path}",
        "ClientIpAddress": client,
        "HttpStatus": status,
    }


def attack(client: str, start: float = 0, canary: str = CANARY) -> list[dict[str, str]]:
    """The six requests of the published sequence that lead to a page on disk."""
    service = f"/ecp/DDI/DDIService.svc/{{}}Object?msExchEcpCanary={canary}&schema="
    return [
        step(start, "/autodiscover/autodiscover.xml?#", client),
        step(start + 2, "/mapi/emsmdb/?#", client),
        step(start + 4, "/ecp/proxyLogon.ecp?#", client, status="241"),
        step(start + 9, service.format("Get") + "OABVirtualDirectory#", client),
        step(start + 11, service.format("Set") + "OABVirtualDirectory#", client),
        step(start + 16, service.format("Set") + "ResetOABVirtualDirectory#", client),
    ]


def users(count: int, client: str | None = None) -> list[dict[str, str]]:
    """Ordinary requests of ordinary people with different programs."""
    return [
        {
            "DateTime": stamp(-3600 + number),
            "RequestId": f"00000000-0000-4000-8000-{number:012d}",
            "UrlStem": "/ecp/",
            "AuthenticatedUser": f"EXAMPLE\\user{number % 40}",
            "UserAgent": f"Mozilla/5.0 (Windows NT 10.0) Browser/{number % 25}",
            "ClientIpAddress": client or f"192.0.2.{number % 200 + 1}",
            "AnchorMailbox": "Smtp~user@example.test",
            "Method": "GET",
        }
        for number in range(count)
    ]


def test_a_whole_attack_in_one_log_is_one_finding(tmp_path: Path) -> None:
    host = hunted(rows.httpproxy(tmp_path, *users(50), *attack("198.51.100.7")))
    worst = host.findings[0]
    assert (Level.COMPROMISED, Grade.PERSISTENCE) == (host.verdict.level, worst.grade)
    assert ("198.51.100.7",) == worst.clients
    assert list(range(56, 62)) == sorted(citation.line or 0 for citation in worst.citations)


def test_behind_a_load_balancer_two_attacks_are_told_apart_by_canary(tmp_path: Path) -> None:
    other = "Other-canary-9876543210abcdefghij."
    first, second = attack(BALANCER), attack(BALANCER, 60, other)
    mixed = [row for pair in zip(first, second, strict=True) for row in pair]
    host = hunted(rows.httpproxy(tmp_path, *users(300, BALANCER), *mixed))
    proven = [finding for finding in host.findings if finding.grade is Grade.PERSISTENCE]
    texts = [" ".join(one.text for one in finding.citations) for finding in proven]
    assert [(True, False), (False, True)] == [
        (CANARY in text, other in text) for text in texts
    ] or [(False, True), (True, False)] == [(CANARY in text, other in text) for text in texts]
    assert () == sum((finding.clients for finding in proven), ())


def test_a_patched_server_that_was_attacked_was_attempted(tmp_path: Path) -> None:
    refused = [{**row, "HttpStatus": "500"} for row in attack("198.51.100.7")]
    host = hunted(rows.httpproxy(tmp_path, *refused))
    assert {Grade.ATTEMPT} == {finding.grade for finding in host.findings}
    assert (Level.ATTEMPTED, Assurance.INSUFFICIENT) == (
        host.verdict.level,
        host.verdict.assurance,
    )


def test_mail_read_through_the_forged_requests_needs_no_file(tmp_path: Path) -> None:
    theft = [step(0, "/ews/exchange.asmx?#", "198.51.100.7")]
    host = hunted(rows.httpproxy(tmp_path, *theft))
    assert Level.COMPROMISED is host.verdict.level
    assert Grade.MAIL_THEFT is host.findings[0].grade


def test_subscription_edition_with_ordinary_logs_has_nothing_to_fear(tmp_path: Path) -> None:
    newer = {"MinorVersion": "2", "BuildVersion": "2562", "RevisionVersion": "17"}
    now = [
        {**row, **newer, "DateTime": row["DateTime"].replace("2021", "2026")} for row in users(50)
    ]
    host = hunted(rows.httpproxy(tmp_path, *now))
    assert Level.NO_EVIDENCE_FOUND is host.verdict.level
    assert {None} == {pack.level for pack in host.packs}


def test_exchange_2010_without_logs_that_tell_is_inconclusive(tmp_path: Path) -> None:
    source = rows.iis_request(tmp_path, "/owa/", status="302")
    host = hunted(source)
    assert (Level.INCONCLUSIVE, Assurance.INSUFFICIENT) == (
        host.verdict.level,
        host.verdict.assurance,
    )


def test_an_empty_folder_is_inconclusive(tmp_path: Path) -> None:
    host = hunted(tmp_path)
    assert Level.INCONCLUSIVE is host.verdict.level
    assert host.verdict.reasons


def test_what_test_proxylogon_saved_is_enough_for_a_verdict(tmp_path: Path) -> None:
    anchor = attack("198.51.100.7")[-1]["AnchorMailbox"]
    source = rows.verbatim(
        tmp_path,
        "MAIL01-Cve-2021-26855.csv",
        '"DateTime","RequestId","ClientIPAddress","UrlHost","UrlStem","RoutingHint","UserAgent",'
        '"AnchorMailbox","HttpStatus"',
        f'"{stamp(0)}","6a5b","198.51.100.7","mail.example.test","/ecp/y.js",'
        f'"X-BEResource-Cookie","python-requests/2.25.1","{anchor}","200"',
    )
    assert Level.COMPROMISED is hunted(source).verdict.level


def test_an_unknown_page_that_only_the_web_server_knows_wants_a_persons_eyes(
    tmp_path: Path,
) -> None:
    host = hunted(rows.iis_request(tmp_path, "/owa/auth/vendorpage.aspx", method="POST"))
    assert Level.INCONCLUSIVE is host.verdict.level
    assert Confidence.MEDIUM is host.findings[0].confidence


def test_a_site_that_answers_200_to_every_name_is_not_compromised_by_a_sweep(
    tmp_path: Path,
) -> None:
    names = ("errorPage", "default1", "one", "discover", "OutlookEN", "shell")
    requests = "\r\n".join(
        f"2021-03-06 22:10:0{number} 10.0.0.4 GET /owa/auth/{name}.aspx - 443 - 192.0.2.7 "
        "Mozilla/5.0 - 200 0 0 12"
        for number, name in enumerate(names)
    )
    host = hunted(rows.iis(tmp_path, requests))
    assert Level.INCONCLUSIVE is host.verdict.level


def test_a_known_name_that_was_given_data_is_a_shell_in_use(tmp_path: Path) -> None:
    host = hunted(rows.iis_request(tmp_path, "/owa/auth/OutlookEN.aspx", method="POST"))
    assert Level.COMPROMISED is host.verdict.level


def test_an_administrators_own_change_is_no_finding_above_a_probe(tmp_path: Path) -> None:
    source = rows.management(
        tmp_path,
        "Set-OabVirtualDirectory",
        '-ExternalUrl "https://mail.example.test/OAB" -Identity "MAIL01\\OAB (Default Web Site)"',
    )
    assert {Grade.PROBE} >= {finding.grade for finding in hunted(source).findings}


def test_only_the_asked_period_is_matched_and_the_report_says_so(tmp_path: Path) -> None:
    source = rows.httpproxy(tmp_path, *attack("198.51.100.7"))
    later = Options(since=START + timedelta(days=1))
    host = hunted(source, later)
    assert () == host.findings
    assert "Only rows from 2021-03-04" in " ".join(host.verdict.limits)


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    source = rows.httpproxy(tmp_path, *users(100), *attack("198.51.100.7"))
    for report in ("json", "html"):
        render = all_reports()[report].render
        once, again = (render(hunt([source], Options(), SilentProgress())) for _ in range(2))
        assert once == again


def test_one_broken_source_does_not_cost_the_others(tmp_path: Path) -> None:
    good = rows.httpproxy(tmp_path / "good", *attack("198.51.100.7"))
    missing = tmp_path / "missing.zip"
    result = hunt([missing, good], Options(), SilentProgress())
    assert [Level.INCONCLUSIVE, Level.COMPROMISED] == [host.verdict.level for host in result.hosts]
    assert ["source"] == [problem.code for problem in result.hosts[0].problems]
    assert Level.COMPROMISED is result.verdict


def test_a_single_broken_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        hunt([tmp_path / "missing.zip"], Options(), SilentProgress())


@pytest.mark.parametrize("content", [b"hello\n", b"PK\x03\x04 no more", b"\0" * 4096])
def test_a_file_that_is_no_log_and_no_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "evidence.zip"
    source.write_bytes(content)
    with pytest.raises(SourceError, match=r"evidence\.zip"):
        hunt([source], Options(), SilentProgress())


def cut(tmp_path: Path, row: dict[str, str], column: str) -> Path:
    """A log whose last row ends right after `column`."""
    source = rows.httpproxy(tmp_path, *users(20), row)
    (log,) = source.rglob("*.LOG")
    whole = log.read_bytes().rstrip(b"\r\n")
    head, _, last = whole.rpartition(b"\r\n")
    kept = rows.httpproxy_header().split(",").index(column) + 1
    log.write_bytes(head + b"\r\n" + b",".join(last.split(b",")[:kept]))
    return source


def test_a_row_that_was_cut_is_shown_to_the_rules_with_what_is_left(tmp_path: Path) -> None:
    source = cut(tmp_path, attack("198.51.100.7")[0], "ServerHostName")
    host = hunted(source)
    assert {Grade.ATTEMPT} == {finding.grade for finding in host.findings}
    assert ["truncated"] == [problem.code for problem in host.problems]


def test_a_row_that_was_cut_is_never_sure_alone(tmp_path: Path) -> None:
    source = cut(tmp_path, attack("198.51.100.7")[2], "Method")
    host = hunted(source)
    assert (Level.INCONCLUSIVE, Grade.EXPLOITED, Confidence.MEDIUM) == (
        host.verdict.level,
        host.findings[0].grade,
        host.findings[0].confidence,
    )


def test_a_folder_and_its_zip_give_the_same_findings(tmp_path: Path) -> None:
    source = rows.httpproxy(tmp_path / "server", *users(20), *attack("198.51.100.7"))
    archive = tmp_path / "server.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(source.rglob("*")):
            opened.write(path, path.relative_to(source))
    assert hunted(source).findings == hunted(archive).findings
