"""What must hold for every file of the repository."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Put together here, so that this file does not name them itself.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
)
EXCEPTION = re.compile(r"#\s*(?:noqa\b:?\s*[A-Z0-9, ]*|type:\s*ignore(?:\[[^\]]*\])?)(?P<rest>.*)")


@cache
def committed_files() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def committed(pattern: str) -> list[Path]:
    return [path for path in committed_files() if path.match(pattern)]


def test_no_committed_file_names_a_package_registry() -> None:
    """Some install from a mirror inside a closed network; no file of ours decides from where."""
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in committed_files()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert [] == named


def test_no_source_is_a_page_that_only_its_authors_can_open() -> None:
    """A fact cites its publisher: whoever reads the repository must be able to check it."""
    unpublished = re.compile(
        r"\b(?:domain|team's) page\b|\bshared/(?:domain|design)/", re.IGNORECASE
    )
    cited = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for folder in ("src", "docs", "bench")
        for path in committed_files()
        if path.is_relative_to(ROOT / folder) and path.suffix in {".py", ".toml", ".yml", ".md"}
        if (found := unpublished.search(" ".join(path.read_text(encoding="utf-8").split())))
    ]
    assert [] == cited


def test_every_exception_to_a_rule_has_its_reason_in_the_same_line() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in committed("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := EXCEPTION.search(line))
        and not found["rest"].strip(" #-–:")
        and path != Path(__file__)
    ]
    assert [] == bare


def test_every_ignored_lint_rule_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = text.partition("[tool.ruff.lint]")[2].partition("[tool.ruff.lint.pydocstyle]")[0]
    bare = [
        line
        for line in settings.splitlines()
        if re.search(r'"[A-Z]+[0-9]*"', line) and "ALL" not in line and "#" not in line
    ]
    assert [] == bare


def test_users_install_the_versions_that_were_tested() -> None:
    runtime, dev = pins("runtime"), pins("dev")
    assert runtime == {name: dev.get(name) for name in runtime}


@pytest.mark.parametrize("name", ["runtime", "dev", "uv"])
def test_every_pinned_package_carries_a_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert [] == [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\S+)==(\S+)", text, flags=re.MULTILINE))


def test_the_story_is_short_enough_to_be_read_first() -> None:
    assert len((ROOT / "src/tocsin/hunt.py").read_text(encoding="utf-8").splitlines()) < 120


def test_every_news_fragment_is_of_a_known_kind() -> None:
    kinds = {"added", "changed", "fixed", "security", "knowledge"}
    odd = [
        path.name
        for path in committed("changelog.d/*.md")
        if path.name != "README.md" and path.name.split(".")[1] not in kinds
    ]
    assert [] == odd


def test_there_is_no_package_for_leftovers() -> None:
    leftovers = {"utils", "util", "helpers", "common", "misc"}
    assert [] == [path for path in committed("*.py") if leftovers & {path.stem, *path.parts}]
