"""The result for programs: the very shape of the interface page, deterministic to the byte."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.jsontext import document

if TYPE_CHECKING:
    from tocsin.model.result import Citation, HostResult, Result


_UNORDERED = {"manifest": "path", "noise": "rule", "coverage": "kind", "exposure": "cve"}
"""Arrays whose order means nothing, and the key that they are sorted by."""


def render(result: Result, _choices: Choices = UNDECIDED) -> bytes:
    """Encode `result` as indented JSON with a newline at its end.

    Text that no UTF-8 can carry (a lone surrogate) prints as a question mark.
    """
    whole = msgspec.to_builtins(result)
    for host, printed in zip(result.hosts, whole["hosts"], strict=True):
        _settle(host, printed)
    return document(whole)


def _settle(host: HostResult, printed: dict[str, Any]) -> None:
    for findings, shown in (
        (host.findings, printed["findings"]),
        (host.leads, printed["leads"]),
    ):
        for finding, one in zip(findings, shown, strict=True):
            one["citations"] = [_citation(citation) for citation in finding.citations]
    for name, key in _UNORDERED.items():
        printed[name] = sorted(printed[name], key=itemgetter(key))


def _citation(citation: Citation) -> dict[str, Any]:
    """All keys, and of the three places only the one that is set."""
    places = {"line": citation.line, "record": citation.record, "offset": citation.offset}
    return {
        "artefact": citation.artefact,
        **{name: value for name, value in places.items() if value is not None},
        "time": citation.time,
        "time_from": citation.time_from,
        "rule": citation.rule,
        "text": citation.text,
    }


REPORT = Report(
    name="json",
    title="JSON, as `tocsin hunt --json` prints it",
    extension="json",
    media_type="application/json",
    render=render,
)
