"""Ask YARA rules about a file's content: ours and the user's, each within its time."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yara_x

from tocsin.matching.yara.excerpt import excerpt
from tocsin.matching.yara.externals import externals_of
from tocsin.matching.yara.info import shortened
from tocsin.matching.yara.panic import is_panic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.matching.yara.compile import CompiledSet
    from tocsin.model.path import EvidencePath

SECONDS = 30
"""For one file and one of the two sets; 6,000 rules need about one for 8 MiB."""
STRINGS_SHOWN = 4
"""Places of a rule in a file that are shown."""
_MATCHES_PER_STRING = 100_000
"""YARA-X keeps that many: a file that is one short text over and over must not fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One text of a rule where it stands: `offset` in bytes from the file's beginning."""

    name: str
    offset: int
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A rule that matched a file, and the first places of its texts; a rule may have none."""

    rule: str
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All rules that match, in rule order; and why not all could answer, each reason once."""

    hits: tuple[Hit, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class YaraRules:
    """All YARA rules of a run. Ours and the user's are asked apart.

    So a slow rule of the user takes no time from ours, and a global one does not silence them.
    """

    packs: CompiledSet
    user: CompiledSet
    order: Mapping[str, int] = field(repr=False)

    @property
    def pack_ids(self) -> frozenset[str]:
        """The ids of our rules."""
        return frozenset(self.packs.ids.values())

    @property
    def user_ids(self) -> frozenset[str]:
        """The ids of the user's rules."""
        return frozenset(self.user.ids.values())

    def ask(
        self,
        data: bytes,
        path: EvidencePath,
        *,
        whole: bool = True,
        with_packs: bool = True,
        seconds: int = SECONDS,
    ) -> Answer:
        """Ask all rules, or the user's alone, about `data`, the beginning of the file at `path`.

        `whole` says that it is all of it. A set that needs more than `seconds` gives no answer;
        its failure names the rules that YARA-X has warned of. Raises `RuntimeError` in a process
        that was forked after a scan.
        """
        hits: list[Hit] = []
        failures: list[str] = []
        values = externals_of(path, data, whole=whole)
        for rules in (self.packs, self.user) if with_packs else (self.user,):
            if not rules.ids:
                continue
            try:
                hits += _hits(rules, data, values, seconds)
            except yara_x.TimeoutError:
                failures.append(_too_slow(rules, seconds))
            except yara_x.ScanError as error:
                failures.append(f"YARA gave up: {error}")
            except BaseException as error:
                if not is_panic(error):
                    raise
                failures.append(f"a defect of YARA-X on this file: {error}")
        hits.sort(key=lambda hit: self.order[hit.rule])
        return Answer(hits=tuple(hits), failures=tuple(dict.fromkeys(failures)))


class _Clock:
    """YARA-X keeps time in a thread of its own, which a fork does not copy.

    In a process that was forked after the first scan no limit would ever be reached, and one
    slow rule would hang the hunt. By measurement with YARA-X 1.23.
    """

    def __init__(self) -> None:
        self._process: int | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started, here or in the process that this one was forked from."""
        return self._process is not None

    def must_run(self) -> None:
        """Raise `RuntimeError` where nobody keeps the time."""
        self._process = self._process or os.getpid()
        if self._process != os.getpid():
            raise RuntimeError(
                "YARA-X keeps no time in a process that was forked after a scan: "
                "start worker processes anew (spawn), or before anything is scanned"
            )


_CLOCK = _Clock()


def has_scanned() -> bool:
    """Whether something was scanned here already: processes that are forked now cannot scan."""
    return _CLOCK.runs


def _hits(
    rules: CompiledSet, data: bytes, values: Mapping[str, str], seconds: int
) -> Sequence[Hit]:
    _CLOCK.must_run()
    scanner = yara_x.Scanner(rules.compiled)
    scanner.set_timeout(seconds)
    scanner.max_matches_per_pattern(_MATCHES_PER_STRING)
    scanner.fast_scan(yes=True)  # Without it, each place of each text is kept.
    for name, value in values.items():
        scanner.set_global(name, value)
    hits: dict[str, Hit] = {}
    for rule in scanner.scan(data).matching_rules:
        slug = rules.ids.get((rule.namespace, rule.identifier))
        if slug is not None and slug not in hits:
            hits[slug] = Hit(rule=slug, found=_found(rule, data))
    return list(hits.values())


def _found(rule: yara_x.Rule, data: bytes) -> tuple[Found, ...]:
    """The first place of each text, in the file's order."""
    first = sorted(
        (pattern.matches[0].offset, pattern.matches[0].length, pattern.identifier)
        for pattern in rule.patterns
        if pattern.matches
    )
    return tuple(
        Found(name=shortened(name), offset=offset, excerpt=excerpt(data, offset, length))
        for offset, length, name in first[:STRINGS_SHOWN]
    )


def _too_slow(rules: CompiledSet, seconds: int) -> str:
    reason = f"YARA was cut short after {seconds} s, so these rules gave no answer"
    return f"{reason}; slow ones are in {'; '.join(rules.slow)}" if rules.slow else reason
