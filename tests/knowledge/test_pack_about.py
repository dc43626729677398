"""`pack.toml` and `changes.toml`: what fits its type and yet cannot be used is said with its key."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge.packs import DATA, ChangeKind, read_pack


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(copytree(DATA / "packs" / "proxyshell", tmp_path / "proxyshell"))


def changed(folder: Path, *replaced: tuple[str, str], file: str = "pack.toml") -> Path:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


def without(folder: Path, table: str) -> Path:
    """Take a whole table out of `pack.toml`, which the other tables do not need."""
    text = (folder / "pack.toml").read_text(encoding="utf-8")
    before, _, after = text.partition(f"[{table}]\n")
    _, mark, rest = after.partition("\n[")
    (folder / "pack.toml").write_text(before + mark + rest, encoding="utf-8")
    return folder


@pytest.mark.parametrize("table", ["evidence_base", "notice"])
def test_a_pack_must_say_what_it_rests_on_and_what_an_owner_is_told(
    copied: Path, table: str
) -> None:
    with pytest.raises(KnowledgeError, match=rf"proxyshell/pack\.toml: .*{table}"):
        read_pack(without(copied, table))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("\n[evidence_base]\n", "evidence_base: says nothing"),
        ('\n[evidence_base]\nrumours = ["x"]\n', "rumours"),
    ],
)
def test_an_evidence_base_says_something(copied: Path, new: str, said: str) -> None:
    folder = without(copied, "evidence_base")
    path = folder / "pack.toml"
    path.write_text(path.read_text(encoding="utf-8") + new, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        read_pack(folder)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('what = " "\naffected = "All."\ndo = ["Look."]', "notice.what: is empty"),
        ('what = "This."\naffected = ""\ndo = ["Look."]', "notice.affected: is empty"),
        ('what = "This."\naffected = "All."\ndo = []', "notice.do: names no step"),
    ],
)
def test_a_notice_says_all_three_things(copied: Path, new: str, said: str) -> None:
    folder = without(copied, "notice")
    path = folder / "pack.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[notice]\n{new}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"pack\.toml: {said}"):
        read_pack(folder)


DECISIVE = 'decisive_cves = ["CVE-2021-34473"]'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (DECISIVE, 'decisive_cves = ["CVE-0000-0001"]', "decisive_cves: .* is not in cves"),
        ("2021-08-06T00:00:00Z", "2021-08-06T00:00:00", "exploitation_from: needs a time zone"),
        ("exploitation_from = 2021-08-06T00:00:00Z\n", "", "exploitation_from: is missing"),
        (DECISIVE, f'{DECISIVE}\ncheck_instead = ["x"]', "check_instead: goes with detectable"),
        (DECISIVE, f"{DECISIVE}\ndetectable = false", "check_instead: must say what to look at"),
        (
            DECISIVE,
            f'{DECISIVE}\ndetectable = false\ncheck_instead = ["x"]',
            "sufficient: must be left out",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(
    copied: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(KnowledgeError, match=rf"proxyshell/pack\.toml: {said}"):
        read_pack(changed(copied, (old, new)))


def undetectable(folder: Path) -> Path:
    for _ in range(2):
        without(folder, "[sufficient]")
    return changed(
        folder, (DECISIVE, f'{DECISIVE}\ndetectable = false\ncheck_instead = ["The firewall."]')
    )


def test_a_pack_that_sees_nothing_says_what_to_check(copied: Path) -> None:
    for chain in (copied / "chains").iterdir():
        chain.unlink()
    about = read_pack(undetectable(copied)).about
    assert (False, ("The firewall.",), ()) == (
        about.detectable,
        about.check_instead,
        about.sufficient,
    )


def test_no_chain_may_tell_an_attack_where_nothing_tells_one(copied: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"chains/proxyshell\.toml: steps\..*only probe"):
        read_pack(undetectable(copied))


def test_changes_are_read_and_a_pack_without_the_file_has_none(copied: Path) -> None:
    assert ChangeKind.ADDED is read_pack(copied).changes[0].kind
    (copied / "changes.toml").unlink()
    assert () == read_pack(copied).changes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('date = 2026-01-01\nkind = "added"\nrules = []\nwhy = " "', r"change\[0\].why: is empty"),
        ('date = 2026-01-01\nkind = "grown"\nrules = []\nwhy = "x"', "grown"),
        ('date = "soon"\nkind = "added"\nrules = []\nwhy = "x"', "date"),
        ('date = 2026-01-01\nkind = "added"\nwhy = "x"', "rules"),
    ],
)
def test_a_change_says_when_what_and_why(copied: Path, text: str, said: str) -> None:
    (copied / "changes.toml").write_text(f"[[change]]\n{text}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"proxyshell/changes\.toml: .*{said}"):
        read_pack(copied)


def test_lists_of_indicators_are_part_of_a_pack(copied: Path) -> None:
    path = copied / "indicators" / "addresses.csv"
    path.parent.mkdir()
    path.write_text("type,value\nip,192.0.2.1\n", encoding="utf-8")
    assert (path,) == read_pack(copied).indicators


@pytest.mark.parametrize("file", ["pack.toml", "changes.toml"])
def test_a_file_that_is_no_text_is_an_error(copied: Path, file: str) -> None:
    (copied / file).write_bytes(b"\xff\xfe")
    with pytest.raises(KnowledgeError, match=rf"proxyshell/{file}: "):
        read_pack(copied)
