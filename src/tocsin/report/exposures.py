"""Which of many vulnerabilities a person must see, and which are counted.

Source: what is known to be exploited comes from the knowledge in use, not from the result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import StatusWord
from tocsin.report import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.model.result import Exposure

_WORST_FIRST = [
    StatusWord.VULNERABLE,
    StatusWord.UNDETERMINED,
    StatusWord.NEWER_THAN_CATALOGUE,
    StatusWord.FIXED,
    StatusWord.NOT_AFFECTED,
]
STATUS_NAMES: dict[str, str] = {
    StatusWord.VULNERABLE: "vulnerable",
    StatusWord.FIXED: "fixed",
    StatusWord.UNDETERMINED: "undetermined",
    StatusWord.NEWER_THAN_CATALOGUE: "newer than what is known here",
    StatusWord.NOT_AFFECTED: "not affected",
}
_SETTLED = (StatusWord.FIXED, StatusWord.NOT_AFFECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """What is shown at once, and the rest; the worst first in both.

    `first` are those that are known to be exploited and that are open, undecided, or were open
    for a time. `rest_in_words` counts the others by status.
    """

    first: Sequence[Exposure]
    rest: Sequence[Exposure]
    rest_in_words: str


def sorted_out(exposure: Iterable[Exposure]) -> Exposures:
    """Divide and order. Pure but for the knowledge in use."""
    ordered = sorted(exposure, key=_rank)
    first = [one for one in ordered if _comes_first(one)]
    rest = [one for one in ordered if not _comes_first(one)]
    return Exposures(first=first, rest=rest, rest_in_words=in_words(one.status for one in rest))


def in_words(statuses: Iterable[str]) -> str:
    """``12 vulnerable, 3 undetermined, 130 fixed``, the worst first; empty for none."""
    counts = Counter(statuses)
    there = sorted(counts, key=lambda status: (_place(status), status))
    return ", ".join(f"{counts[status]:,} {status_in_words(status)}" for status in there)


def status_in_words(status: str) -> str:
    """A status as people read it."""
    return STATUS_NAMES.get(status, status)


def is_exploited(cve: str) -> bool:
    """Whether it is known to be exploited."""
    known = all_cves().get(cve)
    return known is not None and known.known_exploited is not None


def title(cve: str) -> str:
    """``CVE-2021-26855 (ProxyLogon)``, or the CVE alone where it has no short name."""
    known = all_cves().get(cve)
    return f"{cve} ({known.title})" if known is not None and known.title else cve


def exposed(one: Exposure) -> str:
    """``exposed 2021-03-02 … to …``; empty where no vulnerable build was seen."""
    if one.exposed_from is None:
        return ""
    if one.exposed_until is None:
        return f"exposed since {words.moment(one.exposed_from)} or earlier"
    return f"exposed {words.period(one.exposed_from, one.exposed_until)}"


def _comes_first(one: Exposure) -> bool:
    settled = one.status in _SETTLED and one.exposed_from is None
    return is_exploited(one.cve) and not settled


def _rank(one: Exposure) -> tuple[int, int, str]:
    return (not is_exploited(one.cve), _place(one.status), one.cve)


def _place(status: str) -> int:
    return next(
        (at for at, word in enumerate(_WORST_FIRST) if word.value == status), len(_WORST_FIRST)
    )
