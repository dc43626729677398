"""A Sigma correlation document in, a `Correlation` out, or the reason why not.

Source: SigmaHQ, Sigma correlation rules specification 2.1.0 (2025-08-02). What it leaves open is
decided in ``docs/reference/rules.md``, "Correlations".
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.correlation.condition import alternatives, names_in
from tocsin.matching.sigma.correlation.rule import Bound, Correlation, Operator, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES = 256
"""Rules that one correlation may refer to."""
FIELDS = 64
"""Fields that one correlation may group by, measure, or have aliases for."""
_LONGEST = 1000
"""Characters of a name. With YAML's aliases a short text could say a long one many times."""
_KEYS = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "M": 2_629_746,
    "y": 31_556_952,
}
"""The specification has the first four. The others are pySigma's: a month is a twelfth of a year
of 365.2425 days."""
_TIMESPAN = re.compile(r"([0-9]{1,9})([smhdwMy])", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,32}(\.[0-9]{1,32})?", re.ASCII)
_MEDIAN = "value_median"
"""pySigma's own word for the 50th percentile."""


def read_correlation(document: Mapping[str, Any]) -> Correlation:
    """The correlation in `document`. Raises `KnowledgeError`: what is wrong, and what to do."""
    about = document.get("correlation")
    if not isinstance(about, dict):
        raise KnowledgeError("correlation: must be a mapping with type, rules and timespan")
    if unknown := [str(key) for key in about if key not in _KEYS]:
        raise KnowledgeError(f"correlation: {unknown[0][:40]!r} is none of {', '.join(_KEYS)}")
    kind, median = _type(about.get("type"))
    condition = about.get("condition")
    rules = _rules(about, kind)
    parts = _condition(kind, condition, rules)
    if median:
        if "percentile" in parts:
            raise KnowledgeError("condition: 'percentile' means nothing for value_median")
        parts["percentile"] = "50"
    if kind is Type.VALUE_PERCENTILE and "percentile" not in parts:
        raise KnowledgeError(
            "condition: needs 'percentile' (0 to 100): the specification's example leaves it "
            "out, so that nothing says which percentile is compared"
        )
    return Correlation(
        names=tuple(str(document[key]) for key in ("id", "name") if document.get(key)),
        type=kind,
        rules=rules,
        timespan_s=_timespan(about.get("timespan")),
        group_by=_texts(about.get("group-by"), "group-by"),
        aliases=_aliases(about.get("aliases")),
        # The specification has it beside `correlation`, pySigma within.
        generate=_generate(about.get("generate", document.get("generate"))),
        **parts,
    )


def only_serving(document: Mapping[str, Any]) -> frozenset[str]:
    """The rules that a correlation keeps from speaking for themselves.

    As far as that can be told: whoever wrote it did not want them to, also where it is broken.
    """
    about = document.get("correlation")
    if not isinstance(about, dict) or document.get("generate") or about.get("generate"):
        return frozenset()
    named = about.get("rules") or ()
    listed = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    return frozenset(one for one in listed[:RULES] if isinstance(one, str) and _is_name(one))


def _type(found: object) -> tuple[Type, bool]:
    if found is None:
        raise KnowledgeError("correlation.type is missing")
    text = str(found).lower()
    if text == _MEDIAN:
        return Type.VALUE_PERCENTILE, True
    try:
        return Type(text), False
    except ValueError:
        known = ", ".join([*Type, _MEDIAN])
        raise KnowledgeError(f"correlation.type: {text[:40]!r} is none of {known}") from None


def _rules(about: Mapping[str, Any], kind: Type) -> tuple[str, ...]:
    condition = about.get("condition")
    named = about.get("rules")
    if named is None and kind.is_temporal and isinstance(condition, str):
        named = names_in(condition)
    rules = _texts(named, "rules", RULES)
    if not rules:
        raise KnowledgeError("correlation.rules is missing: name the rules that are correlated")
    return rules


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST


def _texts(found: object, key: str, limit: int = FIELDS) -> tuple[str, ...]:
    """A text, or a list of different texts."""
    listed = [found] if isinstance(found, str) else [] if found is None else found
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise KnowledgeError(f"correlation.{key}: must be a text or a list of texts")
    if len(listed) > limit:
        raise KnowledgeError(f"correlation.{key}: {len(listed)} are too many; at most {limit}")
    if not all(_is_name(one) for one in listed):
        raise KnowledgeError(f"correlation.{key}: a name has 1 to {_LONGEST} characters")
    seen: set[str] = set()
    for one in listed:
        if one in seen:
            raise KnowledgeError(f"correlation.{key}: {one!r} stands there twice")
        seen.add(one)
    return tuple(listed)


