"""From the text of a Sigma file to plain data: the slow step, whose result the cache keeps.

Only this module and what it imports need pySigma, so nobody imports it before a file has to be
prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.correlation.read import only_serving, read_correlation
from tocsin.matching.sigma.document import Claim, Correlation, Filter, Rule, SigmaFile
from tocsin.matching.sigma.read import ODD, extra_of, read_documents
from tocsin.matching.sigma.translate import condition_of, log_source_of
from tocsin.model.grade import Severity
from tocsin.model.rule import explanations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaDetections, SigmaRule, SigmaRuleBase

    from tocsin.matching.sigma import document, read
    from tocsin.matching.sigma.plain import Condition


def prepare(text: str) -> SigmaFile:
    """Everything in one Sigma file. Never raises: what fails says so in its place."""
    try:
        return SigmaFile(documents=tuple(_document(one) for one in read_documents(text)))
    except KnowledgeError as error:
        return SigmaFile(failed=str(error))


def _document(found: read.Document) -> document.Document:
    if found.rule is not None:
        return _rule(found.rule, found.names)
    if found.filter is not None:
        return _filter(found.filter, found.names)
    return _correlation(found.correlation or {}, found.names)


def _rule(rule: SigmaRule, names: frozenset[str]) -> Rule:
    condition, failed = _condition(rule.detection)
    return Rule(
        names=names,
        claim=_claim(rule),
        log_source=log_source_of(rule),
        condition=condition,
        failed=failed,
    )


def _filter(found: SigmaFilter, names: frozenset[str]) -> Filter:
    condition, failed = _condition(found.filter)
    rules = found.filter.rules
    return Filter(
        names=names,
        rules=None
        if isinstance(rules, str)  # It says "any".
        else frozenset(_reference(str(one.reference)) for one in rules),
        log_source=log_source_of(found),
        condition=condition,
        failed=failed,
    )


def _condition(detections: SigmaDetections) -> tuple[Condition | None, str]:
    """The condition, compiled once on trial: whether it can be used must not depend on a log."""
    try:
        condition = condition_of(detections)
        compile_node(condition.node)
    except KnowledgeError as error:
        return None, str(error)
    return condition, ""


def _reference(text: str) -> str:
    """A rule's id as ids are written everywhere else, or its name."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _correlation(content: Mapping[str, Any], names: frozenset[str]) -> Correlation:
    serving = only_serving(content)
    try:
        about, claim = read_correlation(content), _claim(_header(content))
    except KnowledgeError as error:
        return Correlation(names=names, only_serving=serving, failed=str(error))
    return Correlation(names=names, claim=claim, about=about, only_serving=serving)


def _header(content: Mapping[str, Any]) -> SigmaCorrelationRule:
    """What a correlation has in common with other rules, read by pySigma as theirs is.

    The section itself is ours to read: pySigma refuses some that the specification allows.
    """
    stands_for = {"type": "temporal", "rules": ["any"], "timespan": "1s"}
    try:
        return SigmaCorrelationRule.from_dict({**content, "correlation": stands_for})
    except SigmaError as error:
        raise KnowledgeError(" ".join(str(error).split())) from error
    except ODD as error:
        raise KnowledgeError(f"is not a Sigma correlation: {error}") from error


def _claim(rule: SigmaRuleBase) -> Claim:
    claim = Claim(
        name=rule.name or "",
        title=rule.title or "",
        severity=Severity(str(rule.level)) if rule.level is not None else Severity.MEDIUM,
        cves=_cves(rule),
        attack=_techniques(rule),
        benign_explanations=explanations(rule.falsepositives),
    )
    try:
        extra = extra_of(rule)
    except KnowledgeError as error:
        return msgspec.structs.replace(claim, lacks=str(error))
    return msgspec.structs.replace(
        claim,
        grade=extra.grade,
        confidence=extra.confidence,
        reason=extra.reason,
        next_steps=extra.next_steps,
    )


def _cves(rule: SigmaRuleBase) -> tuple[str, ...]:
    return tuple(
        f"CVE-{tag.name.removeprefix('cve-').replace('.', '-')}"
        for tag in rule.tags
        if tag.namespace == "cve"
    )


def _techniques(rule: SigmaRuleBase) -> tuple[str, ...]:
    """ATT&CK techniques (``T1190``), without the tactics that tags name as well."""
    return tuple(
        tag.name.upper()
        for tag in rule.tags
        if tag.namespace == "attack" and tag.name[:1] == "t" and tag.name[1:2].isdigit()
    )
