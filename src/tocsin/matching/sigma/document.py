"""A Sigma file as plain data, with everything that loading needs to know: what the cache keeps.

`tocsin.matching.sigma.prepare` makes it from the text of a file, with pySigma and once. What
depends on other files (filters, what a correlation refers to, ids that are taken) is not in it.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.events.format import LogSource
from tocsin.matching.sigma.correlation import rule as correlation
from tocsin.matching.sigma.plain import Condition
from tocsin.model.grade import Confidence, Grade, Severity


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the cache holds; anything that looks otherwise is not ours."""


class Claim(_Data, frozen=True, kw_only=True):
    """What a rule says of itself.

    `name` is empty where the rule has none. From `grade` on it is our own key in the rule; `lacks`
    says why that key cannot be used, which matters to rules in packs only.
    """

    name: str
    title: str
    severity: Severity
    cves: tuple[str, ...]
    attack: tuple[str, ...]
    benign_explanations: tuple[str, ...]
    grade: Grade | None = None
    confidence: Confidence | None = None
    reason: str = ""
    next_steps: tuple[str, ...] = ()
    lacks: str = ""


class Rule(_Data, frozen=True, kw_only=True, tag="rule"):
    """One rule; `condition` is None where it cannot be judged, and `failed` says why.

    `names` are the id and the name, by which filters and correlations call it.
    """

    names: frozenset[str]
    claim: Claim
    log_source: LogSource
    condition: Condition | None = None
    failed: str = ""


class Filter(_Data, frozen=True, kw_only=True, tag="filter"):
    """What must hold besides, for every rule that it means.

    `rules` are ids and names, None for every rule of its log source; for `failed` see `Rule`.
    """

    names: frozenset[str]
    rules: frozenset[str] | None
    log_source: LogSource
    condition: Condition | None = None
    failed: str = ""

    def means(self, rule: Rule) -> bool:
        """Whether it shall be applied to `rule`: in name, and in every part of the log source."""
        mine, its = self.log_source, rule.log_source
        return (
            (self.rules is None or not self.rules.isdisjoint(rule.names))
            and mine.product in (None, its.product)
            and mine.category in (None, its.category)
            and mine.service in (None, its.service)
        )


class Correlation(_Data, frozen=True, kw_only=True, tag="correlation"):
    """A correlation; `about` is None where it cannot be used, and `failed` says why.

    `only_serving` are the names of rules that it refers to and that do not speak for themselves,
    also where it cannot be used.
    """

    names: frozenset[str]
    claim: Claim | None = None
    about: correlation.Correlation | None = None
    only_serving: frozenset[str] = frozenset()
    failed: str = ""


Document: TypeAlias = Rule | Filter | Correlation


class SigmaFile(_Data, frozen=True, kw_only=True):
    """All documents of one file: rules, then filters, then correlations, each in file order.

    There are none where the file cannot be used; `failed` says why.
    """

    documents: tuple[Document, ...] = ()
    failed: str = ""
