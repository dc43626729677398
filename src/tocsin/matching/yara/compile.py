"""Compile YARA files, one namespace each, and scan content with all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yara_x

from tocsin.errors import KnowledgeError
from tocsin.matching.files import free_slug
from tocsin.matching.yara.info import lead_info, pack_info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.model.path import EvidencePath
    from tocsin.model.rule import RuleInfo

EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner", "md5")
"""Variables that rule collections expect from their scanner; the last three are always empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YaraSource:
    """One YARA file: `pack` is empty for the user's own, `slug` is the file's name."""

    pack: str
    file: str
    slug: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YaraRules:
    """Compiled rules, and the id of each by namespace and name."""

    compiled: yara_x.Rules
    ids: Mapping[tuple[str, str], str]
    order: Mapping[str, int]

    def match(self, data: bytes, path: EvidencePath) -> Sequence[str]:
        """The ids of all rules that match `data`, in rule order."""
        if not self.ids:
            return ()
        scanner = yara_x.Scanner(self.compiled)
        for name, value in _externals(path).items():
            scanner.set_global(name, value)
        found = scanner.scan(data).matching_rules
        ids = [self.ids[rule.namespace, rule.identifier] for rule in found]
        return sorted(ids, key=self.order.__getitem__)


class YaraCompiler:
    """Takes files one by one, so that a broken rule can be told from the others."""

    def __init__(self) -> None:
        self._compiler = yara_x.Compiler(relaxed_re_syntax=True, includes_enabled=False)
        self._compiler.ignore_invalid_rules(yes=True)
        for name in EXTERNALS:
            self._compiler.define_global(name, "")
        self._sources: dict[str, YaraSource] = {}

    def add(self, source: YaraSource) -> list[str]:
        """Compile one file, and say what in it is broken; its good rules are kept."""
        namespace = f"{len(self._sources)}:{source.slug}"
        self._sources[namespace] = source
        self._compiler.new_namespace(namespace)
        known = len(self._compiler.errors())
        try:
            self._compiler.add_source(source.text, origin=source.file)
        except UnicodeEncodeError as error:
            return [str(error)]
        return [" ".join(one["text"].split()) for one in self._compiler.errors()[known:]]

    def build(self, taken: Mapping[str, RuleInfo]) -> tuple[YaraRules, dict[str, RuleInfo]]:
        """All rules and their claims, none under an id of `taken`.

        Raises `KnowledgeError` where a rule of ours lacks what it needs.
        """
        compiled = self._compiler.build()
        infos: dict[str, RuleInfo] = {}
        ids: dict[tuple[str, str], str] = {}
        for rule in compiled:
            source = self._sources[rule.namespace]
            if source.pack:
                info = pack_info(rule, pack=source.pack, file=source.file, slug=source.slug)
                if info.id in taken or info.id in infos:
                    raise KnowledgeError(f"the id {info.id!r} is taken", where=source.file)
            else:
                slug = free_slug(rule.identifier, taken, infos)
                info = lead_info(rule, file=source.file, slug=slug)
            infos[info.id] = info
            ids[rule.namespace, rule.identifier] = info.id
        order = {rule: place for place, rule in enumerate(infos)}
        return YaraRules(compiled=compiled, ids=ids, order=order), infos


def _externals(path: EvidencePath) -> dict[str, str]:
    """What rules may ask about the file; Windows paths, as the rules expect them."""
    values = {
        "filename": path.name,
        "filepath": path.server.replace("/", "\\"),
        "extension": path.extension,
    }
    # YARA takes only what UTF-8 can say; a lone surrogate stands for a byte that was no text.
    return {name: text.encode("utf-8", "replace").decode() for name, text in values.items()}
