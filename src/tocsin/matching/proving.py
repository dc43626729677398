"""Prove that knowledge can be used: load all of it, and hold every rule against its examples.

The contract tests ask the same of what a release brings; `tocsin pack check` and `tocsin pack
update` ask it of what comes from elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.knowledge.loading import load_everything
from tocsin.knowledge.packs import all_packs, read_pack
from tocsin.knowledge.root import read_anew, using
from tocsin.matching.rules import load_rules
from tocsin.model.grade import Grade
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tocsin.knowledge.packs import Pack
    from tocsin.matching.rules import RuleSet


def prove(root: Path) -> None:
    """Try a whole folder of facts. Raises `KnowledgeError` with the first thing that is wrong."""
    read_anew()
    with using(root):
        load_everything()
        _prove(all_packs(), root / "packs")


def prove_pack(folder: Path) -> Pack:
    """Try one pack's folder, with the tables in use. Raises `KnowledgeError`."""
    read_anew()
    pack = read_pack(folder)
    _prove([pack], folder.parent)
    return pack


def _prove(packs: Sequence[Pack], folder: Path) -> None:
    # Examples are read with pySigma, whose import is slow, and every command imports this module.
    from tocsin.matching.examples import (  # noqa: PLC0415 - see above
        wrong_about_sigma,
        wrong_about_yara,
    )

    if not packs:
        raise KnowledgeError("holds no pack", where=str(folder))
    rules = load_rules(packs)
    served = {rule for form in all_formats().values() for rule in rules.sigma_for(form).ids}
    for pack in packs:
        _refuse_attacks(pack, rules)
        for file in (*pack.sigma, *pack.benign):
            if _slug(file.path) not in served:
                raise KnowledgeError("no log format serves its log source", where=file.path)
            for reason in wrong_about_sigma(file, rules):
                raise KnowledgeError(reason, where=file.path)
        for file in pack.yara:
            for reason in wrong_about_yara(file, folder, rules):
                raise KnowledgeError(reason, where=file.path)


def _refuse_attacks(pack: Pack, rules: RuleSet) -> None:
    """Where nothing is published that tells an attack, no rule may claim to."""
    for info in rules.infos.values():
        if (
            info.pack == pack.about.slug
            and not pack.about.detectable
            and info.kind is RuleKind.DETECTION
            and info.grade is not Grade.PROBE
        ):
            raise KnowledgeError(
                f"its grade is {info.grade}, and pack.toml says detectable = false: only probe is "
                "left",
                where=f"{pack.about.slug}: {info.id}",
            )


def _slug(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]
