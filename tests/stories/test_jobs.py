"""However many processes share the work, the result is the same, byte by byte."""

from __future__ import annotations

import gzip
import os
import re
import signal
import zipfile
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

import pytest
import yaml

from tocsin import samples
from tocsin.events import lines, stretches
from tocsin.events.format import all_formats
from tocsin.hunt import Options, hunt
from tocsin.matching.applying import Application, Wishes, load
from tocsin.matching.content import ContentPlan, Scope
from tocsin.matching.crew import can_fork
from tocsin.matching.file_reader import FileReader
from tocsin.matching.narrowing import HEADERS
from tocsin.matching.turns import Turns
from tocsin.model.problem import ProblemCode
from tocsin.model.progress import SilentProgress
from tocsin.report import rule_hits
from tocsin.report.format import all_reports
from tocsin.verdict.names import NameCollector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tocsin.matching.crew import Say
    from tocsin.matching.tasks import Task

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")

IIS = "C/inetpub/logs/LogFiles/W3SVC1"
FIELDS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status",
    "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
    "#Fields: date time cs-uri-stem c-ip cs(User-Agent) sc-status",
)
ROWS = (
    "2021-03-03 06:{m:02}:{s:02} 10.0.0.5 POST /owa/p{n}.aspx a={i} 443 203.0.113.{n} agent{i} 200",
    "2021-03-03 07:{m:02}:{s:02} 203.0.113.{n} GET /ecp/y{n}.js 401",
    "2021-03-03 08:{m:02}:{s:02} /owa/auth/x{n}.aspx 203.0.113.9 python-requests/2.{n} 200",
)
RULES = {
    "scripted": {"s": {"cs(User-Agent)|contains": "python"}, "condition": "s"},
    "failed": {"s": {"sc-status": "401"}, "condition": "s"},
    "long": {"s": {"cs-uri-stem|re": "^.{14,}$"}, "condition": "s"},
    "nothing": {"s": {"cs-uri-query|endswith": "nobody"}, "condition": "s"},
}
MANY = {
    "title": "many",
    "correlation": {
        "type": "event_count",
        "rules": ["failed"],
        "group-by": ["c-ip"],
        "timespan": "1m",
        "condition": {"gte": 3},
    },
}


class Steps(SilentProgress):
    """Adds up what is read."""

    read_bytes = 0

    def advance(self, read_bytes: int) -> None:
        self.read_bytes += read_bytes


