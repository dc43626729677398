"""Which mitigations stood in the configuration of IIS, whether they could hold, and what remains.

A mitigation never makes a status `fixed`: it is told beside the status, with the line that it
stands in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.events.documents import evidence_time
from tocsin.knowledge.mitigations import Mitigation, MitigationKind, all_mitigations
from tocsin.matching.scan import Observer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tocsin.events.format import Format
    from tocsin.matching.watching import Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

_FORMAT = "iis_config"
_MAIN = "applicationhost.config"
"""The configuration that IIS keeps copies of."""
_KEPT = 1000
_NAMED = 3
_ACTIONS = frozenset({"abortrequest", "customresponse"})
_MATCHES_ALL = frozenset({".*", "(.*)", "^(.*)$", "^.*$"})
_STRENGTH = {"none": 0, "allow": 1, "require": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One mitigation in one place. `faults` are why it does not hold there; empty where it does.

    `since` is the evidence time of the file, UTC: the file, not the rule, is that old. `is_past`
    tells a copy that IIS kept of an earlier configuration.
    """

    mitigation: Mitigation
    artefact: str
    line: int
    faults: tuple[str, ...]
    since: datetime | None
    is_past: bool

    @property
    def place(self) -> str:
        """Where it stands, for a citation."""
        return f"{self.artefact}:{self.line}"


