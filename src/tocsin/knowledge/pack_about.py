"""`pack.toml`: what a pack is about, what it rests on, and what an owner must be told."""

from __future__ import annotations

from datetime import date, datetime

from tocsin.errors import KnowledgeError
from tocsin.knowledge.pack_toml import PackToml


class Sufficient(PackToml, frozen=True, kw_only=True):
    """One set of sources that, complete over the window, is enough to decide the pack."""

    sources: tuple[str, ...]
    why: str


class EvidenceBase(PackToml, frozen=True, kw_only=True):
    """What the rules of a pack rest on; at least one list holds something.

    Each entry is a sentence: what was seen, and where.
    """

    real_data: tuple[str, ...] = ()
    """What was seen on real data, and on which."""
    published_rules: tuple[str, ...] = ()
    """What comes from rules or write-ups that others published, and from which."""
    synthetic: tuple[str, ...] = ()
    """What was only ever tried on data that we made ourselves."""


class Notice(PackToml, frozen=True, kw_only=True):
    """What an owner who is no expert is told, in plain words."""

    what: str
    """What happened, in one paragraph."""
    affected: str
    do: tuple[str, ...]
    """The steps, in their order."""


class PackFile(PackToml, frozen=True, kw_only=True):
    """`pack.toml`.

    `exploitation_from` and `exploitation_until` (UTC; the second is absent while it goes on) bound
    the pack's window. A pack about what follows any way in (a web shell, ransomware) has no CVE,
    no window and no `window_source`: no update closes it. Sources are coverage kinds: a format's
    name, or ``format:stream``.
    """

    slug: str
    name: str
    """What people call it."""
    title: str
    summary: str
    updated: date
    cves: tuple[str, ...]
    decisive_cves: tuple[str, ...]
    """A server that is fixed for all of these cannot be exploited through this pack."""
    exploitation_from: datetime | None = None
    exploitation_until: datetime | None = None
    window_source: str = ""
    detectable: bool = True
    """False where nothing is published by which an attack could be told on the server."""
    check_instead: tuple[str, ...] = ()
    """What to look at where the evidence cannot tell; only there."""
    sufficient: tuple[Sufficient, ...] = ()
    """Empty only where no source is enough, because the pack is not detectable."""
    next_steps: tuple[str, ...]
    references: tuple[str, ...]
    limits: tuple[str, ...] = ()
    evidence_base: EvidenceBase
    notice: Notice


def check_about(about: PackFile, where: str) -> None:
    """Raise `KnowledgeError` for what fits its type and yet cannot be used."""
    for key, wrong in _wrong(about).items():
        if wrong:
            raise KnowledgeError(f"{key}: {wrong}", where=where)


def _wrong(about: PackFile) -> dict[str, str]:
    """What is wrong with each key; nothing where the text is empty."""
    wrong = _wrong_about_detecting(about)
    strangers = [cve for cve in about.decisive_cves if cve not in about.cves]
    if strangers:
        wrong["decisive_cves"] = f"{strangers[0]!r} is not in cves"
    for key, time in (
        ("exploitation_from", about.exploitation_from),
        ("exploitation_until", about.exploitation_until),
    ):
        if time is not None and time.tzinfo is None:
            wrong[key] = "needs a time zone: write it in UTC, with a Z at the end"
    wrong |= _wrong_about_the_window(about)
    base = about.evidence_base
    if not any((*base.real_data, *base.published_rules, *base.synthetic)):
        wrong["evidence_base"] = "says nothing; say at least what is synthetic only"
    for key, text in (("what", about.notice.what), ("affected", about.notice.affected)):
        if not text.strip():
            wrong[f"notice.{key}"] = "is empty"
    if not about.notice.do:
        wrong["notice.do"] = "names no step"
    return wrong


def _wrong_about_the_window(about: PackFile) -> dict[str, str]:
    if about.exploitation_from is not None:
        return {
            "window_source": "" if about.window_source else "must say where the dates are from"
        }
    reason = "goes with exploitation_from only"
    return {
        "exploitation_from": "is missing; goes without only where cves is empty"
        if about.cves
        else "",
        "exploitation_until": reason if about.exploitation_until else "",
        "window_source": reason if about.window_source else "",
    }


def _wrong_about_detecting(about: PackFile) -> dict[str, str]:
    if not about.detectable:
        told, sources = about.check_instead, about.sufficient
        return {
            "check_instead": "" if told else "must say what to look at, as detectable is false",
            "sufficient": "must be left out, as detectable is false" if sources else "",
        }
    return {
        "check_instead": "goes with detectable = false only" if about.check_instead else "",
        "sufficient": ""
        if about.sufficient
        else "is missing; goes without only where detectable = false",
    }
