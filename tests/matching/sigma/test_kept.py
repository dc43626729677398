"""Rules from the cache: the same rules and the same failures, whatever lies in the folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.rule_sets import HTTPPROXY, pack, sigma
from tocsin.errors import KnowledgeError
from tocsin.knowledge.packs import all_packs
from tocsin.matching.cache import RuleCache, key_of
from tocsin.matching.sigma import kept, plain, prepare
from tocsin.matching.sigma.document import SigmaFile
from tocsin.matching.sigma.load import SigmaRules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.knowledge.packs import Pack

BASE = "11111111-1111-4111-8111-111111111111"


def text_of(detection: Mapping[str, object], **more: object) -> str:
    return sigma("a", detection, **more).text


def other(title: str, **content: object) -> str:
    return yaml.safe_dump({"title": title, "logsource": HTTPPROXY, **content})


ODD = {
    "binary.yml": "\ufeffnot: [yaml",
    "empty.yml": "",
    "double.yml": "title: T\ntitle: U\n",
    "deep.yml": "[" * 600,
    "half.yml": text_of({"A": "x"}) + "---\n" + text_of({"s": {"A": "x"}, "condition": "t"}),
    "pattern.yml": text_of({"A|re": "("}),
    "endless.yml": text_of({"A|re": "(?=x)(a+)+$"}),
    "placeholder.yml": text_of({"A|expand": "%x%"}),
    "large.yml": text_of({"A": 10**30, "B|gt": 2.5, "C": float("inf")}),
    "half-a-pair.yml": text_of({"A": "x"}).replace("A: x", 'A: "\\ud800"'),
    "many.yml": text_of({"A|re|i": "x+", "B|cidr": "10.0.0.0/8", "C": None, "D|exists": False}),
    "nul.yml": text_of({"A": ["a*?b", True, 5], "B|fieldref": "C", "D|hour": 3, "E|cased": "X"}),
    "endless-correlation.yml": "correlation: &a {x: *a}\n",
    "too-much.yml": "\n".join(
        [
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
            *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
            "correlation: {type: event_count, rules: *a8}",
        ]
    ),
    "base.yml": sigma("base", {"A": "y"}, id=BASE).text,
    "dated.yml": other(
        "Many",
        date="2026-01-01",
        correlation={"type": "event_count", "rules": [BASE], "timespan": "5m"},
    ),
    "filter.yml": other(
        "F", filter={"rules": ["base", BASE], "s": {"B": "known"}, "condition": "not s"}
    ),
    "filter-broken.yml": other(
        "F", filter={"rules": "any", "s": {"B": "known"}, "condition": "not t"}
    ),
}


@pytest.fixture
def cache(tmp_path: Path) -> RuleCache:
    return RuleCache(folder=tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of odd files, and two paths that cannot be read."""
    found = tmp_path / "rules"
    found.mkdir()
    for name, text in ODD.items():
        (found / name).write_text(text, encoding="utf-8")
    (found / "latin.yml").write_bytes(b"title: \xff")
    return found