class Mitigations(Observer):
    """Notes every mitigation in the configuration; bounded however many rows there are."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._main_was_read = False
        self._cleared: list[str] = []
        self._protection: dict[tuple[str, bool], dict[str, _Setting]] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Note what the row of a configuration says."""
        del kind
        if form.name != _FORMAT:
            return
        fields = event.fields
        past = "/inetpub/history/" in f"/{artefact.path.folded}"
        match fields.get("ElementType"):
            case "configuration":
                self._main_was_read |= not past and artefact.path.name.lower() == _MAIN
            case "rewriteRule":
                self._note(MitigationKind.REWRITE_RULE, artefact, event, past=past)
            case "applicationPool":
                self._note(MitigationKind.APPLICATION_POOL, artefact, event, past=past)
            case "rewriteClear" if not past and _below_a_site(artefact, fields):
                if len(self._cleared) < _KEPT:
                    self._cleared.append(f"{artefact.path.inside}:{event.place}")
            case "extendedProtection":
                self._protect(artefact, event, past=past)
            case _:
                pass

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage tells of no mitigation."""

    def watches(self, form: Format) -> Sequence[Watch]:
        """Nothing in a log of requests."""
        del form
        return ()

    def absorb(self, later: Mitigations) -> None:
        """Take what one more configuration says."""
        self._seen += later._seen[: _KEPT - len(self._seen)]
        self._main_was_read |= later._main_was_read
        self._cleared += later._cleared[: _KEPT - len(self._cleared)]
        for place, settings in later._protection.items():
            if place in self._protection or len(self._protection) < _KEPT:
                self._protection.setdefault(place, {}).update(settings)

    def _note(self, kind: MitigationKind, artefact: Artefact, event: Event, *, past: bool) -> None:
        name = event.fields.get("Name", "")
        for mitigation in all_mitigations():
            if mitigation.kind is kind and mitigation.is_named(name) and len(self._seen) < _KEPT:
                faults = _faults(mitigation, event.fields) if mitigation.patterns else ()
                self._seen.append(_seen(mitigation, artefact, event.place, faults, past=past))

    def _protect(self, artefact: Artefact, event: Event, *, past: bool) -> None:
        place = (artefact.path.inside, past)
        if place not in self._protection and len(self._protection) >= _KEPT:
            return
        here = self._protection.setdefault(place, {})
        location = event.fields.get("Location", "").strip("/").lower()
        if location not in here and len(here) >= _KEPT:
            return
        checking = event.fields.get("TokenChecking", "None")
        here[location] = _Setting(artefact=artefact, line=event.place, checking=checking)

    def taken(self) -> tuple[Told, ...]:
        """Everything that was seen, judged as a whole, by CVE and title."""
        told: list[Told] = []
        groups: dict[str, list[Mitigation]] = {}
        for mitigation in all_mitigations():
            groups.setdefault(mitigation.together, []).append(mitigation)
        for members in groups.values():
            if members[0].kind is MitigationKind.EXTENDED_PROTECTION:
                told += self._told_of_protection(members[0])
            else:
                told += self._told_of(members)
        return tuple(told)

    def _told_of(self, members: Sequence[Mitigation]) -> Iterable[Told]:
        """One sentence for what closes a hole together."""
        seen = sorted(
            (one for one in self._seen if one.mitigation in members),
            key=lambda one: (one.is_past, bool(one.faults), one.artefact, one.line),
        )
        if not seen:
            return
        now = [one for one in seen if not one.is_past]
        if now:
            sound = [one for one in now if not one.faults]
            faults = [fault for one in now for fault in one.faults] if not sound else []
            missing = _missing(members, {one.mitigation.id for one in now})
            faults += [f"{title} is not there" for title in missing] if sound else []
            if self._cleared and members[0].kind is MitigationKind.REWRITE_RULE:
                faults.append(f"rules are cleared further down ({self._cleared[0]})")
            yield _told(sound or now, faults, gone=False)
        else:
            yield _told(seen, [], gone=self._main_was_read)

    def _told_of_protection(self, mitigation: Mitigation) -> Iterable[Told]:
        for (_, past), settings in sorted(self._protection.items()):
            if past:
                continue
            least = {place.lower(): need for place, need in mitigation.least.items()}
            known = {place: one for place, one in settings.items() if place in least}
            if not known:
                continue
            weak = [
                f"{place} is {known[place].checking if place in known else 'not set'}, not {need}"
                for place, need in least.items()
                if place not in known or _weaker(known[place].checking, need)
            ]
            first = min(known.values(), key=lambda one: one.line)
            if any(_STRENGTH.get(one.checking.lower(), 0) for one in known.values()):
                seen = _seen(mitigation, first.artefact, first.line, tuple(weak), past=False)
                yield _told([seen], weak, gone=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A mitigation as a person is told of it.

    `holds` is whether it could hold as it stood in the newest configuration that was collected;
    nobody can tell from a file whether IIS had loaded it.
    """

    cves: tuple[str, ...]
    ids: tuple[str, ...]
    title: str
    places: tuple[str, ...]
    holds: bool
    faults: tuple[str, ...]
    gone: bool
    since: datetime | None
    lost_by_update: bool

    @property
    def text(self) -> str:
        """The part of a sentence that follows the status."""
        where = ", ".join(self.places[:_NAMED])
        if self.gone:
            cause = "; a cumulative update overwrites it" if self.lost_by_update else ""
            return (
                f"once mitigated by {self.title} ({where}), which the configuration collected "
                f"no longer has{cause}"
            )
        if not self.holds:
            more = len(self.faults) - _NAMED
            why = "; ".join(self.faults[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
            return f"{self.title} is there ({where}) but does not hold: {why}"
        when = f", in a file of {self.since:%Y-%m-%d}" if self.since else ""
        later = "; a cumulative update removes it" if self.lost_by_update else ""
        return f"mitigated by {self.title}, seen in {where}{when}{later}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    artefact: Artefact
    line: int
    checking: str = field(default="None")


def _seen(
    mitigation: Mitigation, artefact: Artefact, line: int, faults: Sequence[str], *, past: bool
) -> Seen:
    return Seen(
        mitigation=mitigation,
        artefact=artefact.path.inside,
        line=line,
        faults=tuple(faults),
        since=evidence_time(artefact),
        is_past=past,
    )


def _told(seen: Sequence[Seen], faults: Sequence[str], *, gone: bool) -> Told:
    by_id = {one.mitigation.id: one for one in seen}
    mitigations = [one.mitigation for one in by_id.values()]
    only_past = all(one.is_past for one in seen)
    return Told(
        cves=tuple(dict.fromkeys(cve for one in mitigations for cve in one.cves)),
        ids=tuple(by_id),
        title=" and ".join(one.title for one in mitigations),
        places=tuple(dict.fromkeys(one.place for one in seen)),
        holds=not faults and not only_past,
        faults=tuple(faults) or (("only in a copy of the past",) if only_past else ()),
        gone=gone,
        since=max((one.since for one in seen if one.since), default=None),
        lost_by_update=any(one.lost_by_update for one in mitigations),
    )


def _missing(members: Sequence[Mitigation], there: set[str]) -> list[str]:
    """What else is needed; entries for the same CVEs under other names are one another's stand-in.

    Two rules with different conditions are both needed, the same condition under two names once.
    """
    covered = {one.patterns for one in members if one.id in there}
    return [one.title for one in members if one.id not in there and one.patterns not in covered]


def _faults(mitigation: Mitigation, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Why the rule, as it stands, does not hold."""
    faults = []
    if fields.get("Enabled", "true").lower() == "false":
        faults.append("the rule is switched off")
    if fields.get("PatternSyntax", "").lower() == "wildcard":
        faults.append("its pattern is read as wildcards, not as a regular expression")
    if fields.get("Pattern", "").strip() not in _MATCHES_ALL:
        faults.append("it does not look at every address")
    if (action := fields.get("Action", "")).lower() not in _ACTIONS:
        faults.append(f"its action ({action or 'none'}) lets the request through")
    conditions = fields.get("Conditions", "").lower().splitlines()
    wanted = [f"{mitigation.input} {pattern}".lower() for pattern in mitigation.patterns]
    if not any(one in conditions for one in wanted):
        faults.append(_why_not(mitigation, conditions))
    return tuple(faults)


def _why_not(mitigation: Mitigation, conditions: Sequence[str]) -> str:
    for pattern, why in mitigation.weak.items():
        if any(one.endswith(f" {pattern.lower()}") for one in conditions):
            return why
    if any(
        one.endswith(f" {known.lower()}") for one in conditions for known in mitigation.patterns
    ):
        return f"its condition does not look at {mitigation.input}"
    return "its condition is another than the published one"


def _weaker(checking: str, need: str) -> bool:
    return _STRENGTH.get(checking.lower(), 0) < _STRENGTH[need.lower()]


def _below_a_site(artefact: Artefact, fields: Mapping[str, str]) -> bool:
    """Whether a ``<clear/>`` stands in an application of Exchange's front end."""
    inside = "/frontend/httpproxy/" in f"/{artefact.path.folded}"
    return inside or fields.get("Location", "").lower().startswith("default web site/")
