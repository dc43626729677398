"""MISP events as JSON: attributes that are marked for detection, in the event or its objects.

Source: MISP project, "MISP core format" and "Data models: attribute types". An attribute with
``to_ids`` false is context: it is counted, told, and not looked for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tocsin.matching.indicators.indicator import Kind
from tocsin.matching.indicators.loading import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.matching.indicators.loading import Loading

Json = dict[str, Any]

_KINDS = {
    "md5": Kind.MD5,
    "sha1": Kind.SHA1,
    "sha256": Kind.SHA256,
    "ip-src": Kind.ADDRESS,
    "ip-dst": Kind.ADDRESS,
    "ip": Kind.ADDRESS,
    "domain": Kind.DOMAIN,
    "hostname": Kind.DOMAIN,
    "url": Kind.URL,
    "uri": Kind.URL,
    "link": Kind.URL,
    "filename": Kind.FILE_NAME,
    "user-agent": Kind.USER_AGENT,
    "http-user-agent": Kind.USER_AGENT,
}
_SAMPLES = {"malware-sample": "filename|md5", "attachment": "filename"}


def is_attribute(value: Json) -> bool:
    """Whether a JSON object is an attribute on its own."""
    return {"type", "value", "category"} <= value.keys()


def events_in(value: Json) -> list[Json] | None:
    """The events of a document; None where it is none of MISP."""
    if isinstance(value.get("Event"), dict):
        return [value["Event"]]
    response = value.get("response")
    if isinstance(response, dict):
        return [response]
    if isinstance(response, list):
        inner = (one.get("Event", one) if isinstance(one, dict) else one for one in response)
        return [one for one in inner if isinstance(one, dict)]
    return [value] if isinstance(value.get("Attribute"), list) else None


def read(event: Json, loading: Loading, *, line: int | None = None) -> None:
    """Load one event, or whatever has a list of attributes."""
    context: Counter[str] = Counter()
    info = str(event.get("info") or "")
    for attribute, about in _attributes(event):
        if attribute.get("to_ids") is False:
            context[str(attribute.get("type"))[:40]] += 1
        else:
            read_attribute(attribute, loading, comment=about or info, line=line)
    if context:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(context.items()))
        loading.tell(f"not marked for detection (to_ids), not used: {kinds}")


def read_attribute(
    attribute: Json, loading: Loading, *, comment: str = "", line: int | None = None
) -> None:
    """Load one attribute; of one with two values what each of them names."""
    type_, value = str(attribute.get("type", "")), str(attribute.get("value", ""))
    said = str(attribute.get("comment") or "") or comment
    if attribute.get("deleted") is True:
        loading.fail(f"{shown(value)} was deleted", line=line)
        return
    names = _SAMPLES.get(type_, type_).split("|")
    values = value.split("|") if len(names) > 1 else [value]
    pairs = list(zip(names, values, strict=False))
    if len(names) == 2 and names[0] == "filename" and len(values) == 2:
        # The digest says which file is meant; its name alone would find others.
        pairs, said = pairs[1:], f"{values[0]}: {said}" if said else values[0]
    if len(pairs) == 2 and names[1] == "port":
        pairs, said = pairs[:1], f"{said} (port {values[1]})".strip()
    for name, one in pairs:
        kind = _KINDS.get(name)
        if kind is None:
            loading.fail(
                f"{shown(one)} is of type {type_[:40]!r}, which is looked for nowhere", line=line
            )
        elif kind is Kind.FILE_NAME and ("/" in one or "\\" in one):
            loading.add(one, Kind.PATH, comment=said, line=line)
        else:
            loading.add(one, kind, comment=said, line=line)


def _attributes(event: Json) -> Iterator[tuple[Json, str]]:
    """Each with what the object around it says."""
    for one in _list(event, "Attribute"):
        yield one, ""
    for thing in _list(event, "Object"):
        about = str(thing.get("comment") or thing.get("description") or thing.get("name") or "")
        for one in _list(thing, "Attribute"):
            yield one, about


def _list(value: Json, key: str) -> list[Json]:
    inner = value.get(key)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []
