"""Load YARA rules: ours, where a broken one stops the run, and the user's, where it is told."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.matching.files import files_below, read_text
from tocsin.matching.yara.compile import YaraCompiler, YaraSource
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.knowledge.packs import Pack
    from tocsin.matching.yara.compile import YaraRules
    from tocsin.model.rule import RuleInfo

_ENDINGS = (".yar", ".yara")


def load_yara(
    packs: Sequence[Pack], user: Sequence[Path], taken: Mapping[str, RuleInfo]
) -> tuple[YaraRules, dict[str, RuleInfo], list[RuleFailure]]:
    """Compile everything into one set of rules, none under an id of `taken`.

    Raises `KnowledgeError` with file and reason where a rule of ours is broken.
    """
    compiler = YaraCompiler()
    for pack in packs:
        for file in pack.yara:
            slug = PurePosixPath(file.path).stem
            source = YaraSource(pack=pack.about.slug, file=file.path, slug=slug, text=file.text)
            for reason in compiler.add(source):
                raise KnowledgeError(reason, where=file.path)
    failed: list[RuleFailure] = []
    for path in files_below(user, _ENDINGS):
        try:
            source = YaraSource(pack="", file=str(path), slug=path.stem, text=read_text(path))
            reasons = compiler.add(source)
        except KnowledgeError as error:
            reasons = [str(error)]
        failed += [RuleFailure(file=str(path), reason=reason) for reason in reasons]
    rules, infos = compiler.build(taken)
    return rules, infos, failed
