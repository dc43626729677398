"""What Test-ProxyLogon said, kept where the logs themselves are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.rows import verbatim
from tocsin.hunt import Options, hunt
from tocsin.model.grade import Level
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

LOG = r"C:\Exchange\Logging\ECP\Server\ECPServer20210303-1.LOG"
SAID = {
    "a printed sentence": (
        "out.txt",
        ("ProxyLogon Status: Exchange Server EX01", "Suspicious activity found in ECP log!", LOG),
        "test-proxylogon-ecp-log",
    ),
    "a list of files": ("EX01-Cve-2021-27065.log", (LOG,), "test-proxylogon-ecp-log"),
    "an event": (
        "EX01-Cve-2021-26857.csv",
        (
            '"TimeCreated","MachineName","Message"',
            '"2021-03-02T21:08:55Z","EX01","System.InvalidCastException: Unable to cast"',
        ),
        "test-proxylogon-um-exception",
    ),
    "a dump": (
        "EX01-other.csv",
        (
            '"ComputerName","Type","Path","Name","LastWrite"',
            r'"EX01","LsassDump","C:\windows\temp\lsass.dmp","lsass.dmp","3/2/2021 9:08:55 PM"',
        ),
        "test-proxylogon-lsass-dump",
    ),
}


@pytest.mark.parametrize(("name", "lines", "rule"), SAID.values(), ids=list(SAID))
def test_a_hit_of_every_check_wants_a_persons_eyes(
    tmp_path: Path, name: str, lines: tuple[str, ...], rule: str
) -> None:
    (host,) = hunt([verbatim(tmp_path, name, *lines)], Options(), SilentProgress()).hosts
    assert rule in [finding.id for finding in host.findings]
    assert Level.INCONCLUSIVE is host.verdict.level


def test_nothing_suspicious_is_no_finding(tmp_path: Path) -> None:
    said = ("ProxyLogon Status: Exchange Server EX01", "Nothing suspicious detected")
    (host,) = hunt([verbatim(tmp_path, "out.txt", *said)], Options(), SilentProgress()).hosts
    assert () == host.findings
