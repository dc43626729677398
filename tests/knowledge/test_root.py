"""Where facts are read from: one place for all loaders, and it can be switched."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.knowledge.bundles import knowledge_in
from tocsin import knowledge
from tocsin.errors import KnowledgeError
from tocsin.knowledge import root
from tocsin.knowledge.builds import all_builds, lookup
from tocsin.knowledge.loading import load_everything
from tocsin.knowledge.packs import all_packs
from tocsin.knowledge.root import BUILTIN, cached, data_root, using
from tocsin.knowledge.version import builtin_version, version_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = sorted(Path(knowledge.__file__).parent.glob("*.py"))


def test_facts_are_read_from_the_folder_in_use_and_never_from_an_earlier_answer(
    tmp_path: Path,
) -> None:
    other = knowledge_in(tmp_path / "k")
    table = other / "exchange" / "builds.csv"
    *lines, last = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    gone = last.split(",")
    before = len(all_builds())
    with using(other):
        assert before - 1 == len(all_builds())
        assert other == data_root()
        assert not [build for build in all_builds() if build.text in gone]
    assert before == len(all_builds())
    assert BUILTIN == data_root()


def test_the_folder_of_before_comes_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError), using(tmp_path):
        raise KnowledgeError("x")
    assert BUILTIN == data_root()


def test_answers_are_remembered_for_each_folder_apart(tmp_path: Path) -> None:
    asked = []

    @cached
    def load(name: str = "x") -> str:
        asked.append((data_root(), name))
        return name

    assert ["x", "x", "y"] == [load(), load(), load("y")]
    with using(tmp_path):
        load()
    assert [(BUILTIN, "x"), (BUILTIN, "y"), (tmp_path, "x")] == asked
    root._LOADERS.remove(load)
    assert lookup("15.1.2176.9") is lookup("15.1.2176.9")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_loader_keeps_what_it_read_from_another_folder(path: Path) -> None:
    """`functools.cache` and a path made at import go on answering after a switch."""
    if path.name == "root.py":
        return
    assert [] == list(wrong_in(ast.parse(path.read_text(encoding="utf-8"))))


def wrong_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="functools", names=names):
                yield from (one.name for one in names if one.name in {"cache", "lru_cache"})
            case ast.Name(id="__file__"):
                yield "__file__"
            case ast.BinOp(left=ast.Name(id="DATA")):
                yield "DATA / ..."


def test_the_version_is_that_of_the_newest_pack_or_what_the_manifest_says(tmp_path: Path) -> None:
    assert max(pack.about.updated for pack in all_packs()).isoformat() == version_in_use()
    assert builtin_version() == version_in_use()
    (tmp_path / "knowledge.toml").write_text(
        'version = "2030-01-02"\nminimum_tocsin = "0.1"\n[files]\n'
    )
    with using(tmp_path):
        assert "2030-01-02" == version_in_use()
        assert builtin_version() != version_in_use()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("exchange/builds.csv", b"build,nothing\n15.1.2.3,x\n"),
        ("exchange/builds.csv", b"\xff\xfe"),
        ("exchange/first_fixed.toml", b"[[update]]\nname = 1\n"),
        ("packs/proxylogon/pack.toml", b"slug = 'proxylogon'"),
    ],
)
def test_a_table_that_cannot_be_read_is_found_by_loading_everything(
    tmp_path: Path, file: str, content: bytes
) -> None:
    other = knowledge_in(tmp_path / "k")
    (other / file).write_bytes(content)
    with pytest.raises(KnowledgeError), using(other):
        load_everything()


def test_a_table_that_is_not_there_is_found_by_loading_everything(tmp_path: Path) -> None:
    other = knowledge_in(tmp_path / "k")
    (other / "exchange" / "builds.csv").unlink()
    with pytest.raises(KnowledgeError, match=r"builds\.csv"), using(other):
        load_everything()
