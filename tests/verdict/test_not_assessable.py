"""A pack that no evidence can show: it says what to check, and never moves the verdict."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from tests.findings.making import INFOS, match, pack
from tests.knowledge.bundles import knowledge_in
from tests.verdict.test_campaign import EVERYTHING, FULL, covered, exposed, source
from tocsin.findings.judge import Context, judge
from tocsin.hunt import Options, hunt
from tocsin.knowledge.root import using
from tocsin.knowledge.status import StatusWord
from tocsin.model.grade import Assurance, Level
from tocsin.model.progress import SilentProgress
from tocsin.report import terminal
from tocsin.report.format import all_reports
from tocsin.verdict.campaign import headline, judge_pack
from tocsin.verdict.limits import limits_of
from tocsin.verdict.reasons import reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import HostResult, Result

BLIND = pack(
    slug="blind",
    detectable=False,
    check_instead=("The firewall's log.",),
    sufficient=(),
    chains=(),
)
SAID = "not assessable from this evidence. Check instead: The firewall's log."


@pytest.mark.parametrize("coverage", [FULL, covered()])
def test_it_has_no_level_and_says_what_to_check(coverage: object) -> None:
    judged = judge_pack(BLIND, [], coverage, [exposed()], EVERYTHING)  # type: ignore[arg-type]  # parametrized
    assert (None, Assurance.INSUFFICIENT) == (judged.level, judged.assurance)
    assert (None, ("The firewall's log.",)) == (judged.not_applicable, judged.check_instead)
    assert SAID in headline(judged)


def test_its_own_findings_do_not_make_it_speak() -> None:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    seen = pack(slug="test", detectable=False, check_instead=("x",), sufficient=(), chains=())
    findings = judge([seen], [match("try", client_ip="192.0.2.7")], context)
    assert ["test"] == [finding.pack for finding in findings]
    assert judge_pack(seen, findings, FULL, [exposed()], EVERYTHING).level is None


def test_it_needs_no_window() -> None:
    always = replace(
        BLIND,
        about=pack(detectable=False, exploitation_from=None, sufficient=()).about,
    )
    assert judge_pack(always, [], FULL, [], EVERYTHING).level is None


def test_a_server_that_was_never_vulnerable_needs_no_check() -> None:
    never = exposed(StatusWord.NOT_AFFECTED, never=True)
    judged = judge_pack(BLIND, [], FULL, [never], EVERYTHING)
    assert "was ever vulnerable" in (judged.not_applicable or "")
    assert ((), False, None) == (judged.check_instead, judged.never_vulnerable, judged.level)


def test_where_nothing_else_was_asked_for_the_reason_says_so() -> None:
    judged = judge_pack(BLIND, [], FULL, [exposed()], EVERYTHING)
    told = reasons([judged], FULL, Level.INCONCLUSIVE, Assurance.INSUFFICIENT)
    assert "cannot be told from this evidence" in told[0]


def test_campaigns_that_began_later_are_told_in_one_sentence() -> None:
    packs = [pack(slug=slug, name=slug.upper(), cves=(), decisive_cves=()) for slug in "ab"]
    early = covered(source("iis:frontend", -9, -5), source("httpproxy:ecp", -9, -5))
    judged = [judge_pack(one, [], early, [], EVERYTHING) for one in packs]
    told = limits_of(judged, early.last)
    assert (
        "Not assessed, since the evidence ends 2021-02-24 and the first use that is known of was "
        "later: A (2021-03-01), B (2021-03-01)."
    ) == told[0]
    assert 2 == len(told)


def test_a_limit_tells_a_pack_that_the_server_was_never_open_to_and_one_that_nothing_shows() -> (
    None
):
    never = judge_pack(
        pack(), [], FULL, [exposed(StatusWord.NOT_AFFECTED, never=True)], EVERYTHING
    )
    told = limits_of([never, judge_pack(BLIND, [], FULL, [exposed()], EVERYTHING)], FULL.last)
    assert told[0].startswith("Test: not assessed; no build seen")
    assert f"Test: {SAID}" == told[1]
    assert "the ways in of Test." in told[2]


def test_where_no_pack_could_see_anything_it_is_not_said_that_something_was_looked_for() -> None:
    blind = judge_pack(BLIND, [], FULL, [exposed()], EVERYTHING)
    assert "nothing that this evidence could show" in limits_of([blind], FULL.last)[-1]


# The whole way, with a folder of knowledge that holds such a pack.

TOLD = "Ask the operator of the proxy for its log of these weeks."
EVIDENCE = (
    "#Fields: date time cs-method cs-uri-stem c-ip sc-status\n"
    "2021-09-03 04:00:00 GET /owa/ 192.0.2.1 200\n"
)


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    """What there is, and a pack beside it that sees nothing."""
    root = knowledge_in(tmp_path / "knowledge")
    text = (root / "packs" / "proxyshell" / "pack.toml").read_text(encoding="utf-8")
    about, _, rest = text.partition("[[sufficient]]")
    base = rest.partition("[evidence_base]")[2]
    blind = root / "packs" / "blind"
    blind.mkdir()
    (blind / "pack.toml").write_text(
        about.replace('slug = "proxyshell"', 'slug = "blind"').replace("ProxyShell", "Blind")
        + f'detectable = false\ncheck_instead = ["{TOLD}"]\n\n[evidence_base]{base}',
        encoding="utf-8",
    )
    return root


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    logs = tmp_path / "evidence" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    logs.mkdir(parents=True)
    (logs / "u_ex210903.log").write_text(EVIDENCE, encoding="utf-8")
    return tmp_path / "evidence"


def hunted(knowledge: Path, evidence: Path, *packs: str) -> Result:
    with using(knowledge):
        return hunt([evidence], Options(packs=packs), SilentProgress())


def host_of(result: Result) -> HostResult:
    (host,) = result.hosts
    return host


def test_the_verdict_is_the_same_with_it_and_without(knowledge: Path, evidence: Path) -> None:
    for others in (("proxylogon",), ("web-shells",), ("proxylogon", "web-shells")):
        without = host_of(hunted(knowledge, evidence, *others)).verdict
        beside = host_of(hunted(knowledge, evidence, "blind", *others)).verdict
        assert (without.level, without.assurance) == (beside.level, beside.assurance), others
        assert without.reasons == beside.reasons


def test_alone_it_gives_no_all_clear_and_no_alarm(knowledge: Path, evidence: Path) -> None:
    verdict = host_of(hunted(knowledge, evidence, "blind")).verdict
    assert (Level.INCONCLUSIVE, Assurance.INSUFFICIENT) == (verdict.level, verdict.assurance)


def test_every_output_says_what_to_check(knowledge: Path, evidence: Path) -> None:
    result = hunted(knowledge, evidence)
    entry = next(one for one in host_of(result).packs if one.pack == "blind")
    assert (False, None, (TOLD,)) == (entry.detectable, entry.level, entry.check_instead)
    for name in ("json", "html"):
        page = all_reports()[name].render(result).decode("utf-8")
        assert TOLD in page, name
    assert "not assessable from this evidence" in page
    screen = StringIO()
    Console(file=screen, width=2000).print(terminal.render(result))
    assert f"not assessable from this evidence. Check instead: {TOLD}" in screen.getvalue()
