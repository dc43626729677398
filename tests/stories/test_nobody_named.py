"""Where nobody got in, nobody is named: no mailbox, no intruder, no group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.model.grade import Grade
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.servers import Attacked
    from tocsin.model.result import HostResult, Result

GOT_IN = ("succeeded", "quarantined")
NOBODY = tuple(one for one in samples.chain_names() if one[1] not in GOT_IN)
"""Servers on which attacks failed, scanners asked, or an ordinary day went by."""


def named(host: HostResult) -> list[str]:
    """Every mailbox in question, address of one who got in, and group that a result names."""
    cases = host.mail_abuse.cases if host.mail_abuse else ()
    sure = {one.id for one in host.findings if one.grade.rank >= Grade.EXPLOITED.rank}
    got_in = [one for one in host.intruders if sure & set(one.findings)]
    return [
        *(case.sender for case in cases),
        *(client for one in got_in for client in one.clients),
        *(group.wording for one in host.intruders for group in one.groups),
    ]


@pytest.mark.parametrize(("chain", "outcome"), NOBODY)
def test_a_server_on_which_no_attack_succeeded_names_nobody(
    chain: str, outcome: str, attacked: Attacked
) -> None:
    assert [] == named(attacked(chain, outcome))


def test_a_quiet_server_names_nobody(hunted: Callable[[str], Result]) -> None:
    (host,) = hunted("quiet").hosts
    assert ([], ()) == (named(host), host.intruders)


@pytest.mark.parametrize(
    "folder",
    [
        "evtx/benign",
        "exchange-logs/kinesis",
        "exchange-logs/qazeer",
        "exchange-logs/velociraptor",
        "iis/plaso",
    ],
)
def test_ordinary_logs_of_the_corpus_name_nobody(corpus: Path, folder: str) -> None:
    (host,) = hunt([corpus / folder], Options(), SilentProgress()).hosts
    assert ([], ()) == (named(host), host.intruders)
