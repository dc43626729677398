"""`tocsin pack list`: what each pack covers and what became of its rules, as text or as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.cli.rule_cache import rule_cache
from tocsin.events.format import all_formats
from tocsin.matching.rules import load_rules
from tocsin.report.visible import visible
from tocsin.report.words import count, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from tocsin.knowledge.packs import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is listed: the knowledge in use, its packs, and the versions that are installed."""

    version: str
    origin: str
    packs: Sequence[Pack]
    installed: Mapping[str, str]


def as_text(listed: Listed) -> Iterator[str]:
    """A few lines for each pack."""
    yield f"Knowledge of {listed.version}, {listed.origin}"
    reads = sources_read(listed.packs)
    for pack in listed.packs:
        about = pack.about
        yield ""
        yield f"{about.slug}  {about.updated}  {visible(about.title)}"
        yield f"    CVEs: {', '.join(about.cves) or 'none: it tells of any way in'}"
        yield f"    Window: {_window(pack)}"
        rules = ", ".join(count(number, one) for one, number in _rules(pack).items() if number)
        yield f"    Holds: {rules or 'no rule'}"
        if names := [source(kind) for kind in reads[about.slug]]:
            yield f"    Reads: {', '.join(dict.fromkeys(names))}"
        yield from (f"    For --indicators: {visible(str(path))}" for path in pack.indicators)
        if not about.detectable:
            yield "    Not assessable from a server's evidence. Check instead:"
            yield from (f"      - {visible(one)}" for one in about.check_instead)
        base = about.evidence_base
        yield (
            f"    Rests on: {_told(base.real_data, 'real data')}; "
            f"{_told(base.published_rules, 'published rules')}; "
            f"{_told(base.synthetic, 'synthetic only')}"
        )
    if listed.installed:
        yield ""
    for name, mark in listed.installed.items():
        yield f"Installed: {name} ({mark})"


def as_json(listed: Listed) -> bytes:
    """All of it as one object; docs/reference/packs.md names the keys."""
    reads = sources_read(listed.packs)
    told = {
        "schema": "tocsin.packs/1",
        "knowledge": listed.version,
        "packs": [_object(pack, reads[pack.about.slug]) for pack in listed.packs],
        "installed": list(listed.installed),
    }
    return _encoded(told)


def changes_as_text(packs: Sequence[Pack], since: date | None) -> Iterator[str]:
    """What became of the rules, the newest first."""
    for slug, change in _changes(packs, since):
        rules = ", ".join(change.rules) or "the pack itself"
        yield f"{change.date}  {slug}  {change.kind}: {visible(rules)}"
        yield f"    {visible(change.why)}"


def changes_as_json(packs: Sequence[Pack], since: date | None) -> bytes:
    """The same as one object."""
    told = [
        {"pack": slug, **msgspec.to_builtins(change)} for slug, change in _changes(packs, since)
    ]
    return _encoded({"schema": "tocsin.pack_changes/1", "changes": told})


def sources_read(packs: Sequence[Pack]) -> Mapping[str, tuple[str, ...]]:
    """For each pack the formats whose rows its rules and benign patterns are asked about."""
    rules = load_rules(packs, cache=rule_cache())
    reads: dict[str, list[str]] = {pack.about.slug: [] for pack in packs}
    for form in all_formats().values():
        for slug in {rules.infos[rule].pack for rule in rules.sigma_for(form).ids}:
            reads[slug].append(form.name)
    for pack in packs:
        if pack.yara:
            reads[pack.about.slug].append("web_file")
    return {slug: tuple(sorted(names)) for slug, names in reads.items()}


def _object(pack: Pack, reads: Sequence[str]) -> dict[str, Any]:
    about: dict[str, Any] = msgspec.to_builtins(pack.about)
    return {
        **about,
        "rules": {name.lower().replace(" ", "_"): n for name, n in _rules(pack).items()},
        "chains": [chain.id for chain in pack.chains],
        "reads": list(reads),
        "indicators": [str(path) for path in pack.indicators],
    }


def _rules(pack: Pack) -> dict[str, int]:
    return {
        "Sigma rule": len(pack.sigma),
        "YARA rule": len(pack.yara),
        "benign pattern": len(pack.benign),
        "chain": len(pack.chains),
        "list of indicators": len(pack.indicators),
    }


def _window(pack: Pack) -> str:
    start, end = pack.about.exploitation_from, pack.about.exploitation_until
    if start is None:
        return "any time"
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" if end else f"from {start:%Y-%m-%d} on"


def _told(said: Sequence[str], what: str) -> str:
    return f"{what}: {count(len(said), 'statement') if said else 'none'}"


def _changes(packs: Sequence[Pack], since: date | None) -> Sequence[tuple[str, Any]]:
    found = [
        (pack.about.slug, change)
        for pack in packs
        for change in pack.changes
        if since is None or change.date >= since
    ]
    return sorted(found, key=lambda one: one[1].date, reverse=True)


def _encoded(told: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
