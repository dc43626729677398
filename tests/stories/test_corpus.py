"""Real evidence: what others published of real victims and of a lab, and what must stay quiet.

The corpus is not part of the project; where it is absent these stories do not run, and say so.
"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.stories import rows
from tocsin.hunt import Options, hunt
from tocsin.model.grade import Grade, Level
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import HostResult

ATTACKS_NEEDED = 33
ATTACKS = 35
RECORDS_NEEDED = 16


def hunted(source: Path) -> HostResult:
    (host,) = hunt([source], Options(), SilentProgress()).hosts
    return host


def worst_grade(host: HostResult) -> Grade | None:
    grades = [finding.grade for finding in host.findings]
    return max(grades, key=lambda grade: grade.rank, default=None)


# The lab attack of OTRF: events only, with a clock that is local time labelled Z.


@pytest.fixture(scope="module")
def otrf(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> HostResult:
    folder = tmp_path_factory.mktemp("otrf")
    for archive in sorted((corpus / "evtx" / "OTRF").glob("*.zip")):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    return hunted(folder)


def cited(host: HostResult) -> set[int]:
    return {
        citation.line
        for finding in host.findings
        for citation in finding.citations
        if citation.line is not None
    }


def labels(corpus: Path, kind: str) -> list[int]:
    known = json.loads((corpus / "evtx" / "OTRF" / "labels.json").read_text(encoding="utf-8"))
    return [record["line"] for record in known[kind]]


def test_the_lab_server_is_compromised(otrf: HostResult) -> None:
    assert Level.COMPROMISED is otrf.verdict.level


def test_the_lab_attack_is_cited_record_by_record(otrf: HostResult, corpus: Path) -> None:
    malicious = labels(corpus, "malicious")
    found = [line for line in malicious if line in cited(otrf)]
    assert len(found) >= RECORDS_NEEDED, sorted(set(malicious) - set(found))


def test_the_compiler_under_the_web_server_is_not_cited(otrf: HostResult, corpus: Path) -> None:
    assert [] == [line for line in labels(corpus, "benign_lookalike") if line in cited(otrf)]


@pytest.mark.parametrize(
    "words",
    [
        ("Set-OabVirtualDirectory", "ExternalUrl"),
        ("ohyeah.aspx", "System"),
        ("cmd /c whoami",),
    ],
    ids=["command", "drop", "child"],
)
def test_the_lab_verdict_cites_the_decisive_records(
    otrf: HostResult, words: tuple[str, ...]
) -> None:
    texts = [citation.text for finding in otrf.findings for citation in finding.citations]
    assert [text for text in texts if all(word in text for word in words)]


def test_the_lab_clock_is_questioned(otrf: HostResult) -> None:
    said = " ".join([*otrf.verdict.limits, *(problem.detail for problem in otrf.problems)])
    assert "local" in said
    assert "+5 h" in said


# Rows that victims and others published: each alone, in a full row of its kind of log.


def quoted(corpus: Path) -> list[dict[str, str]]:
    text = (corpus / "exchange-logs" / "quoted_lines.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def placed(folder: Path, entry: dict[str, str]) -> Path:
    """The line in a full synthetic row of its log type."""
    kind, line = entry["log_type"], entry["line"]
    if kind.startswith("Test-ProxyLogon"):
        time, anchor = line.split(" ", 1)
        status = "241" if "/ecp/proxyLogo" in anchor else "200"
        return rows.httpproxy(
            folder, {"DateTime": time, "AnchorMailbox": anchor, "HttpStatus": status}
        )
    if kind.startswith("OABVirtualDirectory"):
        return rows.ecp(folder, f"Set-OabVirtualDirectory.ExternalUrl='{line}'.Identity='x'")
    if kind.startswith("MSExchange Management"):
        cmdlet, parameters = line.split(" ", 1)
        return rows.management(folder, cmdlet, parameters)
    if kind.startswith("IIS W3C"):
        # Its author took columns away; the words that matter go into a whole row.
        words = line.split(" ")
        return rows.iis_request(folder, words[4], words[5], method=words[3])
    if kind.startswith("IIS/proxy query"):
        return rows.iis_request(folder, "/autodiscover/autodiscover.json", line, method="POST")
    assert kind.startswith("request path only")
    stem, query = line.split("?")
    return rows.iis_request(folder, stem, query, status="404")


def expected(entry: dict[str, str]) -> set[Grade]:
    """The grade that the label gives to the row alone.

    The pages of Microsoft's own scan script on localhost are probes whatever victims called
    them, and so is the path that scanners try on every web server.
    """
    line = entry["line"]
    if "ServerInfo~localhost/" in line or entry["label"].startswith("attack attempt"):
        return {Grade.PROBE, Grade.ATTEMPT}
    return set(Grade) - {Grade.PROBE}


def test_published_attack_rows_get_the_grade_of_their_label(corpus: Path, tmp_path: Path) -> None:
    attacks = [entry for entry in quoted(corpus) if entry["label"].startswith("attack")]
    assert ATTACKS == len(attacks)
    missed = []
    for number, entry in enumerate(attacks):
        host = hunted(placed(tmp_path / str(number), entry))
        if worst_grade(host) not in expected(entry):
            missed.append((entry["line"], worst_grade(host)))
    assert len(attacks) - len(missed) >= ATTACKS_NEEDED, missed


def test_rows_that_owners_pasted_are_read_as_they_were_pasted(
    corpus: Path, tmp_path: Path
) -> None:
    pasted = [
        entry["line"]
        for entry in quoted(corpus)
        if entry["log_type"].startswith("Test-ProxyLogon")
    ]
    source = rows.verbatim(tmp_path, "pasted.txt", "DateTime AnchorMailbox", *pasted)
    host = hunted(source)
    assert worst_grade(host) in set(Grade) - {Grade.PROBE}
    assert len(pasted) == sum(entry.events for entry in host.coverage)


def test_scanner_rows_stay_below_attempted(corpus: Path, tmp_path: Path) -> None:
    scans = [
        entry
        for entry in quoted(corpus)
        if "ServerInfo~localhost/" in entry["line"] or entry["label"].startswith("attack attempt")
    ]
    assert scans
    for number, entry in enumerate(scans):
        host = hunted(placed(tmp_path / str(number), entry))
        assert worst_grade(host) in (None, Grade.PROBE), entry["line"]


IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)


def test_published_benign_rows_stay_below_attempted(corpus: Path, tmp_path: Path) -> None:
    benign = [entry for entry in quoted(corpus) if entry["label"].startswith("benign")]
    assert benign
    for number, entry in enumerate(benign):
        folder = tmp_path / str(number)
        if entry["log_type"].startswith("HttpProxy"):
            header = rows.httpproxy_header()
            source = rows.verbatim(
                folder,
                "C/Exchange/Logging/HttpProxy/Mapi/HttpProxy_2024012415-1.LOG",
                "#Software: Microsoft Exchange Server",
                "#Log-type: HttpProxy Logs",
                f"#Fields: {header}",
                entry["line"],
            )
        elif entry["log_type"].startswith("IIS"):
            source = rows.iis(folder, entry["line"])
        else:
            path = entry["line"].replace("\\", "/").replace("C:", "C")
            source = rows.verbatim(folder, path, "not what it looks like")
        assert worst_grade(hunted(source)) in (None, Grade.PROBE), entry["line"]


# Whole folders of ordinary logs.


def test_real_logs_of_ordinary_servers_never_exceed_probed(corpus: Path, tmp_path: Path) -> None:
    lines = json.loads(
        (corpus / "exchange-logs" / "qazeer" / "lines.json").read_text(encoding="utf-8")
    )
    for number, entry in enumerate(lines):
        name = f"{number}/Logging/{entry['file']}".replace("\\", "/")
        rows.verbatim(tmp_path, name, entry["fields"], entry["line"])
    host = hunted(tmp_path)
    assert worst_grade(host) in (None, Grade.PROBE)
    assert host.verdict.level in (Level.INCONCLUSIVE, Level.PROBED, Level.NO_EVIDENCE_FOUND)
    assert sum(entry.events for entry in host.coverage) > 0


@pytest.mark.parametrize("folder", ["exchange-logs/qazeer", "evtx/benign"])
def test_benign_folders_of_the_corpus_never_exceed_probed(corpus: Path, folder: str) -> None:
    host = hunted(corpus / folder)
    assert worst_grade(host) in (None, Grade.PROBE)
    assert host.verdict.level in (Level.INCONCLUSIVE, Level.PROBED, Level.NO_EVIDENCE_FOUND)
