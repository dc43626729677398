"""The store: whole, ours, and switched as a whole; or an error that says so."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.knowledge.bundles import manifest_of
from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge import store
from tocsin.knowledge.manifest import MANIFEST, version_key
from tocsin.knowledge.root import BUILTIN

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"packs/a/pack.toml": b"slug = 'a'\n"}
OURS = "2030-01-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with two versions, none of them in use."""
    folder = tmp_path / "data" / "knowledge"
    store.prepare(folder)
    for version in ("2030-02-01", "2030-03-01"):
        root = folder / f"{version}-abc"
        for name, data in {MANIFEST: manifest_of(FILES, version=version), **FILES}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
    return folder


def chosen(folder: Path, ours: str = OURS, tocsin: str = "1.0") -> store.Chosen:
    return store.chosen(folder, ours, tocsin)


def test_without_a_store_the_knowledge_of_the_release_is_used(tmp_path: Path) -> None:
    assert store.Chosen(root=BUILTIN, version=OURS) == chosen(tmp_path / "none")
    assert [] == store.installed(tmp_path / "none")


def test_what_was_switched_to_is_used_and_rolled_back_step_by_step(folder: Path) -> None:
    assert BUILTIN == chosen(folder).root
    store.switch(folder, "2030-02-01-abc", OURS)
    store.switch(folder, "2030-03-01-abc", OURS)
    store.switch(folder, "2030-03-01-abc", OURS)
    assert store.Chosen(root=folder / "2030-03-01-abc", version="2030-03-01") == chosen(folder)
    assert ["2030-02-01-abc", "2030-03-01-abc"] == store.installed(folder)
    assert "2030-02-01-abc" == store.roll_back(folder, OURS)
    assert "2030-02-01" == chosen(folder).version
    assert "" == store.roll_back(folder, OURS)
    assert BUILTIN == chosen(folder).root
    with pytest.raises(UsageError, match="no earlier knowledge"):
        store.roll_back(folder, OURS)


def test_a_release_with_newer_knowledge_takes_over_and_it_is_said(folder: Path) -> None:
    store.switch(folder, "2030-02-01-abc", OURS)
    assert "2030-02-01" == chosen(folder, ours="2030-01-15").version
    assert store.Chosen(root=BUILTIN, version="2030-09-01", superseded="2030-02-01") == chosen(
        folder, ours="2030-09-01"
    )


def test_an_older_version_that_was_wanted_stays_until_a_release_is_newer(folder: Path) -> None:
    store.switch(folder, "2030-02-01-abc", "2030-06-01")
    assert "2030-02-01" == chosen(folder, ours="2030-06-01").version
    assert BUILTIN == chosen(folder, ours="2030-07-01").root


def test_knowledge_that_needs_a_newer_tocsin_is_refused(folder: Path) -> None:
    store.switch(folder, "2030-02-01-abc", OURS)
    with pytest.raises(KnowledgeError, match=r"needs Tocsin 0\.1 or newer, and this is 0\.0\.9"):
        chosen(folder, tocsin="0.0.9")
    assert "2030-02-01" == chosen(folder, tocsin="0.1.0.dev3").version


def damage_content(root: Path) -> None:
    (root / "packs/a/pack.toml").write_bytes(b"slug = 'b'\n")


def damage_by_absence(root: Path) -> None:
    (root / "packs/a/pack.toml").unlink()


def damage_by_more(root: Path) -> None:
    (root / "packs/a/more.toml").write_bytes(b"")


def damage_by_link(root: Path) -> None:
    path = root / "packs/a/pack.toml"
    path.rename(root.parent / "elsewhere")
    path.symlink_to(root.parent / "elsewhere")


def damage_manifest(root: Path) -> None:
    (root / MANIFEST).write_bytes(b"version")


def damage_by_loss(root: Path) -> None:
    root.rename(root.parent / "lost")


@pytest.mark.parametrize(
    "damage",
    [
        damage_content,
        damage_by_absence,
        damage_by_more,
        damage_by_link,
        damage_manifest,
        damage_by_loss,
    ],
)
def test_a_damaged_version_is_never_used(folder: Path, damage: type) -> None:
    store.switch(folder, "2030-02-01-abc", OURS)
    damage(folder / "2030-02-01-abc")
    with pytest.raises(KnowledgeError, match=str(folder)):
        chosen(folder)


@pytest.mark.parametrize(
    "pointer",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"use": "x"}',
        json.dumps({"use": "../x", "chosen_over": OURS}).encode(),
        json.dumps({"use": "", "chosen_over": OURS, "previous": [".."]}).encode(),
        json.dumps({"use": "", "chosen_over": "soon"}).encode(),
    ],
)
def test_a_damaged_pointer_is_an_error(folder: Path, pointer: bytes) -> None:
    (folder / store.POINTER).write_bytes(pointer)
    with pytest.raises(KnowledgeError, match=store.POINTER):
        chosen(folder)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_store_is_for_its_user_alone_and_one_that_others_can_write_is_refused(
    folder: Path,
) -> None:
    assert 0o700 == folder.stat().st_mode & 0o777
    store.switch(folder, "2030-02-01-abc", OURS)
    folder.chmod(0o770)
    with pytest.raises(KnowledgeError, match="others may write to it"):
        chosen(folder)


def test_rolling_back_to_damaged_knowledge_changes_nothing(folder: Path) -> None:
    store.switch(folder, "2030-02-01-abc", OURS)
    store.switch(folder, "2030-03-01-abc", OURS)
    damage_content(folder / "2030-02-01-abc")
    with pytest.raises(KnowledgeError, match="not what was installed"):
        store.roll_back(folder, OURS)
    assert "2030-03-01" == chosen(folder).version


def test_a_store_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeError, match="cannot be made"):
        store.prepare(tmp_path / "file" / "knowledge")


def test_versions_are_ordered_by_day_and_number() -> None:
    versions = ["2030-01-01", "2030-01-01.2", "2030-01-01.10", "2030-01-02"]
    mixed = [versions[place] for place in (2, 0, 3, 1)]
    assert versions == sorted(mixed, key=version_key)
