"""Which files are shown to YARA, how much of each, and how what it finds there is cited."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from tests.matching.rule_sets import pack, yara
from tests.matching.yara.yara_sets import SLOW, write
from tocsin.events.format import all_formats
from tocsin.evidence.open import open_collection
from tocsin.matching import content
from tocsin.matching.accounting import count_rules
from tocsin.matching.content import ContentPlan, Scope, Shown, look
from tocsin.matching.match import Match
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.reading import Reading
    from tocsin.matching.rules import RuleSet
    from tocsin.model.artefact import FileTime

NEEDLE = 'strings: $a = "needle" condition: $a'
ALL = ContentPlan(scope=Scope.ALL)
PAGE = "inetpub/wwwroot/aspnet_client/page.aspx"
LOG = "inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A page, a log and a file of no format, each with the needle on its third line."""
    folder = tmp_path / "server"
    lines = b"one\ntwo\nthe needle here\n"
    for name, data in {
        PAGE: lines,
        LOG: all_formats()["iis"].sample + b"#Remark: needle\r\n",
        "Users/x/tool.bin": b"MZ" + lines,
    }.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    """One rule of ours and one of the user's; both find the needle."""
    (tmp_path / "rules").mkdir()
    user = write(tmp_path / "rules", mine=f"rule mine {{ {NEEDLE} }}")
    return load_rules([pack(yara_files=(yara("ours", NEEDLE),))], user_yara=[user])


def reading(folder: Path, rules: RuleSet, plan: ContentPlan) -> Reading:
    with open_collection(folder) as collection:
        return Readers(collection, rules, [], Options(content=plan)).read(SilentProgress())


def where(found: Reading) -> list[tuple[str, str]]:
    return sorted((one.artefact.path.inside, one.rule) for one in found.matches)


def told(found: Reading) -> list[tuple[str, ProblemCode, str]]:
    return [(one.artefact, one.code, one.detail) for one in found.problems.taken()]


def test_what_the_server_runs_is_shown_to_all_rules(server: Path, rules: RuleSet) -> None:
    found = reading(server, rules, ContentPlan())
    assert [(PAGE, "mine"), (PAGE, "ours")] == where(found)
    assert Shown(documents=1, others=0) == found.shown


def test_on_request_everything_is_shown_to_the_user_s_rules_alone(
    server: Path, rules: RuleSet
) -> None:
    found = reading(server, rules, ALL)
    assert [
        ("Users/x/tool.bin", "mine"),
        (LOG, "mine"),
        (PAGE, "mine"),
        (PAGE, "ours"),
    ] == where(found)
    assert Shown(documents=1, others=2) == found.shown


def test_without_rules_of_the_user_nothing_more_is_read(server: Path) -> None:
    rules = load_rules([pack(yara_files=(yara("ours", NEEDLE),))])
    assert Shown(documents=1) == reading(server, rules, ALL).shown


def test_a_match_in_a_document_is_cited_at_its_row_with_what_was_found(
    server: Path, rules: RuleSet
) -> None:
    match = next(one for one in reading(server, rules, ALL).matches if one.rule == "ours")
    assert ("web_file", 0) == (match.kind, match.place)
    assert match.text.startswith(PAGE)
    assert match.text.endswith("; $a at byte 12: the needle here")
    assert PAGE == match.values["file_path"]


def test_a_match_in_any_other_file_is_cited_by_its_offset(server: Path, rules: RuleSet) -> None:
    matches = {one.artefact.path.inside: one for one in reading(server, rules, ALL).matches}
    match = matches["Users/x/tool.bin"]
    assert (
        Match(
            rule="mine",
            artefact=match.artefact,
            kind="file",
            time=None,
            place=14,
            values={"file_path": "Users/x/tool.bin"},
            text="Users/x/tool.bin, 26 bytes; $a at byte 14: the needle here",
        )
        == match
    )
    data = (server / LOG).read_bytes()
    assert data.index(b"needle") == matches[LOG].place


def test_a_damaged_document_is_looked_into_too(tmp_path: Path, rules: RuleSet) -> None:
    hive = tmp_path / "server/Windows/System32/config/SOFTWARE"
    hive.parent.mkdir(parents=True)
    hive.write_bytes(b"regf, and then nothing but a needle")
    found = reading(tmp_path / "server", rules, ContentPlan())
    assert [ProblemCode.BAD_DOCUMENT] == [code for _, code, _ in told(found)]
    assert [("file", "mine", 29), ("file", "ours", 29)] == sorted(
        (one.kind, one.rule, one.place) for one in found.matches
    )


