"""Take names out of a result, the same name always by the same token; a key puts them back.

Pure: the same result and names give the same bytes. Tokens are numbered in the order in which
names first appear. Every report format reads the redacted result, so none can forget to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.errors import UsageError
from tocsin.model.result import (
    BuildSeen,
    Citation,
    CoverageEntry,
    Exposure,
    Finding,
    GroupOverlap,
    HostResult,
    ManifestEntry,
    Noise,
    PackVerdict,
    ProblemEntry,
    Result,
    RuleCounts,
    TimelineEntry,
    Tool,
)
from tocsin.report.redacting import Spotter, Tokens, undoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tocsin.model.names import Names

SCHEMA = "tocsin.redaction/1"
_OURS: dict[type[msgspec.Struct], frozenset[str]] = {
    Result: frozenset({"schema"}),
    Tool: frozenset({"version", "knowledge"}),
    RuleCounts: frozenset({"full_scan", "fields_never_seen"}),
    PackVerdict: frozenset({"pack", "needed", "missing", "check_instead"}),
    BuildSeen: frozenset({"build", "product", "cu", "su", "from_"}),
    Exposure: frozenset({"cve", "status"}),
    Citation: frozenset({"time_from", "rule"}),
    Finding: frozenset({"id", "cves", "attack"}),
    TimelineEntry: frozenset({"source", "finding"}),
    CoverageEntry: frozenset({"kind"}),
    ProblemEntry: frozenset({"code"}),
    Noise: frozenset({"rule"}),
    GroupOverlap: frozenset({"name", "techniques"}),
    ManifestEntry: frozenset({"sha256"}),
    HostResult: frozenset(),
}
"""Fields that hold our own words (rules, kinds, levels) or hashes, and never a name."""

T = TypeVar("T")


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What undoes a redaction: each token, and what stood there to the letter."""

    schema: str
    tokens: dict[str, str]


def redact(result: Result, names: Names, *, all_addresses: bool = False) -> tuple[Result, Key]:
    """Replace names of people, machines, domains and inside addresses in all texts of `result`.

    Public client addresses stay, for they are indicators, unless `all_addresses` is set.
    """
    texts: list[str] = []

    def remembered(text: str) -> str:
        texts.append(text)
        return text

    _rebuilt(result, remembered)
    tokens = Tokens(texts)
    spotter = Spotter(
        names, _clients(result), _sources(result), texts, tokens, all_addresses=all_addresses
    )

    hosts = []
    for host in result.hosts:
        source = tokens.of("source", host.source, host.source)
        shown = spotter.whole_host(host.name)
        rest = _rebuilt(msgspec.structs.replace(host, source="", name=""), spotter.replaced)
        hosts.append(msgspec.structs.replace(rest, source=source, name=shown))
    tool = _rebuilt(result.tool, spotter.replaced)
    redacted = msgspec.structs.replace(result, tool=tool, hosts=tuple(hosts))
    return redacted, Key(schema=SCHEMA, tokens=tokens.key())


def restore(result: Result, key: Key) -> Result:
    """Put back what `redact` took out. Raises `UsageError` where it is no key of ours."""
    if key.schema != SCHEMA:
        raise UsageError(f"{key.schema!r} is no kind of key that this version knows")
    return _rebuilt(result, undoing(key.tokens))


def _clients(result: Result) -> Iterable[str]:
    """Whoever a finding names as a client is no server of ours, whatever a header claims."""
    for host in result.hosts:
        for finding in (*host.findings, *host.leads):
            yield from finding.clients


def _sources(result: Result) -> Iterable[str]:
    """The files that were handed in, where their names are no words: messages may quote them."""
    for host in result.hosts:
        for name in (host.source, host.source.replace("\\", "/").rpartition("/")[2]):
            if not name.isalpha():
                yield name


def _rebuilt(part: T, change: Callable[[str], str]) -> T:
    """`part` with `change` applied to every text in it that may hold a name, in field order."""
    return _walk(part, change)  # type: ignore[return-value]  # a part of one type stays of that type


def _walk(part: object, change: Callable[[str], str]) -> object:
    if type(part) is str:
        return change(part)
    if isinstance(part, tuple):
        return tuple(_walk(one, change) for one in part)
    if isinstance(part, msgspec.Struct):
        ours = _OURS.get(type(part), frozenset())
        return msgspec.structs.replace(
            part,
            **{
                name: _walk(getattr(part, name), change)
                for name in part.__struct_fields__
                if name not in ours
            },
        )
    return part