def _timespan(found: object) -> int:
    """Seconds."""
    if found is None:
        raise KnowledgeError("correlation.timespan is missing, for example 5m")
    parsed = _TIMESPAN.fullmatch(found) if isinstance(found, str) else None
    if parsed is None:
        raise KnowledgeError(
            f"correlation.timespan: {str(found)[:40]!r} is not a number and one of "
            f"{', '.join(_SECONDS)}, for example 90m"
        )
    seconds = int(parsed[1]) * _SECONDS[parsed[2]]
    if not seconds:
        raise KnowledgeError(f"correlation.timespan: {found!r} must be longer than zero")
    return seconds


def _condition(kind: Type, found: object, rules: Sequence[str]) -> dict[str, Any]:
    if isinstance(found, str):
        if not kind.is_temporal:
            raise KnowledgeError(
                f"condition: names of rules mean nothing for {kind}; compare a number, "
                "for example gte: 10"
            )
        return {"alternatives": alternatives(found, rules)}
    if found is None and kind.is_temporal:
        return {"bounds": (Bound(Operator.GTE, str(len(rules))),)}
    if found is None:
        raise KnowledgeError(f"correlation.condition is missing, which {kind} needs")
    if not isinstance(found, dict):
        raise KnowledgeError("condition: must be a mapping, for example gte: 10")
    return _compared(kind, found)


def _compared(kind: Type, found: Mapping[str, Any]) -> dict[str, Any]:
    operators = [*Operator]
    if unknown := [str(key) for key in found if key not in (*operators, "field", "percentile")]:
        raise KnowledgeError(
            f"condition: {unknown[0][:40]!r} is none of {', '.join(operators)}, field, percentile"
        )
    bounds = tuple(Bound(one, _number(found[one], one)) for one in operators if one in found)
    if not bounds:
        raise KnowledgeError(f"condition: needs a comparison, one of {', '.join(operators)}")
    parts: dict[str, Any] = {"bounds": bounds, "fields": _texts(found.get("field"), "field")}
    if kind.needs_field and not parts["fields"]:
        raise KnowledgeError(f"condition: {kind} needs 'field', the field that it measures")
    if parts["fields"] and not kind.needs_field:
        raise KnowledgeError(f"condition: 'field' means nothing for {kind}")
    if len(parts["fields"]) > 1 and kind is not Type.VALUE_COUNT:
        raise KnowledgeError(f"condition: {kind} measures one field, not several")
    if "percentile" in found:
        parts["percentile"] = _percentile(kind, found["percentile"])
    return parts


def _number(found: object, key: str) -> str:
    text = "" if isinstance(found, bool) else str(found)
    if isinstance(found, float) and isfinite(found):
        text = format(Decimal(text), "f")  # never 1e+20
    if not _NUMBER.fullmatch(text):
        raise KnowledgeError(f"condition: {key}: {text[:40]!r} is not a number")
    return text


def _percentile(kind: Type, found: object) -> str:
    if kind is not Type.VALUE_PERCENTILE:
        raise KnowledgeError(f"condition: 'percentile' means nothing for {kind}")
    text = _number(found, "percentile")
    if not 0 <= float(text) <= 100:
        raise KnowledgeError(f"condition: percentile: {text} is not between 0 and 100")
    return text


def _aliases(found: object) -> dict[str, dict[str, str]]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise KnowledgeError("correlation.aliases: must map a name to a field for each rule")
    if len(found) > FIELDS:
        raise KnowledgeError(f"correlation.aliases: {len(found)} are too many; at most {FIELDS}")
    aliases: dict[str, dict[str, str]] = {}
    for name, fields in found.items():
        if not isinstance(name, str) or not _is_name(name):
            raise KnowledgeError(f"correlation.aliases: {str(name)[:40]!r} is no name")
        where = f"correlation.aliases.{name}"
        if not isinstance(fields, dict) or len(fields) > RULES:
            raise KnowledgeError(f"{where}: must map up to {RULES} rules to their fields")
        for rule, one in fields.items():
            if not isinstance(rule, str) or not _is_name(rule):
                raise KnowledgeError(f"{where}: {str(rule)[:40]!r} is no rule's name")
            if not isinstance(one, str) or not _is_name(one):
                raise KnowledgeError(f"{where}.{rule}: must be the name of a field")
        aliases[name] = dict(fields)
    return aliases


def _generate(found: object) -> bool:
    if found is None:
        return False
    if not isinstance(found, bool):
        raise KnowledgeError("generate: must be true or false")
    return found
