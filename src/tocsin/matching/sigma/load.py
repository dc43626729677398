"""Load Sigma rules: ours, where a broken one stops the run, and the user's, where it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tocsin.errors import KnowledgeError
from tocsin.matching.files import files_below, free_slug, read_text
from tocsin.matching.sigma.entry import SigmaEntry
from tocsin.matching.sigma.info import lead_info, pack_info
from tocsin.matching.sigma.read import Document, filtered, read_documents
from tocsin.matching.sigma.translate import log_source_of, translate
from tocsin.model.result import RuleFailure
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaRule

    from tocsin.knowledge.packs import Pack, RuleFile
    from tocsin.model.rule import RuleInfo

_ENDINGS = (".yml", ".yaml")
_NO_CORRELATIONS = "correlations come with the matching engine"


@dataclass(slots=True)
class SigmaRules:
    """What was loaded so far, in rule order."""

    entries: list[SigmaEntry] = field(default_factory=list)
    infos: dict[str, RuleInfo] = field(default_factory=dict)
    failed: list[RuleFailure] = field(default_factory=list)

    def add_pack(self, pack: Pack) -> None:
        """Load a pack's rules and benign patterns.

        Raises `KnowledgeError` with file and reason.
        """
        for kind, files in ((RuleKind.DETECTION, pack.sigma), (RuleKind.BENIGN, pack.benign)):
            for file in files:
                try:
                    self._add_ours(file, pack.about.slug, kind)
                except KnowledgeError as error:
                    raise KnowledgeError(str(error), where=file.path) from error

    def add_users(self, paths: Sequence[Path]) -> None:
        """Load the user's files and folders as leads; what fails is kept in `failed`."""
        documents: list[tuple[str, Document]] = []
        for path in files_below(paths, _ENDINGS):
            try:
                documents += [(str(path), one) for one in read_documents(read_text(path))]
            except KnowledgeError as error:
                self._fail(str(path), str(error))
        filters = [one.filter for _, one in documents if one.filter is not None]
        silent: set[str] = set()
        for file, one in documents:
            if one.correlation is not None:
                self._fail(file, _NO_CORRELATIONS)
                silent |= _only_correlated(one.correlation)
        for file, one in documents:
            if one.rule is None:
                continue
            if one.names & silent:
                self._fail(file, f"serves only a correlation, and {_NO_CORRELATIONS}")
                continue
            try:
                self._add_lead(one.rule, file, filters)
            except KnowledgeError as error:
                self._fail(file, str(error))

    def _add_ours(self, file: RuleFile, pack: str, kind: RuleKind) -> None:
        documents = read_documents(file.text)
        rule = documents[0].rule
        if rule is None or len(documents) != 1:
            raise KnowledgeError("must hold one rule, and nothing else")
        info = pack_info(
            rule, pack=pack, file=file.path, slug=PurePosixPath(file.path).stem, kind=kind
        )
        if info.id in self.infos:
            raise KnowledgeError(f"the id {info.id!r} is taken by {self.infos[info.id].file}")
        self._add(rule, info)

    def _add_lead(self, rule: SigmaRule, file: str, filters: Sequence[SigmaFilter]) -> None:
        slug = free_slug(rule.name or PurePosixPath(Path(file).as_posix()).stem, self.infos)
        self._add(filtered(rule, filters), lead_info(rule, file=file, slug=slug))

    def _add(self, rule: SigmaRule, info: RuleInfo) -> None:
        condition = translate(rule)
        entry = SigmaEntry(
            id=info.id,
            log_source=log_source_of(rule),
            node=condition.node,
            fields=condition.fields,
        )
        entry.test  # noqa: B018 - compiled here, so that what cannot be compiled is refused here
        self.infos[info.id] = info
        self.entries.append(entry)

    def _fail(self, file: str, reason: str) -> None:
        self.failed.append(RuleFailure(file=file, reason=reason))


def _only_correlated(correlation: Mapping[str, Any]) -> set[str]:
    """The rules that this correlation refers to and that shall not speak for themselves."""
    about = correlation.get("correlation")
    if not isinstance(about, dict) or correlation.get("generate") or about.get("generate"):
        return set()
    named = about.get("rules") or ()
    return {str(name) for name in ([named] if isinstance(named, str) else named)}
