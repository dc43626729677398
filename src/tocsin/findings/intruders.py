"""How many came: the findings of one server, parted by who can be told from whom.

Two things tie findings together: the address that asked, and the page that was planted or used.
A run of a chain is tied already. What has neither (a process, an event) belongs to nobody in
particular, unless there is only one to whom it can belong.

Several addresses that used one page may be one intruder or several: anyone who finds a shell can
use it. So they are put together, and it is said that they cannot be separated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.findings.keys import client_of, page_of
from tocsin.model.grade import Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tocsin.findings.finding import Finding
    from tocsin.matching.match import Match

_MOST = 50
"""Intruders that are told; a server that a whole botnet uses has more addresses than that."""
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intruder:
    """Findings that cannot be separated: the addresses and pages that tie them together.

    `note` says in a sentence why they are one, or why nobody can tell.
    """

    clients: tuple[str, ...]
    pages: tuple[str, ...]
    findings: tuple[Finding, ...]
    note: str

    @property
    def first_seen(self) -> datetime | None:
        """The earliest time among the findings, UTC."""
        return min((one.first_seen for one in self.findings if one.first_seen), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """The latest time among the findings, UTC."""
        return max((one.last_seen for one in self.findings if one.last_seen), default=None)


def intruders(findings: Sequence[Finding], shared: frozenset[str]) -> list[Intruder]:
    """Whoever got further than an attempt, the first one first; none where nobody did.

    `shared` are addresses that stand for many clients.
    """
    serious = [one for one in findings if not one.is_lead and one.grade.rank > Grade.ATTEMPT.rank]
    ties = _Ties()
    keys: list[list[Key]] = []
    for finding in serious:
        of_rows = [_keys_of(match, finding, shared) for match in finding.matches]
        keys.append(list(dict.fromkeys(key for several in of_rows for key in several)))
        for several in [keys[-1]] if finding.seen else of_rows:
            ties.join(several)
    parted: dict[Key, list[Finding]] = {}
    loose: list[Finding] = []
    for finding, found in zip(serious, keys, strict=True):
        roots = sorted({ties.root(key) for key in found})
        for root in roots:
            parted.setdefault(root, []).append(finding)
        if not roots:
            loose.append(finding)
    if len(parted) == 1:
        (only,) = parted
        parted[only] += loose
        loose = []
    made = [
        _intruder(several, ties.together(root), others=len(parted) - 1)
        for root, several in parted.items()
    ]
    made.sort(key=lambda one: (one.first_seen is None, str(one.first_seen), one.clients))
    if loose:
        made.append(Intruder(clients=(), pages=(), findings=tuple(loose), note=_LOOSE[bool(made)]))
    return made[:_MOST]


_LOOSE = {
    False: "Nothing here names an address or a page, so nobody can tell how many it was.",
    True: "These name neither an address nor a page: they may belong to any of the others.",
}


def _intruder(several: Sequence[Finding], keys: Iterable[Key], *, others: int) -> Intruder:
    found = sorted(keys)
    clients = tuple(value for kind, value in found if kind == "client")
    pages = tuple(value for kind, value in found if kind == "page")
    if len(clients) > 1 and pages:
        note = (
            f"{len(clients)} addresses used the same pages or one chain of requests; whether that "
            "was one intruder or several, this evidence cannot tell."
        )
    elif not others:
        note = "Only one was seen, so everything that names nobody is counted here."
    else:
        note = "Tied together by address and page; nothing ties them to the others."
    return Intruder(clients=clients, pages=pages, findings=tuple(several), note=note)


def _keys_of(match: Match, finding: Finding, shared: frozenset[str]) -> list[Key]:
    return [*_client(match.values, shared), *_page(match.values, finding)]


def _client(values: Mapping[str, str], shared: frozenset[str]) -> Iterator[Key]:
    if client := client_of(values, shared):
        yield "client", client


def _page(values: Mapping[str, str], finding: Finding) -> Iterator[Key]:
    """A page ties only where it is the intruder's own: everybody asks for the logon page."""
    if finding.grade.rank >= Grade.PERSISTENCE.rank and (page := page_of(values)):
        yield "page", page


class _Ties:
    """Keys that belong together."""

    def __init__(self) -> None:
        self._above: dict[Key, Key] = {}

    def join(self, several: Iterable[Key]) -> None:
        first: Key | None = None
        for key in several:
            root = self.root(key)
            first = root if first is None else first
            self._above[root] = first

    def root(self, key: Key) -> Key:
        above = self._above.setdefault(key, key)
        while above != self._above[above]:
            self._above[key] = above = self._above[above]
        return above

    def together(self, root: Key) -> list[Key]:
        return [key for key in list(self._above) if self.root(key) == root]
