"""Load Sigma rules: ours, where a broken one stops the run, and the user's, where it is told.

Files come prepared (`tocsin.matching.sigma.kept`). What is left to do is the same whether they
come from the cache or not: filters, ids, and what the user is told of rules that failed.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.matching.files import Slugs, files_below, read_text
from tocsin.matching.sigma import plain
from tocsin.matching.sigma.correlation.link import Names, Plan, link
from tocsin.matching.sigma.document import Correlation, Filter, Rule
from tocsin.matching.sigma.entry import SigmaEntry
from tocsin.matching.sigma.info import lead_info, pack_info
from tocsin.matching.sigma.kept import prepared
from tocsin.model.result import RuleFailure
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tocsin.knowledge.packs import Pack, RuleFile
    from tocsin.matching.cache import RuleCache
    from tocsin.matching.sigma.correlation import rule as correlation
    from tocsin.matching.sigma.document import Document, SigmaFile
    from tocsin.model.rule import RuleInfo

_ENDINGS = (".yml", ".yaml")


@dataclass(slots=True)
class SigmaRules:
    """What was loaded so far, in rule order; `cache` keeps prepared files, if there is one.

    `correlations` says how the user's rules are correlated. Packs have none.
    """

    cache: RuleCache | None = None
    entries: list[SigmaEntry] = field(default_factory=list)
    infos: dict[str, RuleInfo] = field(default_factory=dict)
    failed: list[RuleFailure] = field(default_factory=list)
    correlations: Plan = field(default_factory=Plan)
    _slugs: Slugs = field(default_factory=Slugs)

    def add_pack(self, pack: Pack) -> None:
        """Load a pack's rules and benign patterns.

        Raises `KnowledgeError` with file and reason.
        """
        slug = pack.about.slug
        files = [(RuleKind.DETECTION, file) for file in pack.sigma]
        files += [(RuleKind.BENIGN, file) for file in pack.benign]
        found = prepared(f"pack {slug}", [file.text for _, file in files], self.cache)
        for (kind, file), content in zip(files, found, strict=True):
            try:
                self._add_ours(content, file, slug, kind)
            except KnowledgeError as error:
                raise KnowledgeError(str(error), where=file.path) from error

    def add_users(self, paths: Sequence[Path]) -> None:
        """Load the user's files and folders as leads; what fails is kept in `failed`."""
        documents = [found for path in paths for found in self._documents(path)]
        filters: list[Filter] = []
        correlations: list[tuple[str, Correlation]] = []
        for file, one in documents:
            if isinstance(one, Filter):
                if one.condition is None:
                    self._fail(file, one.failed)
                filters.append(one)
            elif isinstance(one, Correlation):
                if one.about is None:
                    self._fail(file, one.failed)
                correlations.append((file, one))
        names = Names()
        for file, one in documents:
            if not isinstance(one, Rule):
                continue
            try:
                # Only correlations ask what rules may be called.
                called = one.names if correlations else ()
                names.add(self._add_lead(one, file, filters), called, file)
            except KnowledgeError as error:
                self._fail(file, str(error))
        if correlations:
            self._correlate(correlations, names)

    def _correlate(self, documents: Sequence[tuple[str, Correlation]], names: Names) -> None:
        """Add the correlations; they and rules that serve no usable one may fail."""
        infos: dict[str, RuleInfo] = {}
        usable: dict[str, correlation.Correlation] = {}
        for file, one in documents:
            if one.about is None or one.claim is None:
                continue
            wanted = one.claim.name or Path(file).stem
            slug = self._slugs.free(wanted, ChainMap(self.infos, infos).__contains__)
            infos[slug] = lead_info(one.claim, file=file, slug=slug)
            usable[slug] = one.about
            names.add(slug, one.names, file)
        silenced = {
            rule
            for file, one in documents
            if one.about is None
            for name in one.only_serving
            for rule in names.known(name, file)
        }
        self.correlations = link(
            usable, lambda name, rule: names.find(name, infos[rule].file), silenced
        )
        for slug, reason in self.correlations.failed.items():
            self._fail(infos[slug].file, reason)
        self._leave_out(self.correlations.useless)
        steps = {step.id for step in self.correlations.steps}
        self.infos.update({slug: info for slug, info in infos.items() if slug in steps})

    def _leave_out(self, useless: Collection[str]) -> None:
        """Rules that shall not speak, and that nothing that can be used stands on."""
        for entry in self.entries:
            if entry.id in useless:
                file = self.infos.pop(entry.id).file
                self._fail(file, "serves only correlations, of which none can be used")
        self.entries = [entry for entry in self.entries if entry.id not in useless]

    def _documents(self, path: Path) -> Iterator[tuple[str, Document]]:
        """All documents at a path that the user named, each with its file."""
        texts: dict[str, str] = {}
        unread: dict[str, str] = {}
        files: list[str] = []
        for one in files_below([path], _ENDINGS):
            file = str(one)
            files.append(file)
            try:
                texts[file] = read_text(one)
            except KnowledgeError as error:
                unread[file] = str(error)
        texts_prepared = prepared(f"path {path.absolute()}", texts.values(), self.cache)
        contents = dict(zip(texts, texts_prepared, strict=True))
        for file in files:
            failed = unread[file] if file in unread else contents[file].failed
            if failed:
                self._fail(file, failed)
            else:
                yield from ((file, found) for found in contents[file].documents)

    def _add_ours(self, content: SigmaFile, file: RuleFile, pack: str, kind: RuleKind) -> None:
        if content.failed:
            raise KnowledgeError(content.failed)
        rule = content.documents[0]
        if not isinstance(rule, Rule) or len(content.documents) != 1:
            raise KnowledgeError("must hold one rule, and nothing else")
        slug = PurePosixPath(file.path).stem
        info = pack_info(rule.claim, pack=pack, file=file.path, slug=slug, kind=kind)
        if info.id in self.infos:
            raise KnowledgeError(f"the id {info.id!r} is taken by {self.infos[info.id].file}")
        self._add(rule, _usable(rule), info)

    def _add_lead(self, rule: Rule, file: str, filters: Sequence[Filter]) -> str:
        """Add a rule of the user's, and give the id that it goes by."""
        condition = _filtered(_usable(rule), rule, filters)
        wanted = rule.claim.name or Path(file).stem
        info = lead_info(
            rule.claim, file=file, slug=self._slugs.free(wanted, self.infos.__contains__)
        )
        self._add(rule, condition, info)
        return info.id

    def _add(self, rule: Rule, condition: plain.Condition, info: RuleInfo) -> None:
        entry = SigmaEntry(
            id=info.id,
            log_source=rule.log_source,
            node=condition.node,
            fields=condition.fields,
        )
        self.infos[info.id] = info
        self.entries.append(entry)

    def _fail(self, file: str, reason: str) -> None:
        self.failed.append(RuleFailure(file=file, reason=reason))


def _usable(rule: Rule) -> plain.Condition:
    if rule.condition is None:
        raise KnowledgeError(rule.failed)
    return rule.condition


def _filtered(
    condition: plain.Condition, rule: Rule, filters: Sequence[Filter]
) -> plain.Condition:
    """The condition, and that of every usable filter that means the rule."""
    meant = [one.condition for one in filters if one.condition is not None and one.means(rule)]
    if not meant:
        return condition
    every = (condition, *meant)
    return plain.Condition(
        node=plain.All(tuple(one.node for one in every)),
        fields=frozenset().union(*(one.fields for one in every)),
    )
