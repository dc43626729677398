"""Knowledge from elsewhere is tried as our own is: loaded, and held against its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.knowledge.bundles import knowledge_in
from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import BUILTIN
from tocsin.matching.proving import prove, prove_pack

if TYPE_CHECKING:
    from pathlib import Path

PACK = "packs/proxyshell"
SIGMA = f"{PACK}/sigma/proxyshell-iis-refused.yml"
YARA = f"{PACK}/yara/webshell-certificate.examples.yml"
CHAIN = f"{PACK}/chains/proxyshell.toml"


def test_what_this_release_brings_can_be_proven() -> None:
    prove(BUILTIN)
    assert "proxyshell" == prove_pack(BUILTIN / PACK).about.slug


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (SIGMA, "detection:", "detecting:", SIGMA.removeprefix("packs/")),
        (SIGMA, "  examples:", "  samples:", "samples"),
        (SIGMA, "    no_match:", "    match:\n      - {x: y}\n    no_match:", "match"),
        (SIGMA, "{category: webserver}", "{service: nowhere}", "no log format serves"),
        (YARA, "no_match:", "other:", "examples.yml"),
        (YARA, "match:", "match: [it cannot match this]\nx:", "examples.yml"),
        (CHAIN, 'rules = ["', 'rules = ["not-there", "', "'not-there' is no sigma or yara rule"),
        ("logsources.toml", "[[source]]", "[[sources]]", "logsources.toml"),
    ],
)
def test_what_is_broken_is_named(
    tmp_path: Path, file: str, old: str, new: str, reason: str
) -> None:
    root = knowledge_in(tmp_path / "k")
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=reason):
        prove(root)


def test_a_rule_that_matches_what_it_must_not_is_named(tmp_path: Path) -> None:
    root = knowledge_in(tmp_path / "k")
    text = (root / SIGMA).read_text(encoding="utf-8")
    kept, _, rows = text.partition("    match:")
    wanted, _, unwanted = rows.partition("    no_match:")
    (root / SIGMA).write_text(f"{kept}    match:{unwanted.rstrip()}\n    no_match:{wanted}\n")
    with pytest.raises(KnowledgeError, match=r"(misses|matches) \{"):
        prove(root)


def test_a_folder_without_packs_is_refused(tmp_path: Path) -> None:
    root = knowledge_in(tmp_path / "k")
    for path in (root / "packs").iterdir():
        path.rename(tmp_path / path.name)
    with pytest.raises(KnowledgeError):
        prove(root)
