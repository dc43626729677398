"""The user's rule folders: what is read, and what a hostile one cannot have read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.matching.yara import gather as gathering
from tocsin.matching.yara.gather import DEPTH, Gathered, gather
from tocsin.model.result import RuleFailure

RULE = "rule {} {{ condition: true }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for rules, with a secret beside it."""
    (tmp_path / "secret.yar").write_text("root:secret:0:0\n", encoding="utf-8")
    given = tmp_path / "rules"
    given.mkdir()
    return given


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def shape(gathered: Gathered, folder: Path) -> dict[str, list[str]]:
    """The rules of each unit, in order, each with the file where it stands."""
    return {
        os.path.relpath(unit.file, folder): [
            f"{os.path.relpath(file, folder)}:{name}" for name, file in unit.origins.items()
        ]
        for unit in gathered.units
    }


def failures(gathered: Gathered, folder: Path) -> list[tuple[str, str]]:
    return [(os.path.relpath(one.file, folder), one.reason) for one in gathered.failed]


def test_every_rule_file_of_a_folder_is_read_and_no_other(folder: Path) -> None:
    write(
        folder,
        {
            "a.yar": RULE.format("a"),
            "deep/er/b.YARA": RULE.format("b"),
            "c.rules": RULE.format("c"),
            "readme.txt": "no rule",
            "notes.yml": "no: rule",
        },
    )
    found = gather([folder])
    assert {
        "a.yar": ["a.yar:a"],
        "c.rules": ["c.rules:c"],
        "deep/er/b.YARA": ["deep/er/b.YARA:b"],
    } == shape(found, folder)
    assert () == found.failed


def test_an_include_stands_where_it_is_and_its_file_is_not_loaded_once_more(folder: Path) -> None:
    write(
        folder,
        {
            "index.yar": RULE.format("before")
            + 'include "parts/one.yar"\n'
            + RULE.format("after")
            + "include 'no'\n",
            "parts/one.yar": 'include "../two.inc"\n' + RULE.format("one"),
            "two.inc": RULE.format("two"),
        },
    )
    found = gather([folder])
    assert {
        "index.yar": ["index.yar:before", "two.inc:two", "parts/one.yar:one", "index.yar:after"]
    } == shape(found, folder)
    places = [(os.path.relpath(one.file, folder), one.line) for one in found.units[0].pieces]
    assert [("index.yar", 1), ("two.inc", 1), ("parts/one.yar", 1), ("index.yar", 2)] == places


def test_a_file_that_is_named_is_loaded_even_if_another_includes_it(folder: Path) -> None:
    write(folder, {"a.yar": 'include "b.yar"', "b.yar": RULE.format("b")})
    found = gather([folder, folder / "b.yar"])
    assert {"a.yar": ["b.yar:b"], "b.yar": ["b.yar:b"]} == shape(found, folder)


def test_a_file_that_is_included_twice_counts_once(folder: Path) -> None:
    write(
        folder,
        {
            "a.yar": 'include "b.yar" include "c.yar"',
            "b.yar": 'include "c.yar" ' + RULE.format("b"),
            "c.yar": RULE.format("c"),
        },
    )
    found = gather([folder])
    assert {"a.yar": ["c.yar:c", "b.yar:b"]} == shape(found, folder)
    assert () == found.failed


def test_a_missing_include_is_told_with_its_line_and_the_rest_goes_on(folder: Path) -> None:
    long = "a" * 5000
    includes = f'\n\ninclude "no/such.yar"\ninclude "{long}"\n'
    write(folder, {"a.yar": includes + RULE.format("a")})
    found = gather([folder])
    assert {"a.yar": ["a.yar:a"]} == shape(found, folder)
    assert [
        ("a.yar", "line 3: include 'no/such.yar': there is no such file"),
        ("a.yar", f"line 4: include '{long[:200]}': there is no such file"),
    ] == failures(found, folder)