def loaded(
    paths: list[Path], cache: RuleCache | None = None, packs: tuple[Pack, ...] = ()
) -> dict[str, object]:
    """All that loading says, in a form that can be compared."""
    rules = SigmaRules(cache=cache)
    for one in packs:
        rules.add_pack(one)
    rules.add_users(paths)
    return {
        "entries": [(one.id, one.log_source, one.node, one.fields) for one in rules.entries],
        "infos": list(rules.infos.items()),
        "failed": rules.failed,
    }


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are prepared from here on, in a list that grows."""
    seen: list[str] = []

    def noting(text: str) -> SigmaFile:
        seen.append(text)
        return untouched(text)

    untouched = prepare.prepare
    monkeypatch.setattr(prepare, "prepare", noting)
    return seen


def test_a_second_start_says_the_same_as_the_first(
    folder: Path, cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [folder, folder / "missing.yml"]
    without = loaded(paths, None, all_packs())
    assert without == loaded(paths, cache, all_packs())
    prepared = watched(monkeypatch)
    assert without == loaded(paths, cache, all_packs())
    assert [] == prepared


def test_only_what_changed_is_prepared_again(
    folder: Path, cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded([folder], cache)
    changed = text_of({"A": "another"})
    (folder / "many.yml").write_text(changed, encoding="utf-8")
    (folder / "nul.yml").unlink()
    (folder / "base.yml").rename(folder / "moved.yml")

    prepared = watched(monkeypatch)
    again = loaded([folder], cache)
    assert [changed] == prepared
    assert loaded([folder]) == again
    prepared.clear()
    assert again == loaded([folder], cache)
    assert [] == prepared


def test_a_broken_rule_of_ours_stops_a_warm_start_too(cache: RuleCache) -> None:
    broken = pack(sigma("a", {"A": "x"}), sigma("b", {"s": {"A": "x"}, "condition": "t"}))
    said = []
    for _ in range(2):
        with pytest.raises(KnowledgeError) as raised:
            loaded([], cache, (broken,))
        said.append(str(raised.value))
    assert ["pack/sigma/b.yml: the condition names 't', which is missing"] * 2 == said


def test_the_same_file_may_be_ours_and_the_user_s(cache: RuleCache, tmp_path: Path) -> None:
    lead = tmp_path / "a.yml"
    lead.write_text(yaml.safe_dump(yaml.safe_load(text_of({"A": "x"})) | {"tocsin": {}}))
    loaded([lead], cache)
    assert loaded([lead]) == loaded([lead], cache)
    ours = pack(type(all_packs()[0].sigma[0])(path="pack/sigma/a.yml", text=lead.read_text()))
    with pytest.raises(KnowledgeError, match=r"tocsin\.grade and tocsin\.confidence"):
        loaded([], cache, (ours,))


HOSTILE = {
    "nothing": b"",
    "no map": msgspec.msgpack.encode([1]),
    "a map of numbers": msgspec.msgpack.encode({"a": 1}),
    "deep": b"\x91" * 200_000,
    "as long as it says": b"\xdf\xff\xff\xff\xff",
    "long text": b"\x81\xdb\xff\xff\xff\xff",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_blob_of_something_else_is_made_anew(
    folder: Path, cache: RuleCache, content: bytes
) -> None:
    key = key_of(kept.makers(), f"path {folder.absolute()}")
    cache.store(key, content)
    assert loaded([folder]) == loaded([folder], cache)
    assert cache.load(key) != content


ENTRIES = {
    "nothing": b"",
    "no map": msgspec.msgpack.encode([1]),
    "unknown key": msgspec.msgpack.encode({"documents": [], "other": 1}),
    "deep": b"\x82\xa9documents\x90\xa6failed" + b"\x91" * 200_000,
    "endless": b"\x81\xa9documents\xdd\xff\xff\xff\xff",
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_an_entry_of_something_else_is_made_anew(
    folder: Path, cache: RuleCache, entry: bytes
) -> None:
    key = key_of(kept.makers(), f"path {folder.absolute()}")
    loaded([folder], cache)
    entries = msgspec.msgpack.decode(cache.load(key) or b"", type=dict[str, bytes])
    cache.store(key, msgspec.msgpack.encode(dict.fromkeys(entries, entry)))
    assert loaded([folder]) == loaded([folder], cache)
    assert entries == msgspec.msgpack.decode(cache.load(key) or b"", type=dict[str, bytes])


@given(st.binary(max_size=200), st.data())
def test_no_bytes_in_place_of_an_entry_can_stop_a_start(junk: bytes, data: st.DataObject) -> None:
    text = ODD["nul.yml"]
    packed = kept.to_bytes(prepare.prepare(text))
    assert packed is not None
    place = data.draw(st.integers(0, len(packed)))
    for damaged in (junk, packed[:place] + junk, packed[:place] + junk + packed[place:]):
        found = kept.from_bytes(damaged)
        assert found is None or isinstance(found, SigmaFile)


def test_what_message_pack_cannot_say_is_not_kept() -> None:
    number = plain.Number(10**30)
    condition = plain.Condition(node=plain.FieldIs("A", (number,)), fields=frozenset({"A"}))
    (rule,) = prepare.prepare(text_of({"A": 1})).documents
    whole = SigmaFile(documents=(msgspec.structs.replace(rule, condition=condition),))
    assert kept.to_bytes(whole) is None


def cases() -> list[dict[str, Any]]:
    table = Path(__file__).with_name("conformance.yml").read_text(encoding="utf-8")
    return [one for one in yaml.safe_load(table) if "rule" in one or "detection" in one]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["says"])
def test_what_a_rule_means_comes_back_as_it_was(case: dict[str, Any]) -> None:
    file = prepare.prepare(text_of(case.get("detection") or case["rule"]))
    packed = kept.to_bytes(file)
    assert packed is None or file == kept.from_bytes(packed)
    assert packed == kept.to_bytes(file)


WARM = """
import sys
from pathlib import Path
from tocsin.knowledge.packs import all_packs
from tocsin.matching.cache import RuleCache
from tocsin.matching.rules import load_rules
rules = load_rules(all_packs(), user_sigma=[Path(sys.argv[1])], cache=RuleCache(folder=Path(sys.argv[2])))
print(len(rules.infos), sorted({"sigma", "yaml", "pyparsing"} & sys.modules.keys()))
"""


def test_a_warm_start_does_not_import_pysigma() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.yml")
        path.write_text(text_of({"A|re": "x"}), encoding="utf-8")
        said = [
            subprocess.run(
                [sys.executable, "-c", WARM, str(path), str(Path(folder, "cache"))],
                capture_output=True,
                check=True,
                text=True,
            ).stdout.split(maxsplit=1)
            for _ in range(2)
        ]
    assert "['pyparsing', 'sigma', 'yaml']\n" == said[0][1]
    assert [said[0][0], "[]\n"] == said[1]
