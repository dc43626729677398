"""What `tocsin rules` prints: hits and their account, as JSON lines and in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tocsin.matching.applied import Fired
from tocsin.matching.sigma.correlation.firing import as_object
from tocsin.matching.sigma.keywords import passages
from tocsin.model.event import PlaceKind
from tocsin.model.grade import Severity
from tocsin.report import jsontext, words
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tocsin.matching.applied import Account, Hit, Summary
    from tocsin.matching.sigma.correlation.firing import Firing
    from tocsin.model.problem import Problem
    from tocsin.model.rule import RuleInfo

_STYLES: Mapping[Severity, str] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFORMATIONAL: "dim",
}
_PLACES = {
    PlaceKind.LINE: "{path}:{place}",
    PlaceKind.RECORD: "{path} record {place}",
    PlaceKind.OFFSET: "{path} offset {place}",
}
_FIELDS_SHOWN = 4
_VALUE_CHARACTERS = 160
_LISTED = 10
_BY_RULE = 20


def as_json(hit: Hit | Fired, *, with_source: bool) -> bytes:
    """One line of JSON; `with_source` where the artefact alone does not tell the source."""
    if isinstance(hit, Fired):
        return jsontext.line(_fired(hit, with_source=with_source))
    event = hit.event
    found: dict[str, Any] = {
        "rule": hit.rule.id,
        "title": hit.rule.title,
        "level": hit.rule.severity.value,
    }
    if with_source:
        found["source"] = hit.source
    found["artefact"] = hit.artefact.path.inside
    found[hit.place_kind.value] = event.place
    found["time"] = event.time
    if hit.view is not None:
        found["view"] = hit.view
    if hit.damaged:
        found["damaged"] = True
    found["event"] = dict(event.fields)
    return jsontext.line(found)


def summary_as_json(summary: Summary) -> bytes:
    """The last line of JSON."""
    return jsontext.line({"summary": summary})


def as_text(hit: Hit | Fired, *, with_source: bool, colours: bool) -> str:
    """Two or more lines for a person; nothing from evidence acts on a terminal."""
    if isinstance(hit, Fired):
        firing = hit.firing
        head = _head(hit.rule, firing.time, "correlation", damaged=firing.damaged, colours=colours)
        return _indented(head, _what_fired(firing, with_source=with_source))
    head = _head(hit.rule, hit.event.time, hit.view, damaged=hit.damaged, colours=colours)
    source = hit.source if with_source else ""
    place = _place(source, hit.artefact.path.inside, hit.place_kind, hit.event.place)
    return _indented(head, [place, *_what_matters(hit)])


def _head(
    rule: RuleInfo, time: datetime | None, note: str | None, *, damaged: bool, colours: bool
) -> str:
    level = f"{rule.severity.value:<13}"
    if colours:
        level = _coloured(level, rule.severity)
    notes = "".join(f"  [{one}]" for one in (note, "damaged row" if damaged else None) if one)
    return f"{words.moment(time)}  {level}  {visible(rule.title)}{notes}"


def _coloured(text: str, severity: Severity) -> str:
    from rich.color import ColorSystem  # noqa: PLC0415 - rich is slow to import
    from rich.style import Style  # noqa: PLC0415 - the same

    return Style.parse(_STYLES[severity]).render(text, color_system=ColorSystem.STANDARD)


def _indented(head: str, lines: Iterable[str]) -> str:
    return "\n".join([head, *(f"    {line}" for line in lines)]) + "\n"


def _fired(fired: Fired, *, with_source: bool) -> dict[str, Any]:
    found = as_object(fired.firing, fired.hits)
    if with_source:
        for event, hit in zip(found["events"], fired.firing.events, strict=True):
            event["source"] = hit.origin.source
    rule = fired.rule
    return {"rule": rule.id, "title": rule.title, "level": rule.severity.value, **found}


def _what_fired(firing: Firing, *, with_source: bool) -> list[str]:
    """What it stands on in a sentence, and where the first rows are."""
    lines = [visible(firing.text)]
    for hit in firing.events[:_FIELDS_SHOWN]:
        origin = hit.origin
        source = origin.source if with_source else ""
        place = _place(source, origin.path, PlaceKind(origin.counts), hit.place)
        lines.append(f"{words.moment(hit.time)}  {place}  {visible(hit.rule)}")
    if firing.count > _FIELDS_SHOWN:
        lines.append(f"… and {words.count(firing.count - _FIELDS_SHOWN, 'more row')}")
    return lines


def _place(source: str, path: str, kind: PlaceKind, place: int) -> str:
    whole = f"{source}: {path}" if source else path
    return _PLACES[kind].format(path=visible(whole), place=place)


def _what_matters(hit: Hit) -> Iterator[str]:
    """What its keywords found, and the fields that the rule looks at; else the row itself."""
    fields = hit.event.fields
    shown = dict(passages(hit.keywords, hit.event))
    shown.update((name, fields[name]) for name in fields if name in hit.fields - shown.keys())
    for name, text in [*shown.items()][:_FIELDS_SHOWN]:
        named = f"{visible(name)}: " if name else ""
        yield f"{named}{visible(shortened(text, _VALUE_CHARACTERS))}"
    if len(shown) > _FIELDS_SHOWN:
        yield f"… and {words.count(len(shown) - _FIELDS_SHOWN, 'more field')} of the rule"
    if not shown:
        yield visible(shortened(hit.event.text, _VALUE_CHARACTERS))


def in_short(summary: Summary) -> str:
    """The account in one line, which leaves nothing out but names."""
    parts = [
        words.count(summary.matches, "match", "matches"),
        words.count(summary.events, "event"),
        f"{words.count(summary.rules, 'rule')} loaded",
        f"{len(summary.not_applicable):,} not applicable",
        f"{len(summary.failed):,} failed",
    ]
    if problems := sum(summary.problems.values()):
        parts.append(words.count(problems, "unreadable place"))
    return ", ".join(parts)


def summary_as_text(
    summary: Summary, account: Account, titles: Mapping[str, str], *, verbose: bool
) -> Iterator[str]:
    """The account in lines. `titles` are those of the rules; `verbose` names every rule."""
    shown = None if verbose else _LISTED
    yield f"{words.count(summary.matches, 'match', 'matches')} in {_what_was_read(summary)}"
    yield from _by_rule(summary.matches_by_rule, titles, None if verbose else _BY_RULE)
    yield f"Rules: {summary.rules:,} loaded"
    not_applicable = summary.not_applicable
    yield f"  {len(not_applicable):,} not applicable: no log of theirs was read"
    yield from _names(not_applicable if verbose else ())
    never = summary.fields_never_seen
    yield f"  {len(never):,} asked for a field that no event had"
    yield from _names(never if verbose else ())
    if summary.full_scan:
        yield f"  {len(summary.full_scan):,} needed every row in full"
        yield from _names(summary.full_scan if verbose else ())
    yield f"  {len(summary.failed):,} failed, beside those that were loaded"
    yield from _listed((f"{one.file}: {one.reason}" for one in summary.failed), shown)
    yield from _notes(summary)
    if summary.problems:
        yield f"Could not be read: {words.count(sum(summary.problems.values()), 'place')}"
        yield from _problems(summary, account.examples, verbose=verbose)


def _what_was_read(summary: Summary) -> str:
    formats = ", ".join(f"{name} {count:,}" for name, count in summary.formats.items())
    events = words.count(summary.events, "event")
    return f"{events} of {words.count(summary.files, 'file')} ({formats})"


def _by_rule(
    matches: Mapping[str, int], titles: Mapping[str, str], shown: int | None
) -> Iterator[str]:
    most = sorted(matches, key=lambda rule: (-matches[rule], rule))
    for rule in most[:shown]:
        yield f"  {matches[rule]:>9,}  {visible(titles[rule])} ({visible(rule)})"
    if shown is not None and len(most) > shown:
        yield f"             … and {words.count(len(most) - shown, 'more rule')} (--verbose)"


def _notes(summary: Summary) -> Iterator[str]:
    """What the user may not have expected."""
    if summary.asked_of_every_rule:
        rows = words.count(summary.asked_of_every_rule, "row")
        yield f"{rows} of JSON lines name no log source: every rule was asked (see --log-source)"
    if summary.outside_period:
        yield f"{words.count(summary.outside_period, 'event')} outside the period were left out"
    if summary.below_level:
        left_out = words.count(summary.below_level, "match", "matches")
        yield f"{left_out} of rules below the level asked for were left out"
    if summary.yara_files:
        files = words.count(summary.yara_files, "YARA file")
        yield f"{files} beside the rules: not for events (tocsin hunt SOURCE --yara PATH)"
    yield from (visible(sentence) for sentence in summary.not_correlated)
    if summary.unknown_files:
        yield f"{words.count(summary.unknown_files, 'file')} held no events"


def _problems(summary: Summary, examples: Sequence[Problem], *, verbose: bool) -> Iterator[str]:
    for code, count in summary.problems.items():
        yield f"  {code}: {words.count(count, 'place')}"
        told = [one for one in examples if one.code == code]
        for one in told if verbose else told[:1]:
            line = "" if one.line is None else f":{one.line}"
            yield f"    {visible(one.artefact)}{line}: {visible(one.detail)}"


def _names(rules: Iterable[str]) -> Iterator[str]:
    for rule in rules:
        yield f"    {visible(rule)}"


def _listed(lines: Iterable[str], shown: int | None) -> Iterator[str]:
    everything = list(lines)
    for line in everything[:shown]:
        yield f"    {visible(line)}"
    if shown is not None and len(everything) > shown:
        yield f"    … and {len(everything) - shown:,} more (--verbose)"
