"""Sigma files: YAML documents in, pySigma's typed rules out, and our own key checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRule
from sigma.rule.base import SigmaYAMLLoader

from tocsin.errors import KnowledgeError
from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaRuleBase

Row = dict[str, str]
OUR_KEY = "tocsin"
SPELLINGS = {"utf16le": "wide"}
"""Modifiers of the Sigma specification that pySigma knows by another name only."""

ODD = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""pySigma answers a document of the wrong shape with whatever Python says about it."""
_COMPARISONS = frozenset({"lt", "lte", "gt", "gte"})
_ALL_FLOATS = 2**53
"""Every integer up to here is a float as well."""
_DEPTH = 500
"""Levels of one document. Python's own limit on recursion refuses fewer than a thousand."""
_OPENING = "[{-?:"
_VALUES = 1_000_000
"""Values of one document, with its aliases written out."""


class Examples(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that a rule must and must not match: field names and values, all text."""

    match: tuple[Row, ...]
    no_match: tuple[Row, ...]


class Extra(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Our own key in a rule: what Sigma has no word for."""

    grade: Grade | None = None
    confidence: Confidence | None = None
    reason: str = ""
    next_steps: tuple[str, ...] = ()
    examples: Examples | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document: exactly one of the three is set.

    `names` are the id and the name, by which filters and correlations call a rule.
    """

    names: frozenset[str]
    rule: SigmaRule | None = None
    filter: SigmaFilter | None = None
    correlation: Mapping[str, Any] | None = None


def read_documents(text: str) -> list[Document]:
    """Everything in one Sigma file. Raises `KnowledgeError` with the reason."""
    try:
        _refuse_depth(text)
        loaded = [
            doc
            # Derived from yaml.CSafeLoader, and refuses double keys.
            for doc in yaml.load_all(text, Loader=SigmaYAMLLoader)
            if doc is not None
        ]
        if "&" in text:
            _refuse_swelling(loaded)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise KnowledgeError(f"is not YAML: {_one_line(error)}") from error
    if not loaded:
        raise KnowledgeError("holds no rule")
    if not all(isinstance(doc, dict) for doc in loaded):
        raise KnowledgeError("is not a Sigma rule: a mapping is expected")
    correlations = [doc for doc in loaded if "correlation" in doc]
    try:
        others = [_respelt(doc) for doc in loaded if "correlation" not in doc]
    except (RecursionError, ValueError) as error:
        raise KnowledgeError(f"is not a Sigma rule: {_one_line(error)}") from error
    return [
        *(_document(one) for one in _parsed(others)),
        *(Document(names=_names(doc), correlation=doc) for doc in correlations),
    ]


def _refuse_depth(text: str) -> None:
    """Raise `ValueError` for nesting on which the loader, which calls itself in C, would crash.

    Every level needs a mark that opens it, so a text with few of them cannot be deep: no rule
    that people write is read twice for this.
    """
    if sum(map(text.count, _OPENING)) <= _DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                raise ValueError(f"nested more than {_DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refuse_swelling(documents: Sequence[object]) -> None:
    """Raise `ValueError` where aliases make a document hold itself, or grow without end.

    Ten lines, each of which names the one before ten times, are thousands of millions of values.
    """
    sizes: dict[int, int] = {}

    def size(value: object) -> int:
        if not isinstance(value, dict | list | set | tuple):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = _VALUES + 1  # Until it is known: who meets it again is inside it.
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            sizes[id(value)] = 1 + sum(map(size, inside))
        return sizes[id(value)]

    if any(size(one) > _VALUES for one in documents):
        raise ValueError(f"with its aliases written out it holds itself, or over {_VALUES} values")


def extra_of(rule: SigmaRuleBase) -> Extra:
    """Our own key of `rule`. Raises `KnowledgeError` where it is missing or wrong."""
    found = rule.custom_attributes.get(OUR_KEY)
    if found is None:
        raise KnowledgeError(f"needs the key '{OUR_KEY}' (grade, confidence, examples)")
    try:
        return msgspec.convert(found, Extra)
    except msgspec.ValidationError as error:
        raise KnowledgeError(f"{OUR_KEY}: {error}") from error


def filtered(rule: SigmaRule, filters: Sequence[SigmaFilter]) -> SigmaRule:
    """`rule` with every filter that means it applied. Raises `KnowledgeError`."""
    try:
        for one in filters:
            applied = one.apply_on_rule(rule)
            if isinstance(applied, SigmaRule):
                rule = applied
    except SigmaError as error:
        raise KnowledgeError(f"a filter cannot be applied: {_one_line(error)}") from error
    return rule


def _parsed(documents: list[dict[str, Any]]) -> Iterator[SigmaRule | SigmaFilter]:
    try:
        collection = SigmaCollection.from_dicts(
            documents, collect_filters=True, resolve_references=False, policy=TrustedPolicy
        )
    except SigmaError as error:
        raise KnowledgeError(_one_line(error)) from error
    except ODD as error:
        raise KnowledgeError(f"is not a Sigma rule: {_one_line(error)}") from error
    for rule in collection.rules:
        if isinstance(rule, SigmaRule):
            yield rule
    yield from collection.filters


def _document(parsed: SigmaRule | SigmaFilter) -> Document:
    names = frozenset(str(name) for name in (parsed.id, parsed.name) if name)
    if isinstance(parsed, SigmaRule):
        return Document(names=names, rule=parsed)
    return Document(names=names, filter=parsed)


def _names(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(document[key]) for key in ("id", "name") if document.get(key))


def _respelt(document: dict[str, Any]) -> dict[str, Any]:
    """The document with modifiers spelt as pySigma knows them."""
    for key in ("detection", "filter"):
        if isinstance(document.get(key), dict):
            _check_condition(document[key].get("condition", ""))
            document[key] = {
                name: _respelt_keys(value) if name != "condition" else value
                for name, value in document[key].items()
            }
    return document


def _check_condition(condition: object) -> None:
    for one in condition if isinstance(condition, list) else [condition]:
        if not isinstance(one, str):
            raise KnowledgeError(f"a condition must be text, not {type(one).__name__}")


def _respelt_keys(value: object) -> object:
    if isinstance(value, list):
        return [_respelt_keys(one) for one in value]
    if isinstance(value, dict):
        return {_respelt_key(str(key)): _respelt_value(key, one) for key, one in value.items()}
    return _unrounded(value)


def _respelt_value(key: object, value: object) -> object:
    if not _COMPARISONS.isdisjoint(str(key).split("|")):
        return value  # Only a number will do.
    return [_unrounded(one) for one in value] if isinstance(value, list) else _unrounded(value)


def _unrounded(value: object) -> object:
    """An integer as text where pySigma would make another number of it, a float."""
    if isinstance(value, int) and abs(value) > _ALL_FLOATS:
        return str(value)
    return value


def _respelt_key(key: str) -> str:
    field, *modifiers = key.split("|")
    return "|".join((field, *(SPELLINGS.get(word, word) for word in modifiers)))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__
