"""Documentation that can fail: what exists is looked up in the pages that claim to list it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tocsin.model.grade import Assurance, Grade, Level
from tocsin.model.problem import ProblemCode

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_the_tree_on_the_architecture_page_is_the_tree_on_disk() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    tree = page.partition("src/tocsin/\n")[2].partition("```")[0]
    drawn = set(re.findall(r"^  ([a-z_]+(?:/|\.py))", tree, flags=re.MULTILINE))

    assert top_level() == drawn


def test_every_module_on_the_architecture_page_exists() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## Inside events and matching\n")[2].partition("\n## ")[0]
    named = []
    for row in re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE):
        first, *others = re.findall(r"`(.*?)`", row)
        folder = first.rpartition("/")[0]
        # After the first, a name alone stands in the same folder.
        named += [first, *(one if "/" in one else f"{folder}/{one}" for one in others)]

    assert named
    assert [] == [one for one in named if not (ROOT / "src" / "tocsin" / one).exists()]


def test_the_apps_of_the_desk_stand_in_the_order_of_their_layers() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## Inside the desk\n")[2].partition("\n## ")[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one.get("id") == "desk-layers")

    assert re.findall(r"\w+", " ".join(layers)) == re.findall(r"^\| `(\w+)", table, re.MULTILINE)


def top_level() -> set[str]:
    source = ROOT / "src" / "tocsin"
    packages = {f"{path.parent.name}/" for path in source.glob("*/__init__.py")}
    modules = {path.name for path in source.glob("*.py") if not path.name.startswith("_")}
    return packages | modules


def test_every_make_target_is_explained_in_help_and_in_the_reference() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split())
    in_help = set(re.findall(r"^([a-z-]+):.*## \S", makefile, flags=re.MULTILINE))
    page = (DOCS / "reference" / "make.md").read_text(encoding="utf-8")
    in_reference = set(re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE))

    assert targets == in_help
    assert targets == in_reference


def test_every_place_that_a_recipe_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:src|tests|docs)/[\w./-]*\w(?=[`/ ])", text))
    assert len(named) > 10
    assert set() == {name for name in named if not (ROOT / name).exists()}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("problems.md", set(ProblemCode)),
        ("verdicts.md", {*Level, *Assurance, *Grade}),
    ],
)
def test_the_reference_lists_every_word_that_scripts_may_see(page: str, words: set[str]) -> None:
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    assert words == set(re.findall(r"^\| `([a-z_]+)` \|", text, flags=re.MULTILINE))


def test_the_reference_has_a_section_for_every_command() -> None:
    page = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    commands = {
        path.stem.replace("_", "-")
        for path in (ROOT / "src" / "tocsin" / "cli" / "commands").glob("*.py")
        if not path.name.startswith("_")
    }
    assert commands <= set(re.findall(r"^## `tocsin ([a-z-]+)`$", page, flags=re.MULTILINE))


def test_decisions_are_numbered_without_gaps_and_keep_their_headings() -> None:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    assert [f"{n:04}" for n in range(1, len(pages) + 1)] == [page.name[:4] for page in pages]
    for page in pages:
        headings = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert ["Context", "Decision", "Consequences"] == headings, page.name