@pytest.fixture(autouse=True)
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lines, stretches):
        monkeypatch.setattr(module, "CHUNK_BYTES", 4096)
        monkeypatch.setattr(module, "STRETCH_CHUNKS", 4)


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A server whose logs have a few headers: for each one all patterns are chosen and compiled."""
    return built(tmp_path, headers=4)


def built(tmp_path: Path, *, headers: int) -> Path:
    """A part of a sample server, a large log of some headers with damage, and packed ones."""
    root = tmp_path / "server"
    with zipfile.ZipFile(samples.build("compromised", tmp_path)) as sample:
        names = [one for one in sample.namelist() if one.endswith((".evtx", ".aspx", "-1.LOG"))]
        sample.extractall(root, names[:12] + names[-12:])
    folder = root / IIS
    folder.mkdir(parents=True)
    text: list[str] = []
    for number in range(60):
        kind = number % len(FIELDS)
        text += ["#Software: Microsoft Internet Information Services 10.0"]
        text += [f"{FIELDS[kind]} more{number % headers}"]
        row = ROWS[kind]
        text += [f"{row.format(n=i % 7, i=i, m=i % 60, s=number)} -" for i in range(36)]
        text += ["2021-03-03 torn", "2021-03-03 07:00:00 1.2.3.4 \0 x 1"]
    data = "\r\n".join(text).encode()
    (folder / "u_ex210303.log").write_bytes(data)
    (folder / "u_ex210304.log.gz").write_bytes(gzip.compress(data))
    (folder / "u_ex210305.log").write_bytes(data[: 64 * 1024])
    with zipfile.ZipFile(root / "more.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("C/inetpub/logs/LogFiles/W3SVC2/u_ex210303.log", data)
    proxy = root / "D/Exchange/Logging/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG"
    proxy.parent.mkdir(parents=True)
    proxy.write_bytes(all_formats()["httpproxy"].sample * 60)
    return root


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, detection in RULES.items():
        document = {
            "title": name,
            "name": name,
            "level": "medium",
            "logsource": {"category": "webserver"},
            "detection": detection,
        }
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    (folder / "many.yml").write_text(yaml.safe_dump(MANY))
    return folder


def hunted(server: Path, rules: Path, jobs: int) -> tuple[bytes, str, int]:
    yara = rules.parent / "agent.yar"
    yara.write_text('rule agent { strings: $a = "agent11" condition: $a }')
    indicators = rules.parent / "list.txt"
    indicators.write_text("203.0.113.6\n")
    options = Options(
        sigma=(rules,),
        yara=(yara,),
        indicators=(indicators,),
        content=ContentPlan(scope=Scope.ALL),
        jobs=jobs,
    )
    progress, names = Steps(), NameCollector()
    result = hunt([server], options, progress, names=names)
    taken = names.taken()
    told = {name: sorted(getattr(taken, name)) for name in ("users", "hosts", "domains")}
    return all_reports()["json"].render(result), str(told), progress.read_bytes


@pytest.mark.slow
def test_a_hunt_gives_the_same_bytes_with_any_number_of_jobs(server: Path, rules: Path) -> None:
    one = hunted(server, rules, 1)
    assert b'"many"' in one[0]
    assert b"agent11" in one[0]
    for jobs in (2, 3):
        several = hunted(server, rules, jobs)
        assert one[:2] == several[:2]
        # A line at a border is read twice.
        assert one[2] <= several[2] <= 1.5 * one[2]


def applied(server: Path, rules: Path, jobs: int) -> list[bytes]:
    application = Application(load([rules]), Wishes(jobs=jobs))
    with closing(application.hits([server], SilentProgress())) as hits:
        found = [rule_hits.as_json(hit, with_source=False) for hit in hits]
    found += [rule_hits.as_json(one, with_source=False) for one in application.firings()]
    examples = [str(problem) for problem in application.account.examples]
    return [*found, rule_hits.summary_as_json(application.summary()), *map(str.encode, examples)]


@pytest.mark.slow
def test_rules_give_the_same_bytes_with_any_number_of_jobs(tmp_path: Path, rules: Path) -> None:
    server = built(tmp_path, headers=HEADERS + 3)
    one = applied(server, rules, 1)
    assert len(one) > 2_000
    assert one == applied(server, rules, 2)
    assert one == applied(server, rules, 3)


def test_several_processes_do_share_one_large_log(
    server: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all that is said here would be of whole files."""
    seen: list[str] = []
    each = Turns.__iter__

    def noted(self: Turns[Task]) -> Iterator[object]:
        for heard in each(self):
            seen.append(type(heard.task).__name__)
            yield heard

    monkeypatch.setattr(Turns, "__iter__", noted)
    one = hunted(server, rules, 2)
    assert seen.count("OneStretch") > 5
    assert b'"defect"' not in one[0]


def test_what_no_process_survives_is_a_problem_and_the_rest_is_told(
    server: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = FileReader.work

    def fatal(self: FileReader, task: Task, say: Say) -> None:
        place = getattr(task, "stretch", None)
        if place is not None and place.place.lines and type(task).__name__ == "OneStretch":
            os.kill(os.getpid(), signal.SIGKILL)
        work(self, task, say)

    monkeypatch.setattr(FileReader, "work", fatal)
    host = hunt([server], Options(sigma=(rules,), jobs=2), SilentProgress()).hosts[0]
    told = [one for one in host.problems if one.code == ProblemCode.DEFECT]
    assert len(told) > 5
    said = r"the lines after line \d+, the second one so: it was ended by SIGKILL"
    assert any(re.search(said, one.detail) for one in told)
    assert any("u_ex210305" in entry.path for entry in host.manifest)
    assert any("W3SVC1/u_ex210303.log" in entry.path for entry in host.manifest)
    assert list(chain(host.findings, host.leads))
