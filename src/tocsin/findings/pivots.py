"""What the first hunt gives the second to look for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.findings.keys import keys_of
from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tocsin.matching.match import Match
    from tocsin.model.rule import RuleInfo

PIVOT = "pivot:"
"""The prefix of the rule id of a row that the second hunt found."""
_PROCESS_SPAN = timedelta(hours=1)
_PER_KEY = 500
_CHILD_OF = "parent_process_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivots:
    """Values to look for, by key: client addresses, canaries, page names, process ids.

    `processes` maps a process id to the times at which it was seen, since ids are used again.
    `shared` are the addresses that stand for many clients.
    """

    values: Mapping[str, frozenset[str]]
    processes: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return any(self.values.values())

    def words(self) -> tuple[str, ...]:
        """All values in lower case: a row without any of them needs no second look."""
        return tuple(sorted({word.lower() for words in self.values.values() for word in words}))

    def found_by(self, values: Mapping[str, str], time: datetime | None) -> str | None:
        """The key by which a row is one of those we look for, the surest first; or None."""
        keys = keys_of(values, self.shared)
        for key in ("canary", "file_name", "client_ip"):
            if keys.get(key) in self.values.get(key, frozenset()):
                return key
        parent = keys.get(_CHILD_OF)
        if parent and parent in self.processes and time is not None:
            since = self.processes[parent]
            if any(timedelta(0) <= time - start <= _PROCESS_SPAN for start in since):
                return _CHILD_OF
        return None


def pivots_of(
    matches: Iterable[Match], infos: Mapping[str, RuleInfo], shared: frozenset[str]
) -> Pivots:
    """What the matches of a successful or nearly successful attack give to look for.

    Addresses come only from rows that show success, pages only from rows that say more than
    that a page lies in a place, so that a busy user or a vendor's page is not made an attacker.
    """
    values: dict[str, set[str]] = {
        key: set() for key in ("canary", "file_name", "client_ip", _CHILD_OF)
    }
    processes: dict[str, set[datetime]] = {}
    for match in matches:
        info = infos[match.rule]
        if match.benign or match.damaged or info.confidence is Confidence.LOW:
            continue
        keys = keys_of(match.values, shared)
        if info.grade.rank >= Grade.ATTEMPT.rank:
            _add(values, "canary", keys.get("canary"))
        if info.grade.rank >= Grade.EXPLOITED.rank and info.confidence is Confidence.HIGH:
            _add(values, "client_ip", keys.get("client_ip"))
        if info.grade.rank >= Grade.PERSISTENCE.rank:
            _add(values, "file_name", keys.get("file_name"))
            process = keys.get("process_id")
            if process and match.time is not None and _CHILD_OF in keys:
                _add(values, _CHILD_OF, process)
                processes.setdefault(process, set()).add(match.time)
    return Pivots(
        values={key: frozenset(found) for key, found in values.items()},
        processes={key: tuple(sorted(times)) for key, times in processes.items()},
        shared=shared,
    )


def _add(values: dict[str, set[str]], key: str, value: str | None) -> None:
    if value and len(values[key]) < _PER_KEY:
        values[key].add(value)
