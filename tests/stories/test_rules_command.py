"""`tocsin rules` over a whole server, and beside a hunt with the same rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jq  # type: ignore[import-not-found]  # a compiled module without types
import pytest
import yaml

from tocsin import samples
from tocsin.cli.entry import main
from tocsin.hunt import Options, hunt
from tocsin.matching.applying import Application, Wishes, load
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from tocsin.model.result import RuleCounts

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "sigma-engine.md"
RULES: dict[str, dict[str, Any]] = {
    "scripted": {
        "logsource": {"category": "webserver"},
        "detection": {"s": {"cs(User-Agent)|contains": "python"}, "condition": "s"},
    },
    "shell": {
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": {"s": {"Image|endswith": "\\cmd.exe"}, "condition": "s"},
    },
    "nowhere": {
        "logsource": {"product": "linux", "service": "auditd"},
        "detection": {"s": {"type": "EXECVE"}, "condition": "s"},
    },
    "unknown-field": {
        "logsource": {"product": "exchange", "service": "httpproxy"},
        "detection": {"s": {"NoSuchColumn": "x"}, "condition": "s"},
    },
    "long": {
        "logsource": {"category": "webserver"},
        "detection": {"s": {"cs-uri-stem|re": "^.{200,}$"}, "condition": "s"},
    },
    "broken": {
        "logsource": {"product": "windows"},
        "detection": {"s": {"Image|nonesuch": "x"}, "condition": "s"},
    },
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    for name, rule in RULES.items():
        document = {"title": name, "level": "medium", **rule}
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    (folder / "text.yml").write_text("just text")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.build("compromised", tmp_path_factory.mktemp("server"))


def counts(source: Path, *rules: Path) -> RuleCounts:
    return hunt([source], Options(sigma=rules), SilentProgress()).tool.rules


def test_rules_and_hunt_show_the_same_numbers(rules: Path, server: Path) -> None:
    """The hunt counts its packs' rules as well, so what these rules add is compared."""
    application = Application(load([rules]), Wishes())
    hits = list(application.hits([server], SilentProgress()))
    told = application.summary()
    alone, together = counts(server), counts(server, rules)

    assert together.loaded - alone.loaded == told.rules == 5
    assert together.not_applicable - alone.not_applicable == len(told.not_applicable)
    assert ("nowhere",) == told.not_applicable
    assert together.failed == told.failed
    assert 2 == len(told.failed)
    mine = set(together.fields_never_seen) - set(alone.fields_never_seen)
    assert mine == set(told.fields_never_seen)
    assert ("unknown-field",) == told.fields_never_seen
    wide = set(together.full_scan) - set(alone.full_scan)
    assert wide == set(told.full_scan)
    assert "long" in told.full_scan
    assert {"scripted", "shell"} == {hit.rule.id for hit in hits}


def test_rules_and_hunt_find_the_same_rows(rules: Path, server: Path) -> None:
    result = hunt([server], Options(sigma=(rules,)), SilentProgress())
    leads = {lead.id: lead for lead in result.hosts[0].leads}
    application = Application(load([rules]), Wishes())
    places: dict[str, set[tuple[str, int]]] = {}
    for hit in application.hits([server], SilentProgress()):
        places.setdefault(hit.rule.id, set()).add((hit.artefact.path.inside, hit.event.place))
    assert leads.keys() == places.keys()
    for rule, lead in leads.items():
        cited = {
            (one.artefact, one.line or one.record or one.offset or 0)
            for one in lead.citations
            if one.rule == rule  # what its processes did next is cited as well
        }
        assert cited
        assert cited <= places[rule]


def test_a_whole_collection_goes_through_the_command(
    rules: Path, server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["rules", str(rules), "--events", str(server), "--json", "--quiet"])
    *hits, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(hits) == last["summary"]["matches"]
    assert {"iis", "httpproxy", "evtx"} <= last["summary"]["formats"].keys()
    assert all(len({"line", "record", "offset"} & hit.keys()) == 1 for hit in hits)


def test_events_as_evtx_and_as_an_export_of_a_lab_attack(
    rules: Path, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(corpus / "evtx")
    assert 0 == main(["rules", str(rules), "--events", source, "--json", "--quiet"])
    *hits, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"evtx", "events_json"} <= last["summary"]["formats"].keys()
    assert {"shell"} == {hit["rule"] for hit in hits}
    assert {"record", "line"} == {key for hit in hits for key in ("record", "line") if key in hit}


def test_jq_says_what_the_guide_promises(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"time": "2021-03-03T06:00:00Z", "Image": "C:\\\\cmd.exe"}\n')
    main(["rules", str(rules), "--events", str(events), "--json", "--quiet"])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = re.findall(r"^jq (?:-r )?'([^']+)' matches", GUIDE.read_text("utf-8"), re.MULTILINE)
    lines, account = (
        [line for one in printed for line in jq.compile(program).input(one).all()]
        for program in told
    )
    assert ["2021-03-03T06:00:00Z\tmedium\tshell\tevents.jsonl\t1"] == lines
    assert [1] == [one["matches"] for one in account]
