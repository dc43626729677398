"""Every chain with a published sequence on three servers: it succeeded, it failed, nobody tried.

Each server is built from a readable recipe (`samples/recipes/chains`) and hunted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories import rows
from tests.stories.servers import host_of, pack_of
from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.knowledge.packs import all_packs
from tocsin.model.grade import Assurance, Confidence, Grade, Level
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.servers import Attacked
    from tocsin.model.result import Finding, HostResult

CHAINS = ("owassrf", "proxynotshell", "proxyshell", "proxytoken")
LEVELS = {
    "succeeded": Level.COMPROMISED,
    "failed": Level.ATTEMPTED,
    "scanned": Level.PROBED,
}
INTRUDERS = {
    "owassrf": {"203.0.113.150"},
    "proxynotshell": {"203.0.113.120"},
    "proxyshell": {"203.0.113.81", "203.0.113.97"},
    "proxytoken": {"203.0.113.180"},
}
every_chain = pytest.mark.parametrize("chain", CHAINS)
every_server = pytest.mark.parametrize(
    ("chain", "outcome"), [(chain, outcome) for chain in CHAINS for outcome in LEVELS]
)


def runs_of(host: HostResult, chain: str) -> list[Finding]:
    """The findings that are runs of the chain; all but the first have a number behind the name."""
    named = (chain, *(f"{chain}-{number}" for number in range(2, 10)))
    return [finding for finding in host.findings if finding.id in named]


def cited(host: HostResult, chain: str) -> list[tuple[str, str]]:
    """Artefact and text of everything that the runs of the chain cite."""
    return [(one.artefact, one.text) for run in runs_of(host, chain) for one in run.citations]


@every_server
def test_there_are_three_servers_for_each_chain(chain: str, outcome: str) -> None:
    assert (chain, outcome) in samples.chain_names()


@every_server
def test_success_failure_and_scans_are_told_apart(
    chain: str, outcome: str, attacked: Attacked
) -> None:
    host = attacked(chain, outcome)
    pack = pack_of(host, chain)
    assert (LEVELS[outcome], Assurance.COMPLETE) == (pack.level, pack.assurance)
    assert LEVELS[outcome] is host.verdict.level


@every_chain
def test_success_is_sure_and_has_the_intruders_addresses(chain: str, attacked: Attacked) -> None:
    runs = runs_of(attacked(chain, "succeeded"), chain)
    assert {Confidence.HIGH} == {run.confidence for run in runs}
    assert INTRUDERS[chain] == {client for run in runs for client in run.clients}


@every_chain
def test_a_failed_attack_cites_both_logs_that_saw_it(chain: str, attacked: Attacked) -> None:
    host = attacked(chain, "failed")
    (run,) = runs_of(host, chain)
    assert Grade.ATTEMPT is run.grade
    logs = {"HttpProxy" if "HttpProxy" in one.artefact else "IIS" for one in run.citations}
    assert {"HttpProxy", "IIS"} == logs
    assert Grade.ATTEMPT is max((one.grade for one in host.findings), key=lambda one: one.rank)


@every_chain
def test_scanners_and_administrators_leave_nothing_above_a_probe(
    chain: str, attacked: Attacked
) -> None:
    grades = {finding.grade for finding in attacked(chain, "scanned").findings}
    assert {Grade.PROBE} == grades


@every_server
def test_nothing_in_a_sample_contradicts_itself(
    chain: str, outcome: str, attacked: Attacked
) -> None:
    host = attacked(chain, outcome)
    assert () == host.problems
    assert [] == [limit for limit in host.verdict.limits if "rows are forged" in limit]


FRONT, BACK = "/W3SVC1/", "/W3SVC2/"
MANAGEMENT = "MSExchange Management"
SYSMON = "Microsoft-Windows-Sysmon"


@pytest.mark.parametrize(
    ("chain", "artefact", "text"),
    [
        # The form whose query has no autodiscover.json in it.
        ("proxyshell", FRONT, "a=wopqe@vkzmr.lot/mapi/emsmdb&CorrelationID"),
        ("proxyshell", FRONT, "a=wopqe@vkzmr.lot/powershell/?X-Rps-CAT="),
        ("proxyshell", FRONT, "a=wopqe@vkzmr.lot/ews/exchange.asmx"),
        ("proxyshell", FRONT, "Email=autodiscover/autodiscover.json%3F@tqx.example"),
        ("proxyshell", BACK, "POST /powershell/"),
        ("proxyshell", "/HttpProxy/Autodiscover/", "X-Rps-CAT="),
        ("proxyshell", MANAGEMENT, "New-ManagementRoleAssignment"),
        ("proxyshell", MANAGEMENT, "New-MailboxExportRequest"),
        ("proxyshell", MANAGEMENT, "New-ExchangeCertificate"),
        ("proxyshell", MANAGEMENT, "System.UnauthorizedAccessException"),
        ("proxyshell", MANAGEMENT, "Remove-MailboxExportRequest"),
        ("proxyshell", "/CmdletInfra/", "New-MailboxExportRequest"),
        ("proxyshell", "/CmdletInfra/", "New-ExchangeCertificate"),
        ("proxyshell", SYSMON, "MSExchangeMailboxReplication.exe"),
        ("proxyshell", FRONT, "POST /aspnet_client/wTqRkvbp.aspx"),
        ("proxyshell", SYSMON, "cmd /c whoami"),
        ("proxyshell", "/aspnet_client/wTqRkvbp.aspx", ""),
        ("proxyshell", "/aspnet_client/supp0rt.aspx", ""),
        ("proxynotshell", FRONT, r"hebqz@kplrw.example/mapi/nspi/"),
        ("proxynotshell", FRONT, r"SKERRY\siri.dahl"),
        ("proxynotshell", "/HttpProxy/Autodiscover/", r"SKERRY\siri.dahl"),
        ("proxynotshell", SYSMON, "cmd.exe /c whoami"),
        ("owassrf", FRONT, "POST /owa/mastermailbox%40outlook.com/powershell"),
        ("owassrf", BACK, "POST /powershell - 444"),
        ("owassrf", "/HttpProxy/Owa/", "/owa/mastermailbox%40outlook.com/powershell"),
        ("owassrf", "/Rps_Http_", "Chrome/105.0.5195.54"),
        ("owassrf", SYSMON, "powershell.exe -nop"),
        ("proxytoken", FRONT, "/ecp/mia.strand@tarn.example/PersonalSettings/HomePage.aspx"),
        ("proxytoken", FRONT, "NewObject msExchEcpCanary=FrgLJ716"),
        ("proxytoken", "/HttpProxy/Ecp/", "/RulesEditor/InboxRules.svc/NewObject"),
        ("proxytoken", "/ECP/Server/", "New-InboxRule.RedirectTo="),
        ("proxytoken", MANAGEMENT, "New-InboxRule"),
    ],
)
def test_the_attack_is_cited_from_every_log_that_saw_it(
    chain: str, artefact: str, text: str, attacked: Attacked
) -> None:
    found = [
        cite
        for cite in cited(attacked(chain, "succeeded"), chain)
        if artefact in cite[0] and text in cite[1]
    ]
    assert found


def test_two_intruders_of_one_server_are_two_findings(attacked: Attacked) -> None:
    runs = runs_of(attacked("proxyshell", "succeeded"), "proxyshell")
    assert [("203.0.113.81",), ("203.0.113.97",)] == sorted(run.clients for run in runs)


def test_proxytoken_succeeds_with_a_500(attacked: Attacked) -> None:
    rule = [
        text
        for artefact, text in cited(attacked("proxytoken", "succeeded"), "proxytoken")
        if FRONT in artefact and "NewObject" in text
    ]
    assert ["500"] == [text.split(" ")[11] for text in rule]


def test_a_shape_that_two_attacks_share_is_told_of_both(attacked: Attacked) -> None:
    host = attacked("proxynotshell", "scanned")
    both = {pack.pack for pack in host.packs if pack.level is Level.PROBED}
    assert {"proxyshell", "proxynotshell"} == both
    first = attacked("proxynotshell", "failed")
    assert Level.ATTEMPTED is pack_of(first, "proxyshell").level


def test_before_proxynotshell_was_known_a_request_is_proxyshells_alone(
    attacked: Attacked,
) -> None:
    for outcome in LEVELS:
        assert pack_of(attacked("proxyshell", outcome), "proxynotshell").level is None


@pytest.mark.parametrize(("other", "chain"), [("owassrf", "proxynotshell")])
def test_what_a_program_did_is_not_put_down_to_another_way_in(
    other: str, chain: str, attacked: Attacked
) -> None:
    assert Level.NO_EVIDENCE_FOUND is pack_of(attacked(other, "succeeded"), chain).level


def test_powershells_own_log_alone_wants_a_persons_eyes(tmp_path: Path) -> None:
    header = (
        "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,UrlStem,"
        "AuthenticatedUser,ClientIpAddress,HttpStatus,CommandName,ShellId,ManagedOrganization,"
        "ClientInfo"
    )
    source = rows.verbatim(
        tmp_path,
        "C/Exchange/Logging/CmdletInfra/Powershell-Proxy/Http/Rps_Http_2022120200-1.LOG",
        "#Software: Microsoft Exchange Server",
        "#Log-type: Rps Http Logs",
        f"#Fields: {header}",
        r"2022-12-02T02:41:09.131Z,1,15,1,2507,12,/powershell,HOLM\per.holm,203.0.113.150,200,,,,"
        "python-requests/2.28.1",
    )
    assert Level.INCONCLUSIVE is pack_of(host_of(source), "owassrf").level


def test_the_packs_own_list_is_used_whole_when_it_is_brought(tmp_path: Path) -> None:
    (list_of_gtsc,) = next(
        pack.indicators for pack in all_packs() if pack.about.slug == "proxynotshell"
    )
    source = rows.iis_request(tmp_path, "/owa/auth/pxh4HG1v.ashx", method="POST")
    result = hunt([source], Options(indicators=(list_of_gtsc,)), SilentProgress())
    assert () == result.tool.rules.failed
    assert ["pxh4hg1v.ashx" in lead.title.lower() for lead in result.hosts[0].leads] == [True]


# Real rows: what others published.


def test_a_published_row_of_proxyshell_is_an_attempt_and_its_neighbours_are_nothing(
    corpus: Path,
) -> None:
    host = host_of(corpus / "exchange-logs" / "velociraptor")
    (finding,) = (one for one in host.findings if one.grade is not Grade.PROBE)
    assert (Grade.ATTEMPT, Level.ATTEMPTED) == (finding.grade, pack_of(host, "proxyshell").level)
    assert [True] == ["@evil.corp/ews/exchange.asmx" in one.text for one in finding.citations]
