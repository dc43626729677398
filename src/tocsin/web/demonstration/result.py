"""What an owner of the invented country found by `tocsin hunt`, as the file that they hand over.

Only the shape is real: `tocsin.result/1`, as `docs/reference/json.md` has it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import tocsin
from tocsin.knowledge.builds import cumulative_update_of, lookup
from tocsin.knowledge.version import version_in_use
from tocsin.model.result import SCHEMA

if TYPE_CHECKING:
    from datetime import date

_SHELL = "/aspnet_client/discover.aspx"


def owners_result(name: str, build: str, day: date, *, compromised: bool = True) -> bytes:
    """The result of a server `name` that ran `build` on `day` (UTC), or was broken into then."""
    rules = {
        "loaded": 1,
        "not_applicable": 0,
        "failed": [],
        "full_scan": [],
        "fields_never_seen": [],
    }
    whole = {
        "schema": SCHEMA,
        "tool": {
            "version": tocsin.__version__,
            "knowledge": version_in_use(),
            "rules": rules,
        },
        "verdict": "compromised" if compromised else "no_evidence_found",
        "hosts": [_server(name, build, datetime.combine(day, time(1, 40), UTC), compromised)],
    }
    return json.dumps(whole, indent=1).encode()


_COMPROMISED = {
    "level": "compromised",
    "assurance": "partial",
    "reasons": ["A page that nobody knows answered requests from outside."],
    "limits": ["Exchange had deleted its own logs of January."],
}
_NOTHING_FOUND = {
    "level": "no_evidence_found",
    "assurance": "complete",
    "reasons": ["Nothing was found, and the logs are complete enough to say so."],
    "limits": [],
}


def _server(name: str, build: str, at: datetime, compromised: bool) -> dict[str, Any]:  # noqa: FBT001 for this module alone
    return {
        "source": f"{name}.zip",
        "name": name,
        "verdict": _COMPROMISED if compromised else _NOTHING_FOUND,
        "packs": [],
        "builds": [_build(build, at)],
        "exposure": [],
        "findings": [_finding(at)] if compromised else [],
        "leads": [],
        "timeline": [],
        "coverage": [
            {
                "kind": "iis",
                "files": 31,
                "events": 48_210,
                "first": _text(at - timedelta(days=30)),
                "last": _text(at + timedelta(hours=9)),
                "gaps": [],
                "problems": 0,
            }
        ],
        "problems": [],
        "noise": [],
        "groups": [],
        "manifest": [],
    }


def _build(build: str, at: datetime) -> dict[str, Any]:
    known = lookup(build)
    number = tuple(map(int, build.split(".")))
    update = cumulative_update_of(number)
    return {
        "build": build,
        "product": update.product if update else None,
        "cu": update.cu if update else None,
        "su": known.su if known else None,
        "first_seen": _text(at - timedelta(days=30)),
        "last_seen": _text(at),
        "from": "setup_log",
    }


def _finding(at: datetime) -> dict[str, Any]:
    return {
        "id": "web-shell-requests",
        "title": "Requests to a page that is a web shell",
        "grade": "persistence",
        "severity": "critical",
        "confidence": "high",
        "cves": ["CVE-2021-27065"],
        "attack": ["T1505.003"],
        "first_seen": _text(at),
        "last_seen": _text(at + timedelta(hours=2)),
        "clients": ["203.0.113.41"],
        "citations": [
            {
                "artefact": "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log",
                "line": 412,
                "rule": "iis-web-shell-request",
                "text": f"POST {_SHELL} 200",
            }
        ],
        "benign_explanations": [],
        "next_steps": ["Copy the page with its times and hash; only then take it away."],
        "rows": 7,
    }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
