"""Small rules and events, for the tests of this package."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tocsin.events.format import all_formats
from tocsin.matching.applied import Account
from tocsin.matching.asking import rows_found
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.scan import Pass, Period
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.read import read_documents
from tocsin.matching.sigma.translate import translate
from tocsin.matching.sigma.view import View
from tocsin.matching.tally import Tally
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.events.format import Format
    from tocsin.matching.rules import RuleSet
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


def loaded(texts: Sequence[str]) -> RuleSet:
    """The fast engine with these Sigma files, as a user would bring them; all of them load."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number:04}.yml").write_text(text, encoding="utf-8")
        rules = load_rules([], user_sigma=[Path(folder)])
    assert rules.failed == ()
    return rules


def hits(rules: RuleSet, form: Format, event: Event) -> frozenset[str]:
    """The ids of the rules that the fast engine finds in one event."""
    return frozenset(rules.sigma_for(form).match(event))


class _Slow(io.BytesIO):
    """A stream that gives no more than so many bytes at once."""

    def __init__(self, data: bytes, at_once: int) -> None:
        super().__init__(data)
        self._at_once = at_once

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, self._at_once) if size and size > 0 else self._at_once)


def scanned(
    rules: RuleSet, name: str, path: str, data: bytes, *, at_once: int = 2**20
) -> set[tuple[int, str]]:
    """Place and rule of all that a hunt finds in a file; `at_once` bytes are read at once."""
    tally = Tally()
    Pass(
        artefact=Artefact(path=EvidencePath.plain(path), format=name, size_bytes=len(data)),
        form=all_formats()[name],
        rules=rules,
        period=Period(),
        observers=(),
        tally=tally,
        seen=Seen(),
    ).over(_Slow(data, at_once))
    return {(match.place, match.rule) for match in tally.matches}


def asked(
    rules: RuleSet, name: str, path: str, data: bytes, *, at_once: int = 2**20
) -> set[tuple[int, str]]:
    """The same, of what `tocsin rules` finds."""
    artefact = Artefact(path=EvidencePath.plain(path), format=name, size_bytes=len(data))
    form = all_formats()[name]
    found = rows_found(_Slow(data, at_once), artefact, form, rules, Period(), Account())
    return {(one.event.place, answer.id) for one in found for answer in one.answers}
