"""`recorded.toml`: what each rule of a pack looked for when `changes.toml` last spoke of it.

A rule that goes, or looks for something else, takes hits with it. So each rule's condition is
recorded as a hash, beside how many changes had named the rule by then: a condition that differs
although nothing was written about it is found, and so is a rule that is gone. Nobody edits this
file; ``tocsin pack check --record`` writes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import yaml

from tocsin.knowledge.pack_changes import CHANGES, RECORD, ChangeKind, PackChange
from tocsin.knowledge.pack_toml import PackToml, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from tocsin.knowledge.packs import Pack, RuleFile

_HEAD = (
    "# Written by `tocsin pack check --record`; do not edit. For each rule: how many entries of\n"
    "# changes.toml name it, and a hash of what it looks for.\n\n[rules]\n"
)
_HEX = 16
_TOCSIN = ("grade", "confidence")
_META = re.compile(r"\bmeta\s*:.*?(?=^\s*(?:strings|condition)\s*:)", re.DOTALL | re.MULTILINE)
_YARA_CLAIM = re.compile(r'^\s*((?:grade|confidence)\s*=\s*".*")\s*$', re.MULTILINE)
_NAMED = 4


class Recorded(PackToml, frozen=True, kw_only=True):
    """One rule: entries of `changes.toml` that named it, and the hash of what it looked for."""

    changes: int
    looks_for: str


class _Record(PackToml, frozen=True, kw_only=True):
    rules: dict[str, Recorded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Rules that came, changed or went, and of which `changes.toml` says nothing."""

    said: str
    kind: ChangeKind
    rules: tuple[str, ...]

    def entry(self, day: date) -> str:
        """What to write into `changes.toml`, but for the reason."""
        return (
            f'[[change]]\ndate = {day.isoformat()}\nkind = "{self.kind}"\n'
            f"rules = [{', '.join(map(_quoted, self.rules))}]\n"
            'why = "say here why, in a sentence"'
        )


def read_record(folder: Path) -> Mapping[str, Recorded]:
    """The record of the pack in `folder`, by rule; empty where nothing was recorded yet."""
    path = folder / RECORD
    return read_toml(path, _Record, folder).rules if path.exists() else {}


def record_of(pack: Pack) -> str:
    """The text of the record as the pack is now. The same pack gives the same text."""
    lines = (
        f'{_quoted(rule)} = {{ changes = {one.changes}, looks_for = "{one.looks_for}" }}\n'
        for rule, one in sorted(_now(pack).items())
    )
    return _HEAD + "".join(lines)


def untold(pack: Pack, record: Mapping[str, Recorded]) -> Iterator[Untold]:
    """What happened to rules and `changes.toml` does not say. Pure."""
    now, last = _now(pack), _last(pack.changes)
    added = [rule for rule in now if last.get(rule) in (None, ChangeKind.REMOVED)]
    gone = [rule for rule, kind in last.items() if kind is not ChangeKind.REMOVED]
    removed = [rule for rule in dict.fromkeys((*gone, *record)) if rule not in now]
    changed = [
        rule
        for rule, one in now.items()
        if rule in record
        and rule not in added
        and one.looks_for != record[rule].looks_for
        and one.changes <= record[rule].changes
    ]
    for rules, kind, what in (
        (added, ChangeKind.ADDED, "is in the pack and was never added"),
        (changed, ChangeKind.CHANGED, "looks for something else than before"),
        (
            [rule for rule in removed if last.get(rule) is not ChangeKind.REMOVED],
            ChangeKind.REMOVED,
            "is gone",
        ),
    ):
        if rules:
            said = f"{_some(rules)} {what}, and {CHANGES} does not say so"
            yield Untold(said=said, kind=kind, rules=tuple(rules))


def out_of_date(pack: Pack, record: Mapping[str, Recorded]) -> Sequence[str]:
    """The rules of which the record says less than `changes.toml` by now."""
    now = _now(pack)
    return [rule for rule in sorted({*now, *record}) if now.get(rule) != record.get(rule)]


def looks_for(file: RuleFile) -> str:
    """A hash of what a rule looks for and of what it claims; texts around it do not count."""
    what = _yara(file.text) if file.path.endswith(".yar") else _sigma(file.text)
    return hashlib.sha256(what.encode()).hexdigest()[:_HEX]


def _now(pack: Pack) -> dict[str, Recorded]:
    named = [rule for change in pack.changes for rule in change.rules]
    return {
        rule: Recorded(changes=named.count(rule), looks_for=looks_for(file))
        for file in (*pack.sigma, *pack.yara, *pack.benign)
        for rule in (PurePath(file.path).stem,)
    }


def _last(changes: Iterable[PackChange]) -> dict[str, ChangeKind]:
    """What the last entry says of each rule; the file is in order, the newest last."""
    return {rule: change.kind for change in changes for rule in change.rules}


def _sigma(text: str) -> str:
    """A comment, a title or a false positive changes no hit; a rule that is no YAML is itself."""
    try:
        rule = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    if not isinstance(rule, dict):
        return text
    ours = rule.get("tocsin")
    claims = {key: ours.get(key) for key in _TOCSIN} if isinstance(ours, dict) else {}
    what = {"logsource": rule.get("logsource"), "detection": rule.get("detection"), **claims}
    return json.dumps(_as_text(what), sort_keys=True)


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _as_text(one) for key, one in value.items()}
    return [_as_text(one) for one in value] if isinstance(value, list) else str(value)


def _yara(text: str) -> str:
    claims = _YARA_CLAIM.findall(text)
    lines = (line.strip() for line in _META.sub("", text).splitlines())
    return "\n".join([*sorted(claims), *(line for line in lines if line)])


def _quoted(name: str) -> str:
    """A name as a string of TOML, which knows no surrogates, as JSON does."""
    return json.dumps(name, ensure_ascii=False)


def _some(rules: Sequence[str]) -> str:
    more = len(rules) - _NAMED
    return ", ".join(rules[:_NAMED]) + (f" and {more} more" if more > 0 else "")
