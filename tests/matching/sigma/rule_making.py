"""Small rules and events, for the tests of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.read import read_documents
from tocsin.matching.sigma.translate import translate
from tocsin.matching.sigma.view import View
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.sigma.values import Predicate


def rule_text(detection: object, **more: object) -> str:
    """A Sigma file around `detection`."""
    head = {"title": "A rule", "logsource": {"product": "exchange", "service": "httpproxy"}}
    return yaml.safe_dump({**head, "detection": detection, **more}, sort_keys=False)


def compiled(detection: object) -> tuple[Predicate, frozenset[str]]:
    """The test of a rule with this detection section, and its fields."""
    (document,) = read_documents(rule_text(detection))
    assert document.rule is not None
    condition = translate(document.rule)
    return compile_node(condition.node), condition.fields


def event(fields: Mapping[str, str], stream: str = "") -> Event:
    """An event of these fields; `_text` is the record itself."""
    return Event(
        time=None,
        place=1,
        fields={name: value for name, value in fields.items() if name != "_text"},
        text=fields.get("_text", ""),
        stream=stream,
    )


def holds(detection: object, fields: Mapping[str, str]) -> bool:
    """Whether a rule with this detection section matches an event of these fields."""
    test, _ = compiled(detection)
    return test(View(event(fields)))
