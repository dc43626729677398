"""Write Sigma rules of SigmaHQ's shape, and for each an event that it must match.

    python -m bench.rulemaker FOLDER [--kind windows|iis|httpproxy] [--count 2400] [--seed word]

The rules are ours: invented words among names that occur in real logs, so that a prefilter has
to choose which of a rule's texts it looks for. `bench.vocabulary` says where the shares come from.
The known event of each rule is what makes a fast and wrong engine fail.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import yaml

from bench.vocabulary import SYLLABLES, WEB, WINDOWS
from tocsin.samples.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.vocabulary import Field, Kind

Selection: TypeAlias = dict[str, object]
Event: TypeAlias = dict[str, str]
LEVELS = ("low", "medium", "medium", "high", "high", "critical")
FILTERED_OF_100 = 38
"""Rules with filters. Of the rest of the shape too: an estimate from reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One rule, as text, and the fields of an event that it must match, by the rule's names."""

    slug: str
    id: str
    title: str
    text: str
    kind: Kind
    event: Event


def make_rules(kinds: Sequence[Kind], count: int, seed: str) -> list[Made]:
    """`count` rules, shared among `kinds`; the same ones for the same seed."""
    return [
        _made(kind, number, Dice(f"{seed}/{number}"))
        for number, kind in enumerate(_shared(kinds, count))
    ]


def write_rules(folder: Path, rules: Sequence[Made]) -> None:
    """One file for each rule, in folders of its kind, as SigmaHQ has them."""
    for rule in rules:
        source = rule.kind.log_source
        path = folder / (source.get("category") or source["service"]) / f"{rule.slug}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rule.text, encoding="utf-8")


def kinds_named(name: str) -> tuple[Kind, ...]:
    """The kinds of logs that go by this name here: ``windows``, ``iis``, ``httpproxy``."""
    return WINDOWS if name == "windows" else (WEB[name],)


def _shared(kinds: Sequence[Kind], count: int) -> Iterator[Kind]:
    """Each kind as often as its share wants, spread over the whole."""
    total = sum(kind.share for kind in kinds)
    due = [0] * len(kinds)
    for _ in range(count):
        due = [debt + kind.share for debt, kind in zip(due, kinds, strict=True)]
        place = due.index(max(due))
        due[place] -= total
        yield kinds[place]


def _made(kind: Kind, number: int, dice: Dice) -> Made:
    detection, event = _detection(kind, dice)
    title = f"{word(dice).title()} {word(dice).title()} Activity {number}"
    slug = f"gen_{kind.log_source.get('category') or kind.log_source['service']}_{number:05}"
    rule_id = dice.guid()
    technique = f"attack.t1{dice.number(3, 599):03}"
    document = {
        "title": title,
        "id": rule_id,
        "status": dice.pick(("test", "test", "experimental", "stable")),
        "description": f"Detects what the benchmark calls {title}. " + " ".join(
            word(dice) for _ in range(dice.number(6, 20))
        ) + ".",
        "references": [f"https://example.org/{word(dice)}" for _ in range(dice.number(1, 3))],
        "author": "The Tocsin authors (generated)",
        "date": f"{dice.number(2019, 2025)}-{dice.number(1, 12):02}-{dice.number(1, 28):02}",
        "tags": ["attack.execution", technique],
        "logsource": dict(kind.log_source),
        "detection": detection,
        "falsepositives": ["Unknown"],
        "level": dice.pick(LEVELS),
    }  # fmt: skip
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return Made(slug=slug, id=rule_id, title=title, text=text, kind=kind, event=event)


def _detection(kind: Kind, dice: Dice) -> tuple[Selection, Event]:
    """One of SigmaHQ's forms: one selection, several that all hold, or one of several."""
    event: Event = {}
    form = dice.number(1, 100)
    if kind.keywords and form <= 8:
        return _keywords(kind, dice)
    fields = _fields(kind, dice)
    rare = dice.pick([place for place, field in enumerate(fields) if field.how != ("",)])
    parts: list[Selection] = []
    for place, field in enumerate(fields):
        parts.append(_part(field, dice, event, rare=place == rare))
    if form <= 50 or len(parts) == 1:
        merged = {key: value for part in parts for key, value in part.items()}
        detection: Selection = {"selection": merged}
        condition = "selection"
    elif form <= 90 or any(field.how == ("",) for field in fields):
        detection = {f"selection_{name}": part for name, part in zip("abcd", parts, strict=False)}
        condition = "all of selection_*"
        _widen(detection, fields, dice)
    else:
        detection = {f"selection_{name}": part for name, part in zip("abcd", parts, strict=False)}
        condition = "1 of selection_*"
        # Each selection must be rare, or the rule says yes to every other row.
        for place, field in enumerate(fields):
            if place != rare:
                detection[f"selection_{'abcd'[place]}"] = _part(field, dice, event, rare=True)
    if kind.asks_event_id:
        event["EventID"] = str(kind.event_id)
        detection = {"selection_id": {"EventID": kind.event_id}, **detection}
        condition = f"selection_id and {condition}"
    if dice.number(1, 100) <= FILTERED_OF_100:
        condition += _add_filters(detection, kind, dice, event)
    return {**detection, "condition": condition}, event


def _fields(kind: Kind, dice: Dice) -> list[Field]:
    """One to four fields, the first ones of the kind more often; never only an exact word."""
    wanted = dice.pick((1, 2, 2, 2, 3, 3, 4))
    first = [dice.pick([field for field in kind.fields if field.how != ("",)][:2])]
    others = [field for field in kind.fields if field is not first[0]]
    return first + dice.some(others, wanted - 1)


