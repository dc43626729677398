"""What a build lacks, in plain words: what is known to be exploited first, the rest counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.knowledge.status import StatusWord
from tocsin.knowledge.support import SupportState, support
from tocsin.model.patch_status import EvidenceStatus
from tocsin.report import exposures, words
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from tocsin.model.patch_status import CveStatus, PatchStatus
    from tocsin.model.result import BuildSeen

_INDENT = "  "
_ROWS_SHOWN = 40


def lines(status: PatchStatus | EvidenceStatus, on: date) -> list[str]:
    """The answer for people, line by line; nothing of the evidence reaches a terminal raw."""
    return [visible(line) for line in _lines(status, on)]


def _lines(status: PatchStatus | EvidenceStatus, on: date) -> Iterator[str]:
    yield _heading(status)
    if status.build is not None:
        yield _INDENT + _support(status.build, on)
        if status.precision == 3:
            yield (
                f"{_INDENT}Three parts tell the cumulative update, not the security update. The "
                "file version of ExSetup.exe tells all four."
            )
    if isinstance(status, EvidenceStatus):
        yield from _evidence(status)
    yield from _exploited(status.exposure)
    yield from _listed("What to do, in order", _numbered(status.install))
    yield ""
    yield (
        f"{_INDENT}Updates close holes; they remove nobody who is already inside. "
        "`tocsin hunt` looks for that."
    )


def _heading(status: PatchStatus | EvidenceStatus) -> str:
    source = f"{status.source}: " if isinstance(status, EvidenceStatus) else ""
    if status.build is None:
        return f"{source}no file and no log in it names a build of Exchange Server"
    name = " ".join(part for part in (status.product, status.cu, status.su) if part)
    when = f", released {status.released}" if status.released else ""
    what = f"{name}{when}" if name else "in no list of builds that is known here"
    at_least = ""
    if isinstance(status, EvidenceStatus) and status.from_ != "exsetup":
        at_least = f" or newer, by {status.from_}"
    return f"{source}{status.build}{at_least}: {what}"


def _support(build: str, on: date) -> str:
    found = support(build, on)
    if found.state is SupportState.UNKNOWN:
        return "Support: not known."
    return f"Support: {found.state.value}; {found.reason}."


def _evidence(status: EvidenceStatus) -> Iterator[str]:
    yield from _listed("Builds in the evidence", [_seen(one) for one in status.builds])
    yield from _listed("Mitigations in the evidence", [one.text for one in status.mitigations])


def _seen(one: BuildSeen) -> str:
    name = " ".join(part for part in (one.product, one.cu, one.su) if part)
    return f"{one.build}  {name}, {words.period(one.first_seen, one.last_seen)}, from {one.from_}"


def _exploited(exposure: Mapping[str, CveStatus]) -> Iterator[str]:
    known = {cve: one for cve, one in exposure.items() if one.known_exploited}
    yield from _listed(
        "Known to be exploited, and not fixed for certain",
        [
            f"{exposures.title(cve)}: {exposures.status_in_words(one.status)}; {one.reason}"
            for cve, one in sorted(known.items(), key=_worst_first)
            if one.status not in (StatusWord.FIXED, StatusWord.NOT_AFFECTED)
        ]
        or ["none"],
    )
    others = [one.status for one in exposure.values() if not one.known_exploited]
    settled = exposures.in_words(one.status for one in known.values())
    yield from _listed(
        "In numbers",
        [
            f"known to be exploited: {settled}",
            f"the others: {exposures.in_words(others)}; --json names each with its reason",
        ],
    )


def _worst_first(item: tuple[str, CveStatus]) -> tuple[bool, str]:
    return (item[1].status != StatusWord.VULNERABLE, item[0])


def _numbered(steps: Iterable[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]


def _listed(title: str, rows: list[str]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{_INDENT}{title}:"
    yield from (f"{_INDENT * 2}{row}" for row in rows[:_ROWS_SHOWN])
    if len(rows) > _ROWS_SHOWN:
        yield f"{_INDENT * 2}and {len(rows) - _ROWS_SHOWN} more"
