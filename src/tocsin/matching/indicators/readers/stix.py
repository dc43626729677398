"""STIX 2.0 and 2.1: the patterns of indicators, and observables (addresses, files, URLs ...)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tocsin.matching.indicators.columns import kind_named
from tocsin.matching.indicators.indicator import HASHES, Kind
from tocsin.matching.indicators.loading import MOST, shown
from tocsin.matching.indicators.stix_pattern import alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.matching.indicators.loading import Loading

Json = dict[str, Any]

_SIGN = "indicator"
_VALUES = {
    "ipv4-addr": Kind.ADDRESS,
    "ipv6-addr": Kind.ADDRESS,
    "domain-name": Kind.DOMAIN,
    "url": Kind.URL,
}
_WITH_HASHES = frozenset({"file", "artifact"})


def is_object(value: Json) -> bool:
    """Whether a JSON object is one of STIX: its id begins with its type."""
    kind, identity = value.get("type"), value.get("id")
    return isinstance(kind, str) and isinstance(identity, str) and identity.startswith(f"{kind}--")


def read(objects: Iterable[object], loading: Loading, *, line: int | None = None) -> None:
    """Load a bundle's objects; those that only tell the context are counted and told.

    Observables are looked for where no indicator goes with them: beside indicators they are what
    somebody saw, the victim's own addresses and files among them.
    """
    objects = list(objects)
    only_indicators = any(isinstance(one, dict) and one.get("type") == _SIGN for one in objects)
    context: Counter[str] = Counter()
    for one in objects:
        if not isinstance(one, dict):
            loading.fail("is no STIX object", line=line)
        elif (only_indicators and one.get("type") != _SIGN) or not _read_object(
            one, loading, line
        ):
            context[str(one.get("type"))[:40]] += 1
    if context:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(context.items()))
        loading.tell(f"context without an indicator, not used: {kinds}")


def _read_object(one: Json, loading: Loading, line: int | None) -> bool:
    """Whether the object is of a kind that names indicators."""
    kind = one.get("type")
    if kind == _SIGN:
        _read_indicator(one, loading, line)
    elif kind == "observed-data" and isinstance(one.get("objects"), dict):
        read(one["objects"].values(), loading, line=line)
    elif kind in _VALUES:
        loading.add(str(one.get("value", "")), _VALUES[kind], line=line)
    elif kind == "directory":
        loading.add(str(one.get("path", "")), Kind.PATH, line=line)
    elif kind in _WITH_HASHES:
        _read_file(one, loading, line)
    else:
        return False
    return True


def _read_indicator(one: Json, loading: Loading, line: int | None) -> None:
    name = str(one.get("name") or one.get("description") or one.get("id") or "an indicator")
    pattern = one.get("pattern")
    if one.get("revoked") is True:
        loading.fail(f"{shown(name)} was revoked", line=line)
    elif not isinstance(pattern, str) or one.get("pattern_type", "stix") != "stix":
        kind = str(one.get("pattern_type", "no pattern"))[:40]
        loading.fail(f"{shown(name)} is no STIX pattern but {kind}", line=line)
    else:
        if loading.alternatives >= MOST:  # A short pattern may have thousands, and be repeated.
            loading.fail(f"{shown(name)} comes after {MOST} alternatives of patterns", line=line)
            return
        try:
            found, unusable = alternatives(pattern)
        except ValueError as error:
            loading.fail(f"{shown(name)} {error}", line=line)
            return
        loading.alternatives += len(found)
        for parts, text in found:
            loading.put(parts, text, comment=name, line=line)
        for reason in unusable:
            loading.fail(f"{shown(name)} cannot be used in part: {reason}", line=line)


def _read_file(one: Json, loading: Loading, line: int | None) -> None:
    """By its digests; by its name only where it has none, for the name says much less."""
    hashes = one.get("hashes")
    name = str(one.get("name", ""))
    known = False
    for algorithm, digest in (hashes if isinstance(hashes, dict) else {}).items():
        try:
            kind = kind_named(str(algorithm))
        except ValueError:
            continue
        if kind in HASHES:
            known = loading.add(str(digest), kind, comment=name, line=line) or known
    if not known:
        loading.add(name, Kind.FILE_NAME, line=line)
