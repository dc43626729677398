"""All rules of a run: loaded once, asked for every event and every file."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocsin.events.format import all_formats
from tocsin.matching.indicators.info import Together
from tocsin.matching.indicators.match import IndicatorSet
from tocsin.matching.narrowing import Narrows
from tocsin.matching.sigma.correlation.link import Plan
from tocsin.matching.sigma.load import SigmaRules
from tocsin.matching.sigma.plan import FormatRules, Seen
from tocsin.matching.yara.load import load_yara
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from tocsin.events.format import Format
    from tocsin.knowledge.packs import Pack
    from tocsin.matching.cache import RuleCache
    from tocsin.matching.content import Shown
    from tocsin.matching.sigma.entry import SigmaEntry
    from tocsin.matching.yara.ask import YaraRules
    from tocsin.model.path import EvidencePath
    from tocsin.model.result import RuleFailure
    from tocsin.model.rule import RuleInfo

__all__ = ["FormatRules", "RuleSet", "Seen", "load_rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Every rule that could be loaded, and the reason for every one that could not.

    The order of `infos` is the rule order: packs by slug, in each the detections and then the
    benign patterns by file name, the user's Sigma rules, all YARA rules, and at the end the
    user's indicators, whose claims are made when they are asked for: do not go through all.
    `ours` are the rules of packs: those that are no leads.
    """

    infos: Mapping[str, RuleInfo]
    failed: tuple[RuleFailure, ...]
    _sigma: tuple[SigmaEntry, ...]
    yara: YaraRules
    ours: frozenset[str] = frozenset()
    indicators: IndicatorSet = field(default_factory=IndicatorSet)
    correlations: Plan = field(default_factory=Plan)
    narrows: Narrows = field(default_factory=Narrows, repr=False, compare=False)
    _by_format: dict[str, FormatRules] = field(default_factory=dict, repr=False, compare=False)

    def sigma_for(self, form: Format) -> FormatRules:
        """The Sigma rules that may be asked about events of `form`."""
        if form.name not in self._by_format:
            own = (one.id for one in self._sigma)
            leads = {rule for rule in own if self.infos[rule].kind is RuleKind.LEAD}
            self._by_format[form.name] = FormatRules(form, self._sigma, leads)
        return self._by_format[form.name]

    @property
    def benign(self) -> frozenset[str]:
        """The benign patterns, of which the rows are counted."""
        own = (one.id for one in self._sigma)
        return frozenset(rule for rule in own if self.infos[rule].kind is RuleKind.BENIGN)

    def yara_match(self, data: bytes, path: EvidencePath) -> Sequence[str]:
        """The ids of all YARA rules that match the content of the file at `path`."""
        return [hit.rule for hit in self.yara.ask(data, path).hits]

    def not_applicable(
        self, formats_present: Collection[str], shown: Sequence[Shown] = ()
    ) -> Sequence[str]:
        """The rules that nothing can serve where only these formats are present, by name.

        A YARA rule is served where a file was `shown` to it.
        """
        present = [form for name, form in all_formats().items() if name in formats_present]
        served = {rule for form in present for rule in self.sigma_for(form).ids}
        for one in shown:
            served.update(self.yara.order if one.documents else ())
            served.update(self.yara.user_ids if one.others else ())
        served.update(self.correlations.can_fire(served))
        served.update(self.indicators.served_by(present))
        return [rule for rule in self.infos if rule not in served]

    def fields_never_seen(self, seen: Seen) -> Sequence[str]:
        """The rules that were asked, and of whose fields at least one was in no event."""
        found = seen.never_seen()
        return [rule for rule in self.infos if rule in found]


def load_rules(
    packs: Sequence[Pack],
    user_sigma: Sequence[Path] = (),
    user_yara: Sequence[Path] = (),
    user_indicators: Sequence[Path] = (),
    *,
    cache: RuleCache | None = None,
) -> RuleSet:
    """Load the rules of `packs`, and the user's rules and lists of indicators as leads.

    With a `cache` the result is the same, and comes sooner from the second time on.

    Raises `KnowledgeError` with file and reason where a rule of a pack is broken. A broken rule
    of the user goes to `RuleSet.failed`, and the rest are loaded.
    """
    sigma = SigmaRules(cache=cache)
    for pack in packs:
        sigma.add_pack(pack)
    sigma.add_users(user_sigma)
    yara, yara_infos, yara_failed = load_yara(packs, user_yara, sigma.infos, cache)
    infos = MappingProxyType({**sigma.infos, **yara_infos})
    indicators, lists_failed = _indicators(user_indicators, infos)
    return RuleSet(
        infos=Together(infos, indicators.infos) if len(indicators) else infos,
        failed=(*sigma.failed, *yara_failed, *lists_failed),
        ours=frozenset(rule for rule in infos if infos[rule].kind is not RuleKind.LEAD),
        indicators=indicators,
        correlations=sigma.correlations,
        _sigma=tuple(sigma.entries),
        yara=yara,
    )


def _indicators(
    paths: Sequence[Path], infos: Mapping[str, RuleInfo]
) -> tuple[IndicatorSet, list[RuleFailure]]:
    if not paths:
        return IndicatorSet(), []
    from tocsin.matching.indicators.load import (  # noqa: PLC0415 - its readers are slow to import, and mostly there is no list
        load_indicators,
    )

    return load_indicators(paths, infos)
