"""Rows as `tocsin observe --json` prints them: one object a line, with what our catalogue says.

Source: the team's interface page ("`tocsin observe FEED FILE...`"). Times are UTC with ``Z``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tocsin.campaign.exposure import judge_builds
from tocsin.campaign.observation import FeedProblem, FeedRow, Observation
from tocsin.knowledge.cves import all_cves
from tocsin.report import jsontext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.campaign.observation import SeenBuild

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
_NOTHING = orjson.Fragment(b"{}")
_MOST_REMEMBERED = 10_000


class Printer:
    """Prints rows; remembers what was said of each set of builds."""

    def __init__(self, cves: Sequence[str] | None = None) -> None:
        """Of all known CVEs, or of these, in their order."""
        self._cves = tuple(all_cves()) if cves is None else tuple(cves)
        self._said: dict[tuple[SeenBuild, ...], orjson.Fragment] = {}

    def line(self, row: FeedRow) -> bytes:
        """One line of JSON with its newline."""
        if isinstance(row, FeedProblem):
            shown = _problem(row)
        else:
            exposure = self._exposure(row.builds) if row.about_exchange else _NOTHING
            shown = _observation(row, exposure)
        try:
            return orjson.dumps(shown, option=_OPTIONS)
        except TypeError:  # text that no UTF-8 can carry
            return jsontext.line(_plain(shown))

    def _exposure(self, builds: tuple[SeenBuild, ...]) -> orjson.Fragment:
        said = self._said.get(builds)
        if said is None:
            if len(self._said) >= _MOST_REMEMBERED:
                self._said.clear()
            judged = judge_builds(builds, self._cves)
            said = orjson.Fragment(orjson.dumps({cve: judged[cve].status for cve in self._cves}))
            self._said[builds] = said
        return said


def _observation(row: Observation, exposure: orjson.Fragment) -> dict[str, Any]:
    return {
        "feed": row.feed,
        "file": row.file,
        "file_sha256": row.file_sha256,
        "row": row.row,
        "time": row.time_utc,
        "ip": row.ip,
        "port": row.port,
        "hostname": row.hostname,
        "server_name": row.server_name,
        "names": row.names,
        "asn": row.asn,
        "country": row.country,
        "build": row.build,
        "precision": row.precision,
        "method": row.method,
        "builds": row.builds,
        "about_exchange": row.about_exchange,
        "exposure": exposure,
        "evidence": row.evidence,
        "claims": row.claims,
        "tags": row.tags,
        "sector": row.sector,
        "extra": dict(row.extra),
    }


def _problem(row: FeedProblem) -> dict[str, Any]:
    """The keys that every row has, and the problem."""
    return {
        "feed": row.feed,
        "file": row.file,
        "file_sha256": row.file_sha256,
        "row": row.row,
        "time": None,
        "ip": row.ip,
        "port": None,
        "hostname": None,
        "build": None,
        "precision": None,
        "exposure": {},
        "evidence": row.evidence,
        "problem": {"code": row.code, "detail": row.detail},
    }


def _plain(shown: dict[str, Any]) -> dict[str, Any]:
    """Without fragments, which only orjson knows."""
    exposure = shown["exposure"]
    whole = orjson.loads(orjson.dumps(exposure)) if isinstance(exposure, orjson.Fragment) else {}
    return {**shown, "exposure": whole}