def test_of_a_large_file_the_first_part_is_shown_and_that_is_told(
    server: Path, rules: RuleSet
) -> None:
    (server / PAGE).write_bytes(b"x" * 100 + b"needle")
    found = reading(server, rules, ContentPlan(size_bytes=100))
    assert [] == where(found)
    detail = "only the first 100 bytes were shown to YARA"
    assert [(PAGE, ProblemCode.TOO_LARGE, detail)] == told(found)
    assert [] == told(reading(server, rules, ContentPlan(size_bytes=106)))


def test_a_file_that_takes_too_long_is_told_by_name_and_the_others_go_on(
    server: Path, tmp_path: Path
) -> None:
    (server / "big.bin").write_bytes(b"a" * 4 * 2**20)
    user = write(tmp_path, slow=SLOW, mine=f"rule mine {{ {NEEDLE} }}")
    rules = load_rules([], user_yara=[user])
    found = reading(server, rules, ContentPlan(scope=Scope.ALL, seconds=1))
    assert [("Users/x/tool.bin", "mine"), (LOG, "mine"), (PAGE, "mine")] == where(found)
    ((path, code, detail),) = told(found)
    assert ("big.bin", ProblemCode.TOO_SLOW) == (path, code)
    assert detail.startswith("YARA was cut short after 1 s")
    assert "slow.yar, line 1" in detail


def test_after_many_slow_files_each_further_one_gets_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "SLOW_FILES", 1)
    rules = load_rules([], user_yara=[write(tmp_path, slow=SLOW)])
    plan = ContentPlan(scope=Scope.ALL, seconds=2)
    shown = Shown()
    big = _InMemory(data=b"a" * 4 * 2**20)
    looked = [look(big, None, None, rules=rules, plan=plan, shown=shown) for _ in range(2)]
    details = [one.problems[0].detail for one in looked]
    assert ["YARA was cut short after 2 s", "YARA was cut short after 1 s"] == [
        one.partition(",")[0] for one in details
    ]
    assert Shown(others=2, cut_short=2) == shown


def test_what_comes_before_damage_is_shown(rules: RuleSet) -> None:
    damaged = _InMemory(data=b"a needle and", fails=True)
    looked = look(damaged, None, None, rules=rules, plan=ALL, shown=Shown())
    assert ["mine"] == [one.rule for one in looked.matches]


def test_an_empty_file_is_shown_for_its_name_counts(tmp_path: Path) -> None:
    condition = 'filename == "a.bin" and filesize == 0'
    user = write(tmp_path, a=f"rule a {{ condition: {condition} }}")
    rules = load_rules([], user_yara=[user])
    looked = look(_InMemory(data=b""), None, None, rules=rules, plan=ALL, shown=Shown())
    assert [("a", 0, "a.bin, 0 bytes")] == [
        (one.rule, one.place, one.text) for one in looked.matches
    ]


@pytest.mark.parametrize(
    ("names", "scope", "not_applicable"),
    [((PAGE,), Scope.WEB, 0), ((LOG,), Scope.WEB, 2), ((LOG,), Scope.ALL, 1), ((), Scope.ALL, 2)],
)
def test_a_rule_that_was_shown_nothing_is_not_applicable(
    server: Path, rules: RuleSet, names: tuple[str, ...], scope: Scope, not_applicable: int
) -> None:
    for path in server.rglob("*"):
        if path.is_file() and path.relative_to(server).as_posix() not in names:
            path.unlink()
    found = reading(server, rules, ContentPlan(scope=scope))
    assert not_applicable == count_rules(rules, [found]).not_applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class _InMemory:
    """A file of a collection, which may fail at its end."""

    data: bytes
    fails: bool = False
    times: tuple[FileTime, ...] = ()
    has_random_access: bool = True

    @property
    def path(self) -> EvidencePath:
        return EvidencePath.plain("a.bin")

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def open(self) -> BinaryIO:
        return cast("BinaryIO", _Failing(self.data)) if self.fails else io.BytesIO(self.data)


class _Failing(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # a buffer is one
        if not self._data:
            raise OSError("damaged")
        part = self._data[: len(buffer)]
        self._data = self._data[len(part) :]
        buffer[: len(part)] = part
        return len(part)
