"""Load YARA rules: ours, where a broken one stops the run, and the user's, where it is told."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tocsin.matching.yara.ask import YaraRules
from tocsin.matching.yara.compile import compile_units
from tocsin.matching.yara.gather import Piece, Unit, gather
from tocsin.matching.yara.kept import kept_or_made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.knowledge.packs import Pack, RuleFile
    from tocsin.matching.cache import RuleCache
    from tocsin.model.result import RuleFailure
    from tocsin.model.rule import RuleInfo


def load_yara(
    packs: Sequence[Pack],
    user: Sequence[Path],
    taken: Mapping[str, RuleInfo],
    cache: RuleCache | None = None,
) -> tuple[YaraRules, dict[str, RuleInfo], list[RuleFailure]]:
    """Compile all rules, none under an id of `taken`; the user's may lie in `cache`.

    Raises `KnowledgeError` with file and reason where a rule of ours is broken.
    """
    ours = compile_units([_unit(pack, file) for pack in packs for file in pack.yara], taken)
    gathered = gather(user)
    known = {**taken, **ours.infos}
    theirs = kept_or_made(
        gathered.units, known.keys(), cache, lambda: compile_units(gathered.units, known)
    )
    infos = {**ours.infos, **theirs.infos}
    rules = YaraRules(
        packs=ours.rules,
        user=theirs.rules,
        order={rule: place for place, rule in enumerate(infos)},
    )
    failed = sorted((*gathered.failed, *theirs.failed), key=lambda one: one.file)
    return rules, infos, failed


def _unit(pack: Pack, file: RuleFile) -> Unit:
    piece = Piece(file=file.path, line=1, text=file.text)
    return Unit(
        file=file.path,
        slug=PurePosixPath(file.path).stem,
        pieces=(piece,),
        origins={},
        private=frozenset(),
        pack=pack.about.slug,
    )
