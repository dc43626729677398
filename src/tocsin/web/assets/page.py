"""What the page of a host shows, out of its story: the answer first, then what it rests on.

Nothing is judged here: words and sentences are those of `tocsin.campaign`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tocsin.campaign.exposure import counting
from tocsin.campaign.observation import Method
from tocsin.knowledge.status import StatusWord
from tocsin.web.assets.models import Asset, Colour
from tocsin.web.design.words import (
    DOUBTS,
    METHODS,
    OWNER_SIGNS,
    SETTLED_BY,
    SIGNS,
    STATUSES,
    STEPS,
    capital,
    word_in,
)

Json = Mapping[str, Any]

_FULL = 4


class Settle(NamedTuple):
    """What would settle the yellow: for which reason, by what, and for which CVEs."""

    why: str
    by: str
    cves: list[str]


class Seen(NamedTuple):
    """A build as it was seen: how, and how many of its parts count (None: text, no build)."""

    build: str
    how: str
    parts: int | None
    outdated: bool
    at: Json

    @property
    def precision(self) -> str:
        """What so many parts name."""
        if self.parts is None:
            return "no build number"
        if self.parts >= _FULL:
            return f"{self.parts} parts: the security update is known"
        return f"{self.parts} parts: the cumulative update alone is known"


class Server(NamedTuple):
    """A server behind the host; `current` ones count."""

    name: str
    current: bool
    last: Json | None
    builds: list[Seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cve:
    """One CVE: the words, and why, in sentences; `for_signs` where signs alone make it red."""

    name: str
    words: list[str]
    colour: str
    for_signs: bool
    doubts: list[str]
    why: list[str]
    owner_reported: list[Json]
    claimed_by: list[str]


class Differ(NamedTuple):
    """CVEs that sources `open` call open, and sources `not_open` do not."""

    cves: list[str]
    open: list[str]
    not_open: list[str]

    @property
    def them(self) -> str:
        """The word for the CVEs."""
        return "it" if len(self.cves) == 1 else "them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Sources side by side: of each CVE what each feed alone would say.

    `rows` hold a CVE, what each of `feeds` says of it, and whether one source calls it open and
    another does not. `differ` tells once of all CVEs in which the same sources differ.
    """

    feeds: Sequence[Json]
    rows: list[tuple[str, list[list[str]], bool]] = field(default_factory=list)
    differ: list[Differ] = field(default_factory=list)


class HostPage:
    """The parts of a host's page, each worked out when a template asks for it."""

    def __init__(self, asset: Asset) -> None:
        self.asset = asset
        self.story: Json = asset.story or {}

    @property
    def answer(self) -> str:
        """The status in one sentence."""
        asset = self.asset
        open_ = [one.name for one in self.cves if one.colour == Colour.RED and not self.signs]
        if self.signs:
            told = "There are signs of compromise. They outrank every build, so that it is red."
        elif asset.colour == Colour.RED:
            told = f"Vulnerable: {', '.join(open_)}." if open_ else "Vulnerable."
        elif asset.colour == Colour.GREEN:
            told = "Not vulnerable to what a build can settle."
        else:
            told = "Not known whether it is vulnerable."
        # With signs it counts as red, but it is gone all the same.
        if asset.vanished or self.story.get("vanished"):
            told += " It was missing in the last scans, which is not the same as fixed."
        return told

    @property
    def cves(self) -> list[Cve]:
        """The CVEs in the order of the campaign."""
        return [
            Cve(
                name=name,
                words=[word_in(STATUSES, word) for word in told["status"]],
                colour=told["colour"],
                for_signs=bool(self.signs) and StatusWord.VULNERABLE not in told["status"],
                doubts=[word_in(DOUBTS, doubt) for doubt in told["doubts"]],
                why=list(told["why"]),
                owner_reported=[
                    {**one, "status": word_in(STATUSES, one["status"])}
                    for one in told["owner_reported"]
                ],
                claimed_by=list(told["claimed_by"]),
            )
            for name, told in self.story.get("exposure", {}).items()
        ]

    @property
    def settle(self) -> list[Settle]:
        """What would settle the yellow, for each reason."""
        found: dict[str, list[str]] = {}
        for name, told in self.story.get("exposure", {}).items():
            if told["colour"] == Colour.YELLOW:
                for doubt in told["doubts"]:
                    found.setdefault(doubt, []).append(name)
        return [
            Settle(word_in(DOUBTS, doubt), SETTLED_BY[doubt], cves)
            for doubt, cves in found.items()
        ]

    @property
    def signs(self) -> list[Json]:
        """The signs of compromise: what, by which feed, first and last."""
        return [
            {
                **one,
                "words": capital(word_in(SIGNS, one["what"])),
                "first": _stamp(one["first"]),
                "last": _stamp(one["last"]),
            }
            for one in self.story.get("evidence", ())
        ]

    @property
    def servers(self) -> list[Server]:
        """The servers behind it, those that count first."""
        found = [
            Server(
                name=one["name"],
                current=one["current"],
                last=_stamp(one["last"]),
                builds=[_seen(build) for build in one["builds"]],
            )
            for one in self.story.get("servers", ())
        ]
        return sorted(found, key=lambda one: not one.current)

    @property
    def beside(self) -> Beside:
        """Sources side by side."""
        desk = self.story.get("desk", {})
        feeds = [
            {
                **one,
                "evidence": [word_in(SIGNS, sign) for sign in one["evidence"]],
                "first": _stamp(one["first"]),
                "last": _stamp(one["last"]),
            }
            for one in desk.get("sources", ())
        ]
        together: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for one in desk.get("differ", ()):
            key = (tuple(one["open"]), tuple(one["not_open"]))
            together.setdefault(key, []).append(one["cve"])
        differ = [Differ(cves, list(key[0]), list(key[1])) for key, cves in together.items()]
        differing = {cve for one in differ for cve in one.cves}
        rows = []
        for cve in self.story.get("exposure", {}):
            cells = [_says(feed, cve) for feed in feeds]
            if any(cells):
                rows.append((cve, cells, cve in differing))
        return Beside(feeds=feeds, rows=rows, differ=differ)

    @property
    def owner(self) -> dict[str, Any]:
        """Whose it is: by which step and evidence, what else spoke, and what speaks of others."""
        told = self.story.get("owner") or {}
        return {
            "step": word_in(STEPS, self.asset.owner_step),
            "confidence": self.asset.owner_confidence,
            "reason": self.asset.owner_reason,
            "others": [
                {**one, "step": word_in(STEPS, one["step"])} for one in told.get("others", ())
            ],
            "signs": [
                {**one, "words": capital(word_in(OWNER_SIGNS, one["kind"]))}
                for one in told.get("signs", ())
            ],
        }


def _says(feed: Json, cve: str) -> list[str]:
    """What one feed alone says of a CVE."""
    said = [
        word_in(STATUSES, word)
        for one in feed["says"]
        if cve in one["cves"]
        for word in one["statuses"]
    ]
    if cve in feed["claims"]:
        said.append("claims it")
    return said


def _seen(one: Json) -> Seen:
    method = Method(one["method"])
    number = counting(one["build"], method)
    return Seen(
        build=one["build"],
        how=METHODS[method],
        parts=len(number) if number is not None else None,
        outdated=one["outdated"],
        at=_stamp(one["last"]) or {},
    )


def _stamp(one: Json | None) -> Json | None:
    """With its time as a time."""
    if one is None:
        return None
    time = one.get("time")
    return {**one, "time": datetime.fromisoformat(time) if time else None}
