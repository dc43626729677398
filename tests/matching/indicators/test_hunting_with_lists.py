"""A hunt with lists: leads that name the list, in rows and files, and nothing raised by them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tocsin.hunt import Options, hunt
from tocsin.matching.indicators.load import load_indicators
from tocsin.model.progress import SilentProgress
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import Result

IIS = (
    "#Software: Microsoft Internet Information Services 10.0\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status\n"
    "2021-03-03 04:00:00 10.0.0.5 GET /owa/ - 443 198.51.100.7 Odd+Agent/1.0 200\n"
    "2021-03-03 04:00:01 10.0.0.5 GET /owa/ - 443 198.51.100.77 Other/1.0 200\n"
    "2021-03-03 04:00:02 10.0.0.5 GET /owa/ u=https%3A%2F%2Fx.evil.example%2F 443 198.51.100.77 Other/1.0 200\n"
    "2021-03-03 04:00:03 10.0.0.5 GET /owa/ - 443 198.51.100.7 Other/1.0 200 surplus\n"
)
TOOL = b"a tool that nobody knows\n"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    logs = tmp_path / "evidence" / "C" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    logs.mkdir(parents=True)
    (logs / "u_ex210303.log").write_text(IIS)
    (tmp_path / "evidence" / "C" / "tool.bin").write_bytes(TOOL)
    return tmp_path / "evidence"


def hunted(evidence: Path, text: str) -> Result:
    path = evidence.parent / "partner.csv"
    path.write_text(text)
    return hunt([evidence], Options(indicators=(path,)), SilentProgress())


def test_rows_and_files_that_a_list_names_are_leads_and_raise_nothing(evidence: Path) -> None:
    md5 = hashlib.md5(TOOL, usedforsecurity=False).hexdigest()
    lists = (
        f"value,comment\n198.51.100.7,C2\nevil.example,\n{md5},tool\nabsent.example,\nnonsense,\n"
    )
    result = hunted(evidence, lists)
    quiet = hunt([evidence], Options(), SilentProgress())
    (host,) = result.hosts
    log = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
    assert {
        "Address 198.51.100.7, listed in partner.csv: C2": [(log, 3), (log, 6)],
        "Domain evil.example, listed in partner.csv": [(log, 5)],
        f"MD5 {md5}, listed in partner.csv: tool": [("C/tool.bin", None)],
    } == {lead.title: [(one.artefact, one.line) for one in lead.citations] for lead in host.leads}
    assert quiet.hosts[0].verdict == host.verdict
    assert quiet.hosts[0].findings == host.findings
    before, after = quiet.tool.rules, result.tool.rules
    assert (before.loaded + 4, 4) == (after.loaded, after.indicators)
    assert (before.sigma, before.yara) == (after.sigma, after.yara)
    (failure,) = result.tool.rules.failed
    assert failure.reason.startswith("line 6: 'nonsense' is no hash")


def test_rows_beyond_those_that_are_cited_are_counted_beside_the_title(evidence: Path) -> None:
    header, row = IIS.partition("2021")[0], IIS.splitlines(keepends=True)[2]
    log = next(evidence.rglob("*.log"))
    log.write_text(header + row * 350)
    (lead,) = hunted(evidence, "value\n198.51.100.7\n").hosts[0].leads
    assert ("Address 198.51.100.7, listed in partner.csv", 350) == (lead.title, lead.rows)
    assert 300 == len(lead.citations)


def test_a_user_agent_is_not_applicable_where_no_log_has_one(tmp_path: Path) -> None:
    folder = tmp_path / "evidence" / "C" / "inetpub" / "wwwroot"
    folder.mkdir(parents=True)
    (folder / "x.aspx").write_text("<%@ Page %>")
    with_agent = hunted(tmp_path / "evidence", "user_agent\nOdd Agent/1.0\n")
    with_name = hunted(tmp_path / "evidence", "filename\nother.aspx\n")
    assert 1 == with_agent.tool.rules.not_applicable - with_name.tool.rules.not_applicable


def test_the_lists_of_the_corpus_load_and_what_they_cannot_say_is_told(corpus: Path) -> None:
    folder = corpus / "indicators"
    found, failed = load_indicators([folder], {})
    assert len(found) > 5000
    assert {"LICENSE.txt", "README.txt", "keywords.txt"} == {
        one.file.rpartition("/")[2] for one in failed
    }
    assert not found.words().everything
    assert {RuleKind.LEAD} == {info.kind for info in found.infos.values()}
