"""What the desk keeps of a result: bounded, made visible, and ready to be shown.

`python -m tocsin.web.hunts.digest RESULT FOLDER`, which the worker runs confined, writes for each
server of a result ``N.json`` (the result with that server alone, for the importer), ``N.html``
(the report for people, where this version knows all that is in the result), and ``digest.json``.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.errors import SourceError, TocsinError
from tocsin.events.kind import in_words
from tocsin.model.grade import Confidence, Severity
from tocsin.model.result import SCHEMA, HostResult
from tocsin.model.result import Result as StrictResult
from tocsin.model.result import Tool as StrictTool
from tocsin.report import summary, words
from tocsin.report.format import all_reports
from tocsin.report.visible import shortened, visible
from tocsin.web.hunts import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_SERVERS = 50
MOST_BYTES = 256 * 2**20
MOST_DIGEST_BYTES = 32 * 2**20
_TEXT = 600
_FEW, _SOME, _MANY = 5, 30, 100
_MOST_NUMBER = 2**53
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")
_DAMAGE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Shown = dict[str, Any]
"""Strings, numbers, lists and such again: what a JSON field keeps and a template prints."""


def _whole(data: bytes) -> told.Result:
    """The result, with its servers unread. Raises `SourceError` where it is none or too large."""
    try:
        whole = msgspec.json.decode(data, type=told.Result)
    except _DAMAGE as error:
        raise SourceError(f"This is no result of tocsin hunt: {_text(str(error))}") from error
    if whole.schema != SCHEMA:
        raise SourceError(f"This is no result of tocsin hunt: its schema is not {SCHEMA}.")
    if not whole.hosts:
        raise SourceError("This result names no server.")
    if len(whole.hosts) > MOST_SERVERS:
        raise SourceError(
            f"This result names {len(whole.hosts):,} servers; the desk takes {MOST_SERVERS} at a "
            "time. Send it in parts."
        )
    return whole


def _server(raw: bytes, tool: told.Tool) -> tuple[Shown, HostResult | None]:
    """A server as it is shown, and as this version's own reports read it.

    One that cannot be read is ``{"error": …}``.
    """
    try:
        host = msgspec.json.decode(raw, type=told.Host)
    except _DAMAGE as error:
        return {"error": f"This server of the result cannot be read: {_text(str(error))}"}, None
    try:
        strict = msgspec.json.decode(raw, type=HostResult)
    except _DAMAGE:
        strict = None
    shown = _shown(host)
    shown["tool"] = {"version": _text(tool.version), "knowledge": _text(tool.knowledge)}
    shown |= _in_words(strict) if strict is not None else _without_words(host)
    return shown, strict


def _in_words(host: HostResult) -> Shown:
    steps = summary.next_steps(host)
    return {
        "headline": words.headline(host.verdict),
        "rank": words.rank(host.verdict).value,
        "meaning": words.meaning(host.verdict),
        "assured": words.assurance(host.verdict),
        "dates": words.dates_covered(host.verdict, summary.span(host)),
        "next_steps": _texts(steps, _SOME),
        "missing": [_text(in_words(kind)) for kind in summary.missing(host)][:_SOME],
        "known": True,
    }


def _without_words(host: told.Host) -> Shown:
    """A result of another version: what it says itself, and no sentence of ours about it."""
    steps = dict.fromkeys(step for one in host.findings[:_MANY] for step in one.next_steps)
    missing = {kind for pack in host.packs if not pack.not_applicable for kind in pack.missing}
    level = host.verdict.level
    return {
        "headline": _text(level.replace("_", " ").capitalize()),
        "rank": _text(level),
        "meaning": "",
        "assured": "",
        "dates": "",
        "next_steps": _texts(list(steps), _SOME),
        "missing": [_text(in_words(kind)) for kind in sorted(missing)][:_SOME],
        "known": False,
    }


def _shown(host: told.Host) -> Shown:
    findings = sorted(host.findings, key=_urgency)
    codes = Counter(_text(one.code) for one in host.problems)
    examples = {_text(one.code): one for one in reversed(host.problems)}
    return {
        "name": _text(host.name),
        "source": _text(host.source),
        "level": _text(host.verdict.level),
        "assurance": _text(host.verdict.assurance),
        "reasons": _texts(host.verdict.reasons, _SOME),
        "limits": _texts(host.verdict.limits, _SOME),
        "packs": _some(host.packs, _MANY, _pack),
        "builds": _some(host.builds, _SOME, _build),
        "exposure": _some(host.exposure, _MANY, _exposure),
        "findings": _some(findings, _MANY, _finding),
        "leads": _some(sorted(host.leads, key=_urgency), _SOME, _finding),
        "coverage": _some(sorted(host.coverage, key=lambda one: one.kind), _MANY, _coverage),
        "problems": [
            {"code": code, "count": count, "example": _problem(examples[code])}
            for code, count in codes.most_common(_SOME)
        ],
        "noise": {
            "patterns": len(host.noise),
            "rows": _number(sum(_number(one.events) for one in host.noise)),
        },
        "groups": [
            {"name": _text(one.name), "wording": _text(one.wording)} for one in host.groups[:_FEW]
        ],
        "totals": {
            "packs": len(host.packs),
            "builds": len(host.builds),
            "exposure": len(host.exposure),
            "findings": len(host.findings),
            "leads": len(host.leads),
            "coverage": len(host.coverage),
            "problems": len(host.problems),
        },
    }


_SEVERITIES: Sequence[str] = [one.value for one in Severity]
_CONFIDENCES: Sequence[str] = [one.value for one in Confidence]


def _urgency(one: told.Finding) -> tuple[int, int, bool, str]:
    """The most severe and surest first; words that we do not know come last."""
    return (
        -(_SEVERITIES.index(one.severity) if one.severity in _SEVERITIES else -1),
        -(_CONFIDENCES.index(one.confidence) if one.confidence in _CONFIDENCES else -1),
        one.first_seen is None,
        one.first_seen or "",
    )


def _pack(one: told.Pack) -> Shown:
    return {
        "pack": _text(one.pack),
        "level": _text((one.level or "").replace("_", " ")),
        "assurance": _text(one.assurance),
        "window": [_time(time) for time in one.window[:2]],
        "missing": [_text(in_words(kind)) for kind in one.missing[:_SOME]],
        "not_applicable": _text(one.not_applicable or ""),
        "check_instead": _texts(one.check_instead, _FEW) if not one.detectable else [],
    }


def _build(one: told.Build) -> Shown:
    named = [_text(part) for part in (one.product, one.cu, one.su) if part]
    return {
        "build": _text(one.build),
        "named": " ".join(named),
        "first_seen": _time(one.first_seen),
        "last_seen": _time(one.last_seen),
        "from": _text(in_words(one.from_)),
    }


def _exposure(one: told.Exposure) -> Shown:
    return {
        "cve": _text(one.cve),
        "status": _text(one.status.replace("_", " ")),
        "from": _time(one.exposed_from),
        "until": _time(one.exposed_until),
    }


def _finding(one: told.Finding) -> Shown:
    return {
        "title": _text(one.title),
        "grade": _text(one.grade.replace("_", " ")),
        "severity": _text(one.severity),
        "confidence": _text(one.confidence),
        "cves": _texts(one.cves, _SOME),
        "attack": _texts(one.attack, _SOME),
        "first_seen": _time(one.first_seen),
        "last_seen": _time(one.last_seen),
        "clients": _texts(one.clients, _SOME),
        "more_clients": max(0, len(one.clients) - _SOME),
        "rows": max(_number(one.rows), len(one.citations)),
        "citations": _some(one.citations, _FEW, _citation),
        "benign": _texts(one.benign_explanations, _FEW),
        "next_steps": _texts(one.next_steps, _FEW),
    }


def _citation(one: told.Citation) -> Shown:
    place = _text(one.artefact)
    for name, value in (("line", one.line), ("record", one.record), ("offset", one.offset)):
        if value is not None:
            place = f"{place}, {name} {_number(value)}"
            break
    return {
        "place": place,
        "time": _time(one.time),
        "rule": _text(one.rule),
        "text": _text(one.text),
    }


def _coverage(one: told.Coverage) -> Shown:
    return {
        "kind": _text(in_words(one.kind)),
        "files": _number(one.files),
        "events": _number(one.events),
        "first": _time(one.first),
        "last": _time(one.last),
        "gaps": len(one.gaps),
        "problems": _number(one.problems),
    }


def _problem(one: told.Problem) -> str:
    place = _text(one.artefact)
    if one.line is not None:
        place = f"{place}, line {_number(one.line)}"
    return f"{place}: {_text(one.detail)}"


def _some(things: Sequence[Any], most: int, show: Callable[[Any], Shown]) -> list[Shown]:
    return [show(one) for one in things[:most]]


def _texts(texts: Sequence[str], most: int) -> list[str]:
    return [_text(text) for text in texts[:most]]


def _text(text: str) -> str:
    return shortened(visible(text[: 2 * _TEXT]), _TEXT)


def _time(time: str | None) -> str:
    """``2021-03-12 08:30:00``; what is no time stands as it is."""
    text = _text(time or "")[:40]
    return _FRACTION.sub("", text.replace("T", " ").removesuffix("Z"))


def _number(number: int) -> int:
    return min(max(number, 0), _MOST_NUMBER)


def write(source: Path, folder: Path) -> None:
    """Write the files that the worker reads. Raises `SourceError`."""
    with source.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise SourceError(f"A result of more than {MOST_BYTES // 2**20} MiB is not read.")
    whole = _whole(data)
    tool = _strict_tool(data)
    servers: list[Shown] = []
    for number, raw in enumerate(whole.hosts):
        shown, strict = _server(bytes(raw), whole.tool)
        if "error" not in shown:
            (folder / f"{number}.json").write_bytes(_alone(raw, whole, data))
        if strict is not None and tool is not None:
            (folder / f"{number}.html").write_bytes(_page(strict, tool))
        servers.append(shown)
    text = msgspec.json.encode(servers)
    if len(text) > MOST_DIGEST_BYTES:
        raise SourceError("This result holds more text than the desk shows.")
    (folder / "digest.json").write_bytes(text)


def _alone(raw: msgspec.Raw, whole: told.Result, data: bytes) -> bytes:
    """The result with one server alone, as its sender wrote it; to the letter if it is alone."""
    if len(whole.hosts) == 1:
        return data
    return msgspec.json.encode({"schema": whole.schema, "tool": whole.tool, "hosts": [raw]})


class _ToolOf(msgspec.Struct, frozen=True):
    tool: StrictTool


def _strict_tool(data: bytes) -> StrictTool | None:
    try:
        return msgspec.json.decode(data, type=_ToolOf).tool
    except _DAMAGE:
        return None


def _page(host: HostResult, tool: StrictTool) -> bytes:
    result = StrictResult(schema=SCHEMA, tool=tool, verdict=host.verdict.level, hosts=(host,))
    return all_reports()["html"].render(result)


def main(arguments: Iterable[str]) -> int:
    """For the worker; what is wrong goes to stderr."""
    source, folder = map(Path, arguments)
    try:
        write(source, folder)
    except TocsinError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