def _part(field: Field, dice: Dice, event: Event, *, rare: bool) -> Selection:
    """One line of a selection; `event` gets a value that fits it."""
    how = dice.pick(field.how)
    if how == "cidr":
        network = dice.pick(field.common)
        event[field.name] = network.replace(".0/24", f".{dice.number(1, 254)}")
        return {f"{field.name}|cidr": network}
    if how == "re":
        stem = word(dice) if rare else dice.pick(field.common).strip()
        event[field.name] = f"{field.before}{stem}-{dice.number(100, 999)}{field.after}"
        return {f"{field.name}|re": f"(?i){_escaped(stem)}-[0-9]{{3}}"}
    many = dice.pick((1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12, 20))
    values = [_value(field, how, dice, rare=rare) for _ in range(min(many, 8) if rare else many)]
    if how.endswith("all"):
        values = [*values, _value(field, how, dice, rare=True)][-4:]
        if len(values) == 1:
            values.append(dice.pick(field.common))
    values = list(dict.fromkeys(values))
    event[field.name] = _fitting(field, how, values, dice)
    key = f"{field.name}|{how}" if how else field.name
    return {key: values[0] if len(values) == 1 else list(values)}


def _value(field: Field, how: str, dice: Dice, *, rare: bool) -> str:
    """A text to look for: one that real logs have, or an invented one of the same look."""
    known = dice.pick(field.common)
    if not rare:
        return known
    invented = word(dice) + word(dice)
    if field.ending:
        return f"\\{invented}{field.ending}"
    if known.isdecimal() and how == "":
        return str(dice.number(20_000, 60_000))
    if how == "contains|windash":
        return f" -{invented}"
    start = known if known[:1] in ("/", "\\", " ", ".") and how != "" else ""
    return f"{start.rstrip()}{invented}" if how != "endswith" else f"{invented}{known.strip()}"


def _fitting(field: Field, how: str, values: Sequence[str], dice: Dice) -> str:
    """A value of the field for which the line says yes."""
    one = dice.pick(values)
    match how.partition("|")[0], how.endswith("all"):
        case "contains", True:
            return f"{field.before}{field.after.join(values)}{field.after}"
        case "contains", False:
            # Sigma's `windash` means other dashes and the slash as well.
            shown = one.replace(" -", " /", 1) if how.endswith("windash") else one
            return f"{field.before}{shown}{field.after}"
        case "startswith", _:
            return f"{one}{field.after}"
        case "endswith", _:
            return f"{field.before}{one}"
        case _:
            return one


def _widen(detection: Selection, fields: Sequence[Field], dice: Dice) -> None:
    """A program is often asked for by path *or* by its original name: a list of maps."""
    for name, part in list(detection.items()):
        if (
            isinstance(part, dict)
            and any(key.startswith("Image|endswith") for key in part)
            and dice.number(1, 100) <= 45
            and all(field.name != "OriginalFileName" for field in fields)
        ):
            detection[name] = [part, {"OriginalFileName": f"{word(dice)}.exe"}]


def _keywords(kind: Kind, dice: Dice) -> tuple[Selection, Event]:
    words = [f"{word(dice)}{word(dice)}" for _ in range(dice.number(1, 6))]
    field = kind.fields[0]
    event = {field.name: f"{field.before}{dice.pick(words)}{field.after}"}
    return {"keywords": words, "condition": "keywords"}, event


def _add_filters(detection: Selection, kind: Kind, dice: Dice, event: Event) -> str:
    """Filters that never fit the known event: each asks for a word that it does not hold."""
    names = dice.pick((("filter_main",), ("filter_main", "filter_main"),
                       ("filter_main", "filter_optional")))  # fmt: skip
    for place, name in enumerate(names):
        field = dice.pick([one for one in kind.fields[:4] if len(one.common) > 1])
        how = dice.pick(tuple(one for one in field.how if one != "re"))
        entry: Selection = {}
        others = [one for one in field.common if one != event.get(field.name)]
        if how == "cidr":
            entry[f"{field.name}|cidr"] = "192.0.2.0/24"
        elif field.how == ("",) and others:
            unwanted = dice.pick(others)
            entry[field.name] = unwanted
            event.setdefault(field.name, next(one for one in field.common if one != unwanted))
        else:
            values = [_value(field, how, dice, rare=True) for _ in range(dice.pick((1, 1, 2, 4)))]
            if how.endswith("all"):
                values.append(dice.pick(field.common))
            entry[f"{field.name}|{how}" if how else field.name] = values
        detection[f"{name}_{'xyz'[place]}"] = entry
    stems = dict.fromkeys(names)
    return "".join(f" and not 1 of {stem}_*" for stem in stems)


def word(dice: Dice) -> str:
    """An invented word of two or three syllables."""
    return "".join(dice.pick(SYLLABLES) for _ in range(dice.number(2, 3)))


def _escaped(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\.+*?()[]{}|^$" else one for one in text)


def main() -> int:
    """Write rules and say how many."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=("windows", *WEB), default="windows")
    parser.add_argument("--count", type=int, default=2400)
    parser.add_argument("--seed", default="bench")
    arguments = parser.parse_args()
    rules = make_rules(kinds_named(arguments.kind), arguments.count, arguments.seed)
    write_rules(arguments.folder, rules)
    print(f"{len(rules)} rules in {arguments.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
