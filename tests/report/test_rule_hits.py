"""Hits and their account, as scripts and as people read them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.matching.sigma.correlation.correlating import Row, correlation, hits_of, plan_of
from tocsin.matching.applied import Account, Fired, Hit, Summary
from tocsin.matching.sigma import plain
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event, PlaceKind
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode
from tocsin.model.result import RuleFailure
from tocsin.model.rule import RuleInfo, RuleKind
from tocsin.report import rule_hits

if TYPE_CHECKING:
    from tocsin.matching.sigma.keywords import Keyword

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "rule-matches.md").read_text(
    encoding="utf-8"
)
INFO = RuleInfo(
    id="cmd",
    title="A shell",
    kind=RuleKind.LEAD,
    pack="",
    file="cmd.yml",
    grade=Grade.ATTEMPT,
    confidence=Confidence.LOW,
    severity=Severity.HIGH,
)


def hit(
    fields: dict[str, str] | None = None,
    *,
    place_kind: PlaceKind = PlaceKind.RECORD,
    time: datetime | None = datetime(2021, 3, 3, 6, 44, 34, tzinfo=UTC),
    view: str | None = None,
    damaged: bool = False,
    asked: frozenset[str] = frozenset({"Image"}),
    keywords: tuple[Keyword, ...] = (),
) -> Hit:
    return Hit(
        rule=INFO,
        fields=asked,
        source="/cases/a.zip",
        artefact=Artefact(path=EvidencePath.plain("C/x.evtx"), format="evtx", size_bytes=1),
        place_kind=place_kind,
        event=Event(time=time, place=7, fields=fields or {"Image": "cmd.exe"}, text="the row"),
        view=view,
        damaged=damaged,
        keywords=keywords,
    )


def summary(**more: object) -> Summary:
    values: dict[str, object] = {
        "rules": 3,
        "events": 1200,
        "matches": 1,
        "not_applicable": ("web",),
        "failed": (RuleFailure(file="b.yml", reason="is not YAML"),),
        "full_scan": (),
        "fields_never_seen": ("odd",),
        "matches_by_rule": {"cmd": 1},
        "files": 2,
        "formats": {"evtx": 1000, "iis": 200},
        "unknown_files": 0,
        "problems": {},
        "outside_period": 0,
        "below_level": 0,
        "asked_of_every_rule": 0,
        "yara_files": 0,
        "not_correlated": (),
    }
    return Summary(**{**values, **more})  # type: ignore[arg-type] # made of its own types above


def text(*, verbose: bool = False, account: Account | None = None, **more: object) -> list[str]:
    titles = {"cmd": "A shell"}
    return list(
        rule_hits.summary_as_text(summary(**more), account or Account(), titles, verbose=verbose)
    )


def test_a_hit_has_the_keys_of_the_interface_in_their_order() -> None:
    assert {
        "rule": "cmd",
        "title": "A shell",
        "level": "high",
        "artefact": "C/x.evtx",
        "record": 7,
        "time": "2021-03-03T06:44:34Z",
        "event": {"Image": "cmd.exe"},
    } == (found := json.loads(rule_hits.as_json(hit(), with_source=False)))
    assert ["rule", "title", "level", "artefact", "record", "time", "event"] == list(found)


@pytest.mark.parametrize("kind", list(PlaceKind))
def test_the_place_is_called_what_it_counts(kind: PlaceKind) -> None:
    found = json.loads(rule_hits.as_json(hit(place_kind=kind, time=None), with_source=False))
    assert (7, None) == (found[kind.value], found["time"])


def test_more_is_said_only_where_there_is_more() -> None:
    found = json.loads(rule_hits.as_json(hit(view="decoded", damaged=True), with_source=True))
    assert ("/cases/a.zip", "decoded", True) == (found["source"], found["view"], found["damaged"])


def test_what_json_cannot_carry_does_not_stop_the_rest() -> None:
    found = json.loads(rule_hits.as_json(hit({"Image": "a\udcffb"}), with_source=False))
    assert "a?b" == found["event"]["Image"]


def test_a_person_reads_time_level_title_place_and_what_matters() -> None:
    assert (
        "2021-03-03 06:44:34Z  high           A shell\n    C/x.evtx record 7\n    Image: cmd.exe\n"
    ) == rule_hits.as_text(
        hit({"Other": "x", "Image": "cmd.exe"}), with_source=False, colours=False
    )


def test_a_view_and_damage_are_said_beside_the_title() -> None:
    first = rule_hits.as_text(
        hit(view="combined URI", damaged=True), with_source=True, colours=False
    ).splitlines()
    assert "A shell  [combined URI]  [damaged row]" in first[0]
    assert "    /cases/a.zip: C/x.evtx record 7" == first[1]


def fired(*, rows: int = 2, damaged: bool = False) -> Fired:
    about = correlation("event_count", "a", group_by=["User"], condition={"gte": 2})
    collected = hits_of(
        plan_of(many=about),
        [Row("a", second, {"User": "x\x1b"}, damaged=damaged) for second in range(rows)],
    )
    (firing,) = correlate(collected).speaking
    return Fired(rule=replace(INFO, id="many"), firing=firing, hits=collected)


def test_a_firing_has_its_events() -> None:
    found = json.loads(rule_hits.as_json(fired(), with_source=False))
    assert ["rule", "title", "level", "time", "from", "to"] == list(found)[:6]
    assert ("many", "high", "2021-03-03T00:00:01Z", 2) == (
        found["rule"],
        found["level"],
        found["time"],
        found["count"],
    )
    assert [("a", "one.log", {"User": "x\x1b"})] * 2 == [
        (one["rule"], one["artefact"], one["event"]) for one in found["events"]
    ]
    assert "source" not in found["events"][0]
    sourced = json.loads(rule_hits.as_json(fired(), with_source=True))
    assert ["", ""] == [one["source"] for one in sourced["events"]]


def test_a_person_reads_what_a_firing_stands_on() -> None:
    shown = rule_hits.as_text(fired(rows=7, damaged=True), with_source=False, colours=False)
    head, sentence, *places, rest = shown.splitlines()
    assert "2021-03-03 00:00:01Z  high           A shell  [correlation]  [damaged row]" == head
    assert "7 rows from" in sentence
    assert "\x1b" not in shown
    assert 4 == len(places)
    assert all("one.log:" in place for place in places)
    assert "    … and 3 more rows" == rest


def test_a_rule_without_fields_shows_the_row() -> None:
    shown = rule_hits.as_text(hit(asked=frozenset()), with_source=False, colours=False)
    assert "    the row\n" == shown.splitlines(keepends=True)[-1]


def test_what_a_keyword_found_is_shown_before_the_fields_that_the_rule_looks_at() -> None:
    shown = rule_hits.as_text(
        hit(
            {"Image": "cmd.exe", "Message": "x" * 500 + " MiniDump here", "Other": "y"},
            keywords=(plain.Text(("minidump",)),),
        ),
        with_source=False,
        colours=False,
    )
    assert [f"    Message: …{'x' * 39} MiniDump here", "    Image: cmd.exe"] == (
        shown.splitlines()[2:]
    )


def test_a_keyword_that_stands_in_no_field_shows_the_row_beside_the_fields() -> None:
    shown = rule_hits.as_text(
        hit(keywords=(plain.Regex("t.e r"),)), with_source=False, colours=False
    )
    assert ["    the row", "    Image: cmd.exe"] == shown.splitlines()[2:]


def test_colours_are_there_only_when_asked_for() -> None:
    assert "\x1b[31mhigh" in rule_hits.as_text(hit(), with_source=False, colours=True)
    assert "\x1b" not in rule_hits.as_text(hit(), with_source=False, colours=False)


def test_nothing_from_evidence_acts_on_a_terminal() -> None:
    hostile = hit({"Image": "\x1b]0;owned\x07\u202e" + "x" * 500})
    shown = rule_hits.as_text(hostile, with_source=False, colours=False)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 400


def test_the_summary_is_the_last_object() -> None:
    found = json.loads(rule_hits.summary_as_json(summary()))
    assert ["summary"] == list(found)
    assert ["rules", "events", "matches", "not_applicable", "failed"] == list(found["summary"])[:5]
    assert [{"file": "b.yml", "reason": "is not YAML"}] == found["summary"]["failed"]


def test_the_account_tells_what_became_of_every_rule() -> None:
    assert [
        "1 match in 1,200 events of 2 files (evtx 1,000, iis 200)",
        "          1  A shell (cmd)",
        "Rules: 3 loaded",
        "  1 not applicable: no log of theirs was read",
        "  1 asked for a field that no event had",
        "  1 failed, beside those that were loaded",
        "    b.yml: is not YAML",
    ] == text()


def test_names_come_when_asked_for() -> None:
    told = text(verbose=True)
    assert ("    web", "    odd") == (told[4], told[6])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"asked_of_every_rule": 5}, "5 rows of JSON lines name no log source"),
        ({"outside_period": 1}, "1 event outside the period"),
        ({"below_level": 2}, "2 matches of rules below the level"),
        ({"yara_files": 1}, "1 YARA file beside the rules"),
        ({"not_correlated": ("1 row of cmd has no time.",)}, "1 row of cmd has no time."),
        ({"unknown_files": 4}, "4 files held no events"),
        ({"full_scan": ("cmd",)}, "  1 needed every row in full"),
    ],
)
def test_whatever_was_left_out_has_its_line(more: dict[str, object], said: str) -> None:
    with_it = rule_hits.summary_as_text(summary(**more), Account(), {"cmd": "T"}, verbose=False)
    assert 1 == sum(line.startswith(said) for line in with_it)
    assert 0 == sum(line.startswith(said) for line in text())


def test_problems_are_counted_with_an_example() -> None:
    account = Account()
    for line in (3, 4):
        account.problem(
            Problem(artefact="e.log", line=line, code=ProblemCode.BAD_TIME, detail="no time")
        )
    told = text(account=account, problems={"bad_time": 2})
    assert [
        "Could not be read: 2 places",
        "  bad_time: 2 places",
        "    e.log:3: no time",
    ] == told[-3:]
    assert (
        "    e.log:4: no time" == text(verbose=True, account=account, problems={"bad_time": 2})[-1]
    )


def test_many_failures_and_many_rules_are_cut_and_counted() -> None:
    failed = tuple(RuleFailure(file=f"{n}.yml", reason="no") for n in range(30))
    matches = {f"rule-{n:02}": 1 for n in range(30)}
    titles = dict.fromkeys(matches, "T")
    whole = summary(failed=failed, matches_by_rule=matches)
    cut = list(rule_hits.summary_as_text(whole, Account(), titles, verbose=False))
    assert "    … and 20 more (--verbose)" in cut
    assert "             … and 10 more rules (--verbose)" in cut
    assert 67 == len(list(rule_hits.summary_as_text(whole, Account(), titles, verbose=True)))


def test_one_line_says_it_all_in_short() -> None:
    assert (
        "1 match, 1,200 events, 3 rules loaded, 1 not applicable, 1 failed, 2 unreadable places"
    ) == rule_hits.in_short(summary(problems={"bad_time": 2}))


def test_the_reference_names_every_key_in_the_order_in_which_it_is_printed() -> None:
    part = PAGE.partition("## Matches as JSON")[2].partition("## JSON lines")[0]
    hits, _, rest = part.partition("A [correlation]")
    firings, _, account = rest.partition("`summary`:")
    keys = re.compile(r"^\| `([a-z_]+)` \| \S", re.MULTILINE)
    full = json.loads(rule_hits.as_json(hit(view="decoded", damaged=True), with_source=True))
    told = keys.findall(hits)
    assert list(full) == [key for key in told if key not in {"line", "offset"}]
    assert {kind.value for kind in PlaceKind} <= set(told)
    assert [one.encode_name for one in msgspec.structs.fields(Summary)] == keys.findall(account)
    firing = json.loads(rule_hits.as_json(fired(damaged=True), with_source=False))
    of_firings = re.findall(
        r"`([a-z]+)`", "".join(re.findall(r"^\| (.*?) \|", firings, re.MULTILINE))
    )
    assert [key for key in firing if key not in full] == [
        key for key in of_firings if key not in full
    ]
