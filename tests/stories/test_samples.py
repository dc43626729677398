"""The three sample servers, from zip to verdict: what must be said of them, and with which lines."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tocsin.model.grade import Assurance, Grade, Level
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import Citation, Finding, HostResult, Result

    Hunted = Callable[[str], Result]

INTRUDER = "203.0.113.66"
THIRD_PARTY = "198.51.100.9"
ECP = "EX01/D/Exchange/Logging/HttpProxy/Ecp/HttpProxy_2021030300-1.LOG"
ECP_SERVER = "EX01/D/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG"
EVENTS = "EX01/C/Windows/System32/winevt/Logs/"
FRONT = "EX01/C/inetpub/logs/LogFiles/W3SVC1/"
COMPILED = (
    "EX01/C/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/owa/8e05b027/e164d61b"
    "/redirsuiteserverproxy.aspx.f5dba9b9.compiled"
)
BACK = "EX01/C/inetpub/logs/LogFiles/W3SVC2/"


@pytest.fixture(scope="session")
def compromised(hunted: Hunted) -> HostResult:
    return hunted("compromised").hosts[0]


@pytest.fixture(scope="session")
def quiet(hunted: Hunted) -> HostResult:
    return hunted("quiet").hosts[0]


@pytest.fixture(scope="session")
def damaged(hunted: Hunted) -> HostResult:
    return hunted("damaged").hosts[0]


def serious(host: HostResult) -> list[Finding]:
    return [finding for finding in host.findings if finding.grade.rank > Grade.ATTEMPT.rank]


def citations(host: HostResult) -> list[Citation]:
    return [citation for finding in serious(host) for citation in finding.citations]


def proxylogon(host: HostResult) -> tuple[Level | None, Assurance]:
    (pack,) = (pack for pack in host.packs if pack.pack == "proxylogon")
    return pack.level, pack.assurance


# --- compromised --------------------------------------------------------------------------------------


def test_the_compromised_server_is_compromised(compromised: HostResult) -> None:
    assert Level.COMPROMISED == compromised.verdict.level
    assert Level.COMPROMISED == proxylogon(compromised)[0]


@pytest.mark.parametrize(
    ("artefact", "text"),
    [
        (ECP, "ServerInfo~a]@ex01.nordlys.example:444/autodiscover/autodiscover.xml?#"),
        (ECP, "ServerInfo~a]@ex01.nordlys.example:444/mapi/emsmdb/?#"),
        (ECP, "ServerInfo~a]@ex01.nordlys.example:444/ecp/proxyLogon.ecp?#"),
        (ECP, "/ecp/DDI/DDIService.svc/GetObject?msExchEcpCanary=Tz8mEo3n"),
        (ECP, "/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary=Tz8mEo3n"),
        (ECP, "schema=ResetOABVirtualDirectory#"),
        (ECP_SERVER, "S:CMD=Set-OabVirtualDirectory.ExternalUrl=''http://f/"),
        (ECP_SERVER, "S:CMD=Remove-OABVirtualDirectory.Force=$true"),
        (ECP_SERVER, "ADNoSuchObjectException"),
        (BACK + "u_ex210303.log", "/ecp/proxyLogon.ecp"),
        (BACK + "u_ex210303.log", "schema=ResetOABVirtualDirectory"),
        (FRONT + "u_ex210303.log", "POST /owa/auth/RedirSuiteServerProxy.aspx"),
        (EVENTS + "MSExchange Management.evtx", "Set-OabVirtualDirectory"),
        (EVENTS + "Microsoft-Windows-Sysmon%4Operational.evtx", "RedirSuiteServerProxy.aspx"),
        (EVENTS + "Microsoft-Windows-Sysmon%4Operational.evtx", "cmd /c whoami"),
        (EVENTS + "Security.evtx", "cmd /c whoami"),
        (EVENTS + "Microsoft-Windows-Sysmon%4Operational.evtx", "Exchange Organization admin"),
        (EVENTS + "Microsoft-Windows-Windows Defender%4Operational.evtx", "1116"),
        (EVENTS + "Microsoft-Windows-Windows Defender%4Operational.evtx", "1117"),
        ("EX01/C/inetpub/wwwroot/aspnet_client/errorEE.aspx", ""),
        (COMPILED, ""),
    ],
)
def test_it_cites_what_the_attack_left_behind(
    compromised: HostResult, artefact: str, text: str
) -> None:
    cited = [citation.text for citation in citations(compromised) if citation.artefact == artefact]
    assert any(text in one for one in cited), cited


def test_the_steps_are_joined_into_one_attack_by_the_intruder(compromised: HostResult) -> None:
    steps = ("autodiscover.xml", "emsmdb", "proxyLogon.ecp", "GetObject", "SetObject", "ResetOAB")
    joined = [
        finding
        for finding in serious(compromised)
        if all(any(step in one.text for one in finding.citations) for step in steps)
        and any(one.artefact == ECP_SERVER for one in finding.citations)
    ]
    assert joined
    assert all(finding.clients == (INTRUDER,) for finding in joined)


def test_the_removal_is_told_to_the_minute(compromised: HostResult) -> None:
    window = "removed between 2021-03-05 03:06 and 2021-03-08 09:41"
    told = [finding for finding in compromised.findings if window in finding.title]
    assert 1 == len(told)
    assert told[0].title.lower().startswith("redirsuiteserverproxy.aspx")
    statuses = [
        one.text.split(" ")[11] for one in told[0].citations if one.artefact.startswith(FRONT)
    ]
    assert "200" == statuses[0]
    assert "302" == statuses[-1]


def test_the_page_that_was_overlooked_is_found(compromised: HostResult) -> None:
    named = [
        finding for finding in serious(compromised) if "errorEE.aspx" in str(finding.citations)
    ]
    assert {INTRUDER} == {client for finding in named for client in finding.clients}


def test_the_patch_ends_the_exposure(compromised: HostResult) -> None:
    assert {"15.1.2106.2", "15.1.2106.13"} <= {build.build for build in compromised.builds}
    (exposure,) = (one for one in compromised.exposure if one.cve == "CVE-2021-26855")
    assert exposure.exposed_until is not None
    assert "2021-03-07T20" == exposure.exposed_until.isoformat()[:13]


def test_scanners_and_the_third_party_are_not_taken_for_the_intruder(
    compromised: HostResult,
) -> None:
    clients = {client for finding in serious(compromised) for client in finding.clients}
    assert {INTRUDER} == clients
    assert THIRD_PARTY not in clients


def test_noise_is_counted_and_not_cited(compromised: HostResult) -> None:
    assert sum(noise.events for noise in compromised.noise) > 10_000
    assert [] == [one for one in citations(compromised) if "AMProbe" in one.text]


def test_every_citation_is_the_line_that_it_names(compromised: HostResult, hunted: Hunted) -> None:
    source = hunted("compromised").hosts[0].source
    with zipfile.ZipFile(source) as archive:
        for one in citations(compromised):
            if one.line is not None and one.artefact.lower().endswith(".log"):
                lines = archive.read(one.artefact).decode("utf-8-sig").split("\r\n")
                assert lines[one.line - 1] == one.text


# --- quiet ----------------------------------------------------------------------------------------------


def test_the_quiet_server_has_no_evidence_in_complete_logs(quiet: HostResult) -> None:
    assert Level.NO_EVIDENCE_FOUND == quiet.verdict.level
    assert Assurance.COMPLETE == quiet.verdict.assurance
    assert (Level.NO_EVIDENCE_FOUND, Assurance.COMPLETE) == proxylogon(quiet)


def test_the_quiet_server_has_no_findings_and_no_problems(quiet: HostResult) -> None:
    assert () == quiet.findings
    assert () == quiet.problems


def test_the_quiet_server_was_exposed_until_its_patch(quiet: HostResult) -> None:
    (exposure,) = (one for one in quiet.exposure if one.cve == "CVE-2021-26855")
    assert exposure.exposed_until is not None
    assert "2021-03-03" == exposure.exposed_until.date().isoformat()


# --- damaged --------------------------------------------------------------------------------------------


def test_the_damaged_server_is_inconclusive(damaged: HostResult) -> None:
    assert Level.INCONCLUSIVE == damaged.verdict.level
    assert Assurance.COMPLETE != damaged.verdict.assurance
    assert () == damaged.findings


@pytest.mark.parametrize(
    ("artefact", "code"),
    [
        ("EXCH/C/inetpub/logs/LogFiles/W3SVC1/u_ex210222.log", ProblemCode.TRUNCATED),
        ("EXCH/C/inetpub/logs/LogFiles/W3SVC1/u_ex210224.log", ProblemCode.TRUNCATED),
        ("EXCH/C/inetpub/logs/LogFiles/W3SVC1/u_ex210309.log", ProblemCode.ENCODING),
        ("HttpProxy/Ecp/HttpProxy_2021031700-1.LOG", ProblemCode.TRUNCATED),
        ("HttpProxy/Owa/HttpProxy_2021031600-1.LOG", ProblemCode.DUPLICATE_NAME),
        ("HttpProxy/Mapi/HttpProxy_2021031800-1.LOG", ProblemCode.ENCRYPTED),
        ("ECP/Server/ECPServer20210318-1.LOG", ProblemCode.EMPTY),
        ("winevt/Logs/MSExchange Management.evtx", ProblemCode.UNRECOGNISED),
    ],
)
def test_damage_is_named_with_its_place(
    damaged: HostResult, artefact: str, code: ProblemCode
) -> None:
    named = {problem.code for problem in damaged.problems if problem.artefact.endswith(artefact)}
    assert code.value in named


def test_the_missing_week_is_a_gap(damaged: HostResult) -> None:
    (front,) = (entry for entry in damaged.coverage if entry.kind == "iis:frontend")
    start, end = datetime(2021, 2, 27, tzinfo=UTC), datetime(2021, 3, 6, tzinfo=UTC)
    assert [True] == [
        abs((since - start).total_seconds()) < 7200 and abs((until - end).total_seconds()) < 7200
        for since, until in front.gaps
    ]


def test_the_limits_say_what_is_missing(damaged: HostResult) -> None:
    limits = " ".join(damaged.verdict.limits)
    assert "HttpProxy" in limits or "httpproxy" in limits


# --- all -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["compromised", "damaged", "quiet"])
def test_every_file_of_the_collection_is_in_the_manifest(name: str, hunted: Hunted) -> None:
    host = hunted(name).hosts[0]
    assert host.manifest
    assert all(len(entry.sha256) == 64 for entry in host.manifest)
