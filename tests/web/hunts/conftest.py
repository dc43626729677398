"""Uploads of the tests' own: small results, and a sample server as evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tocsin import samples
from tocsin.web.accounts.models import Role, User
from tocsin.web.assets.models import Asset, Colour
from tocsin.web.hunts.services import receive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.hunts.models import Hunt


@pytest.fixture(autouse=True)
def _media(media: Path) -> None:
    """Every test of hunts may store files."""


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of a server that was broken into."""
    return samples.build("compromised", tmp_path_factory.mktemp("samples"))


@pytest.fixture
def server() -> Callable[..., dict[str, Any]]:
    """One server of a result, as small as one can be; what is named differs."""

    def make(**changes: object) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "source": "exch01.zip",
            "name": "EXCH01",
            "verdict": {
                "level": "compromised",
                "assurance": "complete",
                "reasons": ["A page answered commands."],
                "limits": ["Security events were not collected."],
            },
            "packs": [],
            "builds": [
                {
                    "build": "15.1.2176.2",
                    "product": "Exchange Server 2016",
                    "cu": "CU19",
                    "su": None,
                    "first_seen": "2021-02-01T00:00:00Z",
                    "last_seen": "2021-03-02T08:00:00Z",
                    "from": "setup_log",
                }
            ],
            "exposure": [],
            "findings": [
                {
                    "id": "web-shell-requests",
                    "title": "Requests to a page that is a web shell",
                    "grade": "persistence",
                    "severity": "critical",
                    "confidence": "high",
                    "cves": ["CVE-2021-27065"],
                    "attack": ["T1505.003"],
                    "first_seen": "2021-03-02T08:00:00Z",
                    "last_seen": "2021-03-02T09:00:00Z",
                    "clients": ["203.0.113.9"],
                    "citations": [
                        {
                            "artefact": "C/inetpub/logs/u_ex210302.log",
                            "line": 12,
                            "rule": "shell-request",
                            "text": "POST /aspnet_client/page.aspx",
                        }
                    ],
                    "benign_explanations": [],
                    "next_steps": ["Keep the page, and its times."],
                    "rows": 3,
                }
            ],
            "leads": [],
            "timeline": [],
            "coverage": [
                {
                    "kind": "iis",
                    "files": 2,
                    "events": 20,
                    "first": "2021-03-01T00:00:00Z",
                    "last": "2021-03-09T09:30:00Z",
                    "gaps": [],
                    "problems": 0,
                }
            ],
            "problems": [],
            "noise": [],
            "groups": [],
            "manifest": [],
        }
        return {**whole, **changes}

    return make


@pytest.fixture
def result(server: Callable[..., dict[str, Any]]) -> Callable[..., bytes]:
    """A result of these servers, or of one."""

    def make(*servers: dict[str, Any], **changes: object) -> bytes:
        rules = {
            "loaded": 1,
            "not_applicable": 0,
            "failed": [],
            "full_scan": [],
            "fields_never_seen": [],
        }
        whole = {
            "schema": "tocsin.result/1",
            "tool": {"version": "0.1.0", "knowledge": "2026-11-01", "rules": rules},
            "verdict": "compromised",
            "hosts": list(servers) or [server()],
        }
        return json.dumps({**whole, **changes}).encode()

    return make


@pytest.fixture
def received(campaign: Campaign, person: Callable[[Role], User]) -> Callable[..., Hunt]:
    """Hand something over as an analyst."""

    def hand_over(content: bytes, name: str = "report.json", host: str = "") -> Hunt:
        upload = SimpleUploadedFile(name, content)
        return receive(campaign, person(Role.ANALYST), upload, host)

    return hand_over


@pytest.fixture
def asset(campaign: Campaign) -> Asset:
    """A host that a feed has named."""
    return Asset.objects.create(
        campaign=campaign,
        key="192.0.2.7",
        ip="192.0.2.7",
        place=b"\x04" + bytes(12) + bytes([192, 0, 2, 7]),
        hostname="exch01.example.org",
        colour=Colour.YELLOW,
    )