def test_files_that_include_one_another_are_told_and_all_their_rules_are_read(
    folder: Path,
) -> None:
    write(
        folder,
        {
            "a.yar": 'include "b.yar"\n' + RULE.format("a"),
            "b.yar": 'include "a.yar"\n' + RULE.format("b"),
            "self.yar": 'include "self.yar"\n' + RULE.format("s"),
        },
    )
    found = gather([folder])
    assert {"self.yar": ["self.yar:s"], "a.yar": ["b.yar:b", "a.yar:a"]} == shape(found, folder)
    reason = "line 1: include {!r} makes the file include itself; it is not followed"
    assert [
        ("self.yar", reason.format("self.yar")),
        ("b.yar", reason.format("a.yar")),
    ] == failures(found, folder)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.yar",
        "..\\\\secret.yar",
        "deep/../../secret.yar",
        "/etc/passwd",
        "link.inc",
        "ring",
        "linked/secret.yar",
        "../no-such-file.yar",
        "/proc/self/environ",
    ],
)
def test_no_include_leads_out_of_the_folder(folder: Path, path: str) -> None:
    (folder / "link.inc").symlink_to(folder.parent / "secret.yar")
    (folder / "linked").symlink_to(folder.parent)
    (folder / "ring").symlink_to(folder / "ring")
    write(folder, {"a.yar": f'include "{path}"\n' + RULE.format("a")})
    found = gather([folder])
    assert {"a.yar": ["a.yar:a"]} == shape(found, folder)
    ((file, reason),) = failures(found, folder)
    assert "a.yar" == file
    assert reason.endswith("leads out of the folders that were given; it is not followed")
    assert "secret:0" not in str(found)


def test_a_link_in_the_folder_that_leads_out_of_it_is_not_followed(folder: Path) -> None:
    (folder / "evil.yar").symlink_to(folder.parent / "secret.yar")
    (folder / "good.yar").write_text(RULE.format("a"), encoding="utf-8")
    (folder / "twin.yar").symlink_to(folder / "good.yar")
    found = gather([folder])
    assert ["good.yar:a"] == shape(found, folder)["good.yar"]
    assert [
        ("evil.yar", "is a link that leads out of the folder; it is not followed")
    ] == failures(found, folder)
    assert "secret:0" not in str(found)


def test_a_folder_may_include_what_lies_in_another_folder_that_was_given(folder: Path) -> None:
    other = folder.parent / "other"
    write(folder, {"a.yar": 'include "../other/b.inc"'})
    write(other, {"b.inc": RULE.format("b")})
    assert {"a.yar": ["../other/b.inc:b"]} == shape(gather([folder, other]), folder)


def test_a_file_that_is_named_may_include_its_neighbours(folder: Path) -> None:
    write(folder, {"a.txt": 'include "b.inc" include "../secret.yar"', "b.inc": RULE.format("b")})
    found = gather([folder / "a.txt"])
    assert {"a.txt": ["b.inc:b"]} == shape(found, folder)
    assert 1 == len(found.failed)


def test_a_pipe_in_the_folder_is_no_file_and_nobody_waits_for_it(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yar")
    write(folder, {"a.yar": 'include "pipe.yar"'})
    assert [("a.yar", "line 1: include 'pipe.yar': there is no such file")] == failures(
        gather([folder]), folder
    )


def test_a_long_row_of_includes_comes_to_an_end(folder: Path) -> None:
    write(
        folder,
        {f"{number:02}.yar": f'include "{number + 1:02}.yar"' for number in range(DEPTH + 5)},
    )
    found = gather([folder])
    reasons = [reason for _, reason in failures(found, folder)]
    assert (
        f"line 1: include '{DEPTH:02}.yar' is more than {DEPTH} files deep; it is not followed"
        in reasons
    )


def test_there_is_an_end_to_how_much_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "FILES", 2)
    monkeypatch.setattr(gathering, "RULE_BYTES", 100)
    monkeypatch.setattr(gathering, "WORDS", 2)
    many = RULE.format("b1") + RULE.format("b2")
    write(folder, {"a.yar": RULE.format("a") + " " * 50, "b.yar": many})
    assert [("b.yar", "was left out: more than 0 MiB of rules in all")] == failures(
        gather([folder]), folder
    )
    write(folder, {"a.yar": RULE.format("a")})
    assert [("b.yar", "line 2: too many rules and includes")] == failures(gather([folder]), folder)
    write(folder, {"b.yar": RULE.format("b"), "c.yar": ""})
    assert [("c.yar", "was left out: more than 2 files, includes counted")] == failures(
        gather([folder]), folder
    )


def test_a_name_that_is_no_text_and_a_file_that_is_none_are_told(folder: Path) -> None:
    strange = os.fsencode(folder) + b"/\xff.yar"
    Path(os.fsdecode(strange)).write_bytes(b"rule a {}\n\xff")
    assert (RuleFailure(file=f"{folder}/\ufffd.yar", reason="line 2: is not UTF-8"),) == gather(
        [folder]
    ).failed


def test_without_paths_there_is_nothing() -> None:
    assert Gathered(units=(), failed=()) == gather([])
