"""Loading: ours must all be good, the user's may fail and are told; and asking a whole set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.matching.rule_sets import HTTPPROXY, benign, event, form, pack, sigma, yara
from tocsin.errors import KnowledgeError
from tocsin.matching.content import Shown
from tocsin.matching.rules import Seen, load_rules
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.path import EvidencePath
from tocsin.model.rule import RuleInfo, RuleKind

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.knowledge.packs import RuleFile

PAGE = EvidencePath.plain("C:/inetpub/wwwroot/page.aspx")


def test_a_rule_of_ours_keeps_all_that_it_claims() -> None:
    file = sigma(
        "anchor",
        {"A": "x"},
        tags=["attack.initial-access", "attack.t1190", "attack.t1505.003", "cve.2021-26855"],
        falsepositives=["a test"],
        tocsin={"grade": "exploited", "confidence": "medium", "next_steps": ["look"]},
    )
    assert {
        "anchor": RuleInfo(
            id="anchor",
            title="Rule anchor",
            kind=RuleKind.DETECTION,
            pack="pack",
            file="pack/sigma/anchor.yml",
            grade=Grade.EXPLOITED,
            confidence=Confidence.MEDIUM,
            severity=Severity.HIGH,
            cves=("CVE-2021-26855",),
            attack=("T1190", "T1505.003"),
            benign_explanations=("a test",),
            next_steps=("look",),
        )
    } == dict(load_rules([pack(file)]).infos)


def test_a_benign_pattern_carries_its_reason() -> None:
    info = load_rules([pack(patterns=(benign("probe", {"A": "x"}),))]).infos["probe"]
    assert (RuleKind.BENIGN, ("a health probe",)) == (info.kind, info.benign_explanations)


def test_a_yara_rule_of_ours_claims_through_its_meta() -> None:
    info = load_rules([pack(yara_files=(yara("web-page"),))]).infos["web-page"]
    assert (
        RuleInfo(
            id="web-page",
            title="A page",
            kind=RuleKind.DETECTION,
            pack="pack",
            file="pack/yara/web-page.yar",
            grade=Grade.PERSISTENCE,
            confidence=Confidence.HIGH,
            severity=Severity.CRITICAL,
            cves=("CVE-2021-1", "CVE-2021-2"),
            attack=("T1505.003",),
            benign_explanations=("a test", "a scan"),
            next_steps=("look", "again"),
        )
        == info
    )


BROKEN = {
    "another name": (sigma("a", {"A": "x"}, name="b"), "name 'b' must be the file's"),
    "no grade": (sigma("a", {"A": "x"}, tocsin={"confidence": "low"}), "tocsin.grade and"),
    "bad grade": (sigma("a", {"A": "x"}, tocsin={"grade": "worst"}), "tocsin: Invalid enum"),
    "misspelt key": (sigma("a", {"A": "x"}, tocsin={"grades": "probe"}), "unknown field"),
    "two rules": (sigma("a", {"A": "x"}), "must hold one rule"),
    "bad condition": (sigma("a", {"s": {"A": "x"}, "condition": "t"}), "'t', which is missing"),
    "bad level": (sigma("a", {"A": "x"}, level="loud"), "'loud' is not a valid Sigma"),
    "no log source": (sigma("a", {"A": "x"}, logsource={"definition": "x"}), "can't be empty"),
}


@pytest.mark.parametrize(("file", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_of_ours_stops_the_run(file: RuleFile, reason: str) -> None:
    if "one rule" in reason:
        file = type(file)(path=file.path, text=f"{file.text}\n---\n{file.text}")
    with pytest.raises(KnowledgeError, match=reason) as caught:
        load_rules([pack(file)])
    assert "pack/sigma/a.yml" == caught.value.where


@pytest.mark.parametrize(
    ("tocsin", "reason"),
    [({}, "needs the key 'tocsin'"), ({"grade": "probe"}, "reason is missing")],
)
def test_a_benign_pattern_needs_a_reason_and_no_grade(tocsin: dict[str, str], reason: str) -> None:
    file = sigma("a", {"A": "x"}, tocsin=tocsin or {"reason": ""})
    if not tocsin:
        document = yaml.safe_load(file.text)
        del document["tocsin"]
        file = type(file)(path=file.path, text=yaml.safe_dump(document))
    with pytest.raises(KnowledgeError, match=reason):
        load_rules([pack(patterns=(file,))])


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (yara("a", "condition: $x"), "unknown pattern"),
        (yara("a", meta={"title": "x"}), "meta 'grade' is missing"),
        (yara("a", meta={"title": "x", "grade": "worst"}), "'worst' is none of probe, attempt"),
        (yara("a", meta={"tittle": "x"}), "meta 'tittle' is not known"),
        (yara("a", meta={"grade": "probe"}), "meta 'title' is missing"),
    ],
)
def test_a_broken_yara_rule_of_ours_stops_the_run(file: RuleFile, reason: str) -> None:
    with pytest.raises(KnowledgeError, match=reason) as caught:
        load_rules([pack(yara_files=(file,))])
    assert "pack/yara/a.yar" == caught.value.where


def test_a_yara_rule_of_ours_is_called_as_its_file() -> None:
    file = yara("a")
    with pytest.raises(KnowledgeError, match="must be called 'b_c'"):
        load_rules([pack(yara_files=(type(file)(path="pack/yara/b-c.yar", text=file.text),))])


def test_an_id_is_taken_once_over_all_kinds_of_rules() -> None:
    with pytest.raises(KnowledgeError, match="the id 'a' is taken"):
        load_rules([pack(sigma("a", {"A": "x"}), patterns=(benign("a", {"A": "x"}),))])
    with pytest.raises(KnowledgeError, match="the id 'a' is taken"):
        load_rules([pack(sigma("a", {"A": "x"}), yara_files=(yara("a"),))])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_user_s_rules_are_leads_whatever_their_level(tmp_path: Path) -> None:
    write(tmp_path, "deep/loud.yml", sigma("loud", {"A": "x"}, level="critical").text)
    write(tmp_path, "quiet.YAML", sigma("quiet", {"A": "x"}, level="low").text)
    write(tmp_path, "notes.txt", "no rule")

    rules = load_rules([], user_sigma=[tmp_path])

    assert () == rules.failed
    assert {
        "loud": (RuleKind.LEAD, Grade.ATTEMPT, Confidence.LOW, Severity.CRITICAL),
        "quiet": (RuleKind.LEAD, Grade.PROBE, Confidence.LOW, Severity.LOW),
    } == {
        rule: (info.kind, info.grade, info.confidence, info.severity)
        for rule, info in rules.infos.items()
    }
    assert ["loud", "quiet"] == list(rules.sigma_for(form()).match(event({"A": "x"})))


def test_a_rule_without_a_name_or_level_goes_by_its_file(tmp_path: Path) -> None:
    text = yaml.safe_dump(
        {"title": "T", "logsource": HTTPPROXY, "detection": {"s": {"A": "x"}, "condition": "s"}}
    )
    paths = [write(tmp_path, "one/same.yml", text), write(tmp_path, "two/same.yml", text)]
    rules = load_rules([], user_sigma=paths)
    assert ["same", "same-2"] == list(rules.infos)
    assert Severity.MEDIUM is rules.infos["same"].severity


def test_the_user_s_rule_does_not_take_the_place_of_ours(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yml", sigma("a", {"A": "y"}).text)
    rules = load_rules([pack(sigma("a", {"A": "x"}))], user_sigma=[path])
    assert ["a", "a-2"] == list(rules.infos)
    assert ["a"] == list(rules.sigma_for(form()).match(event({"A": "x"})))
    assert ["a-2"] == list(rules.sigma_for(form()).match(event({"A": "y"})))


def test_a_broken_rule_of_the_user_is_told_and_the_rest_go_on(tmp_path: Path) -> None:
    files = {
        "binary.yml": b"\xff\xfe\x00",
        "empty.yml": b"",
        "list.yml": b"- a\n- b\n",
        "not-yaml.yml": b"a: [",
        "no-detection.yml": b"title: T\nlogsource: {product: exchange}\n",
        "double.yml": b"title: T\ntitle: U\n",
        "odd.yml": b"title: T\nlogsource: 5\ndetection: [1]\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    write(tmp_path, "good.yml", sigma("good", {"A": "x"}).text)
    missing = tmp_path / "missing.yml"

    rules = load_rules([], user_sigma=[tmp_path, missing])

    assert ["good"] == list(rules.infos)
    failed = {one.file: one.reason for one in rules.failed}
    assert {*(str(tmp_path / name) for name in files), str(missing)} == set(failed)
    assert "is not UTF-8" == failed[str(tmp_path / "binary.yml")]
    assert "holds no rule" == failed[str(tmp_path / "empty.yml")]
    assert "No such file or directory" == failed[str(missing)]
    assert "Duplicate key 'title'" in failed[str(tmp_path / "double.yml")]


def test_correlations_are_leads_and_the_rules_that_they_stand_on_keep_quiet(
    tmp_path: Path,
) -> None:
    base = sigma("base", {"A": "x"}, id="11111111-1111-4111-8111-111111111111").text
    other = sigma("other", {"A": "x"}).text
    correlation = yaml.safe_dump(
        {
            "title": "Many",
            "name": "many",
            "correlation": {
                "type": "event_count",
                "rules": ["11111111-1111-4111-8111-111111111111"],
                "group-by": ["A"],
                "timespan": "5m",
                "condition": {"gte": 10},
            },
        }
    )
    path = write(tmp_path, "many.yml", f"{base}\n---\n{correlation}\n---\n{other}")

    rules = load_rules([], user_sigma=[path])

    assert () == rules.failed
    assert ["base", "other", "many"] == list(rules.infos)
    assert {"base"} == rules.correlations.silent
    assert RuleKind.LEAD is rules.infos["many"].kind


def test_filters_of_the_user_change_the_user_s_rules_only(tmp_path: Path) -> None:
    write(tmp_path, "lead.yml", sigma("lead", {"A": "x"}).text)
    write(
        tmp_path,
        "filter.yml",
        yaml.safe_dump(
            {
                "title": "F",
                "logsource": HTTPPROXY,
                "filter": {"rules": "any", "s": {"B": "known"}, "condition": "not s"},
            }
        ),
    )
    rules = load_rules([pack(sigma("ours", {"A": "x"}))], user_sigma=[tmp_path])
    asked = rules.sigma_for(form())
    assert ["ours", "lead"] == list(asked.match(event({"A": "x"})))
    assert ["ours"] == list(asked.match(event({"A": "x", "B": "known"})))


def test_content_is_shown_to_all_yara_rules_in_rule_order() -> None:
    rules = load_rules(
        [
            pack(
                yara_files=(
                    yara("b", 'strings: $a = "needle" condition: $a'),
                    yara("a", "condition: filesize < 10MB"),
                    yara("c", "condition: filesize > 10MB"),
                )
            )
        ]
    )
    assert ["b", "a"] == list(rules.yara_match(b"hay needle hay", PAGE))
    assert ["a"] == list(rules.yara_match(b"", PAGE))


@pytest.mark.parametrize(
    "condition",
    [
        'filename == "page.aspx"',
        'filepath icontains "\\\\inetpub\\\\wwwroot\\\\"',
        'extension == ".aspx"',
        'filetype == "" and owner == "" and md5 == "9dd4e461268c8034f5c8564e155c67a6"',
    ],
)
def test_yara_rules_may_ask_for_the_file(condition: str) -> None:
    rules = load_rules([pack(yara_files=(yara("a", f"condition: {condition}"),))])
    assert ["a"] == list(rules.yara_match(b"x", PAGE))
    strange = EvidencePath.plain("C:/\udcff/\udcff.\udcff")
    assert [] == list(rules.yara_match(b"x", strange)) or "filetype" in condition


def test_the_user_s_yara_rules_are_leads_and_broken_files_are_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        "many.yar",
        'private rule helper { condition: true } rule same { meta: description = "Known"'
        " condition: helper } rule ours { condition: true }",
    )
    write(tmp_path, "again.yara", "rule same { condition: true }")
    write(tmp_path, "broken.yar", "rule x { condition: nothing } rule good { condition: true }")
    write(tmp_path, "syntax.yar", "rule x { condition: } rule fair { condition: true }")
    write(tmp_path, "include.yar", 'include "many.yar"')

    rules = load_rules([pack(yara_files=(yara("ours"),))], user_yara=[tmp_path])

    assert ["broken.yar", "syntax.yar"] == [one.file.rsplit("/", 1)[-1] for one in rules.failed]
    for one, reason in zip(
        rules.failed,
        ("line 1: unknown identifier `nothing`", "line 1: syntax error"),
        strict=True,
    ):
        assert reason in one.reason
    assert ["ours", "same", "good", "same-2", "ours-2", "fair"] == list(
        rules.yara_match(b"x", PAGE)
    )
    assert "Known" == rules.infos["same-2"].title
    assert RuleKind.LEAD is rules.infos["same"].kind


def test_without_rules_nothing_matches() -> None:
    rules = load_rules([])
    assert [] == list(rules.yara_match(b"x", PAGE))
    assert [] == list(rules.sigma_for(form()).match(event({"A": "x"})))


def test_rules_are_told_that_nothing_here_can_serve() -> None:
    rules = load_rules(
        [
            pack(
                sigma("proxy", {"A": "x"}),
                sigma("linux", {"A": "x"}, logsource={"product": "linux"}),
                sigma("iis", {"A": "x"}, logsource={"category": "webserver"}),
                yara_files=(yara("page"),),
            )
        ]
    )
    assert ["linux", "iis", "page"] == list(rules.not_applicable({"httpproxy"}))
    shown = [Shown(documents=1)]
    assert ["linux", "iis"] == list(rules.not_applicable({"httpproxy"}, shown))
    assert ["proxy", "linux", "page"] == list(rules.not_applicable({"iis", "no-such-format"}))
    assert ["proxy", "linux", "iis", "page"] == list(rules.not_applicable(set()))


def test_rules_are_told_whose_fields_no_event_had() -> None:
    rules = load_rules(
        [
            pack(
                sigma("both", {"A": "x", "B": "y"}),
                sigma("odd", {"A": "x", "Never": "y"}),
                sigma("keyword", {"s": ["x"], "condition": "s"}),
                sigma("unasked", {"Never": "x"}, logsource={"product": "linux"}),
            )
        ]
    )
    seen = Seen()
    asked = rules.sigma_for(form())
    asked.match(event({"A": "1"}), seen)
    assert ["both", "odd"] == list(rules.fields_never_seen(seen))
    asked.match(event({"B": "1"}), seen)
    assert ["odd"] == list(rules.fields_never_seen(seen))
