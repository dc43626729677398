"""The chains that are named by their number, on three servers each: it succeeded, it failed, nobody tried.

Each server is built from a readable recipe (`samples/recipes/chains`) and hunted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories import rows
from tests.stories.servers import host_of, pack_of, run_of
from tocsin.model.grade import Assurance, Confidence, Grade, Level

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.servers import Attacked

INTRUDERS = {"cve-2020-0688": "203.0.113.210", "cve-2021-42321": "203.0.113.230"}
LEVELS = {
    ("cve-2020-0688", "succeeded"): Level.COMPROMISED,
    ("cve-2020-0688", "failed"): Level.ATTEMPTED,
    ("cve-2020-0688", "scanned"): Level.PROBED,
    ("cve-2021-42321", "succeeded"): Level.COMPROMISED,
    ("cve-2021-42321", "failed"): Level.ATTEMPTED,
    # Nobody can ask for this one without an account, so there are no scanners: only hints that are none.
    ("cve-2021-42321", "scanned"): Level.NO_EVIDENCE_FOUND,
}
every_chain = pytest.mark.parametrize("chain", list(INTRUDERS))


@pytest.mark.parametrize(("server", "level"), list(LEVELS.items()))
def test_success_failure_and_scans_are_told_apart(
    server: tuple[str, str], level: Level, attacked: Attacked
) -> None:
    host = attacked(*server)
    pack = pack_of(host, server[0])
    assert (level, Assurance.COMPLETE) == (pack.level, pack.assurance)
    assert level is host.verdict.level


@every_chain
def test_success_is_sure_and_has_the_intruders_address(chain: str, attacked: Attacked) -> None:
    run = run_of(attacked(chain, "succeeded"), chain)
    assert (Grade.POST_EXPLOITATION, Confidence.HIGH) == (run.grade, run.confidence)
    assert (INTRUDERS[chain],) == run.clients


FRONT, BACK = "/W3SVC1/", "/W3SVC2/"
APPLICATION, MANAGEMENT = "/Application.evtx", "/MSExchange Management.evtx"
SYSMON = "Microsoft-Windows-Sysmon"


@pytest.mark.parametrize(
    ("chain", "outcome", "artefact", "text"),
    [
        ("cve-2020-0688", "succeeded", FRONT, "__VIEWSTATEGENERATOR=B97B4E27"),
        ("cve-2020-0688", "succeeded", BACK, "__VIEWSTATEGENERATOR=B97B4E27"),
        ("cve-2020-0688", "succeeded", "/HttpProxy/Ecp/", r"FELL\tor.viken"),
        ("cve-2020-0688", "succeeded", APPLICATION, "The serialized data is invalid"),
        ("cve-2020-0688", "succeeded", APPLICATION, "Viewstate was invalid"),
        ("cve-2020-0688", "succeeded", SYSMON, "cmd.exe /c whoami"),
        ("cve-2020-0688", "failed", FRONT, "__VIEWSTATEGENERATOR=B97B4E27"),
        ("cve-2020-0688", "failed", "/HttpProxy/Ecp/", r"FELL\tor.viken"),
        ("cve-2020-0688", "failed", APPLICATION, "Validation of viewstate MAC failed"),
        ("cve-2020-0688", "failed", APPLICATION, "failed integrity check"),
        ("cve-2021-42321", "succeeded", "/Logging/Ews/", "CreateUserConfiguration"),
        ("cve-2021-42321", "succeeded", "/Logging/Ews/", "GetClientAccessToken"),
        ("cve-2021-42321", "succeeded", APPLICATION, "System.InvalidCastException"),
        ("cve-2021-42321", "succeeded", MANAGEMENT, "System.InvalidCastException"),
        ("cve-2021-42321", "succeeded", SYSMON, "cmd.exe /c whoami"),
        ("cve-2021-42321", "failed", "/Logging/Ews/", "CreateUserConfiguration"),
        ("cve-2021-42321", "failed", APPLICATION, "BlockedDeserializeTypeException"),
    ],
)
def test_the_attack_is_cited_from_every_log_that_saw_it(
    chain: str, outcome: str, artefact: str, text: str, attacked: Attacked
) -> None:
    run = run_of(attacked(chain, outcome), chain)
    found = [one for one in run.citations if artefact in one.artefact and text in one.text]
    assert found


@every_chain
def test_a_failed_attack_leaves_nothing_above_an_attempt(chain: str, attacked: Attacked) -> None:
    grades = {finding.grade for finding in attacked(chain, "failed").findings}
    assert Grade.ATTEMPT is max(grades, key=lambda grade: grade.rank)


@every_chain
def test_where_nobody_attacked_there_is_nothing_above_a_probe(
    chain: str, attacked: Attacked
) -> None:
    assert {Grade.PROBE} == {finding.grade for finding in attacked(chain, "scanned").findings}


def test_a_page_that_is_older_than_the_servers_key_is_nobodys_attack(attacked: Attacked) -> None:
    cited = {
        one.rule
        for finding in attacked("cve-2020-0688", "scanned").findings
        for one in finding.citations
    }
    assert not {rule for rule in cited if rule.startswith("cve-2020-0688-aspnet")}


def test_mail_programs_that_write_settings_are_not_cited(attacked: Attacked) -> None:
    for outcome in ("succeeded", "failed", "scanned"):
        findings = attacked("cve-2021-42321", outcome).findings
        assert [] == [
            one for finding in findings for one in finding.citations if "MacOutlook" in one.text
        ]


# Where nothing is published, the server is not judged: it is told what to check instead.


def test_a_hint_of_what_cannot_be_told_is_cited_and_moves_no_level(tmp_path: Path) -> None:
    source = rows.iis_request(tmp_path, "/owa/calendar/a", method="POST")
    host = host_of(source)
    pack = pack_of(host, "cve-2021-28480")
    assert (None, False) == (pack.level, pack.detectable)
    (finding,) = (one for one in host.findings if one.id == "cve-2021-28480-calendar-post")
    assert (Grade.PROBE, Confidence.LOW) == (finding.grade, finding.confidence)


NOT_DETECTABLE = (
    "cve-2021-28480",
    "cve-2023-21529",
    "cve-2024-21410",
    "cve-2025-53786",
    "cve-2026-42897",
)


@pytest.mark.parametrize("slug", NOT_DETECTABLE)
def test_an_exposed_server_is_told_what_to_check_instead(slug: str, tmp_path: Path) -> None:
    source = rows.iis(
        tmp_path,
        "2026-06-03 06:27:13 10.0.0.4 GET /owa/ - 443 - 192.0.2.7 Mozilla/5.0 - 200 0 0 133",
    )
    host = host_of(source)
    pack = pack_of(host, slug)
    assert (None, False, None) == (pack.level, pack.detectable, pack.not_applicable)
    assert pack.check_instead
    told = [limit for limit in host.verdict.limits if pack.check_instead[0] in limit]
    assert 1 == len(told)
