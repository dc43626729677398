"""The other logs of a simulated server: the same from the same seed, readable, and tied as told."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tocsin.hunt import Options, hunt
from tocsin.model.grade import Confidence
from tocsin.model.progress import SilentProgress
from tocsin.samples.mail import (
    Background,
    Settings,
    Truth,
    write_background,
    write_organisation,
)
from tocsin.samples.mail.attacks import Way, attacks_on
from tocsin.samples.mail.breakins import Tie
from tocsin.samples.mail.organisation import found

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.result import HostResult

SMALL = Settings(seed=6, mailboxes=24, days=16, attacks=6)


def background(folder: Path, settings: Settings = SMALL) -> tuple[Truth, Background]:
    truth = write_organisation(settings, folder)
    return truth, write_background(settings, truth, folder)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Background, Path]:
    folder = tmp_path_factory.mktemp("server")
    return *background(folder / "C"), folder


@pytest.fixture(scope="module")
def host(written: tuple[Truth, Background, Path]) -> HostResult:
    packs = ("mailbox-abuse", "proxylogon", "mail-theft")
    (found_host,) = hunt([written[2]], Options(packs=packs), SilentProgress()).hosts
    return found_host


def digest(folder: Path) -> str:
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return hashlib.sha256(
        b"".join(str(one.name).encode() + one.read_bytes() for one in files)
    ).hexdigest()


def test_the_same_seed_gives_the_same_bytes(
    written: tuple[Truth, Background, Path], tmp_path: Path
) -> None:
    again = background(tmp_path / "C")
    assert (written[:2], digest(written[2])) == (again, digest(tmp_path))


def test_no_row_is_damaged_and_all_kinds_of_logs_are_there(
    written: tuple[Truth, Background, Path], host: HostResult
) -> None:
    assert [] == [one for one in host.problems if one.artefact]
    names = {one.suffix for one in written[2].rglob("*") if one.is_file()}
    assert {".LOG", ".log", ".evtx"} == names
    for folder in ("HttpProxy/Ecp", "HttpProxy/Owa", "ECP/Server", "Ews", "MessageTracking"):
        assert any(folder in one.parent.as_posix() for one in written[2].rglob("*")), folder


def test_each_attack_has_a_tie_that_goes_with_the_way_it_was_sent(
    written: tuple[Truth, Background, Path],
) -> None:
    ways = {one.label: one.way for one in attacks_on(found(SMALL))}
    ties = {label: Tie(tie) for label, tie in written[1].ties.items()}
    assert {one.label for one in written[0].attacks} == set(ties)
    for label, tie in ties.items():
        assert (tie is Tie.SESSION) <= (ways[label] is Way.SERVER)
        assert (tie is Tie.RIGHT) <= (ways[label] is Way.EWS_ATTACKER)
        assert (tie is Tie.ADDRESS) <= (ways[label] is not Way.SERVER)


def test_what_comes_from_the_address_of_a_break_in_is_sure_and_nothing_else(
    written: tuple[Truth, Background, Path], host: HostResult
) -> None:
    truth, told, _ = written
    by_address = {one.sender for one in truth.attacks if Tie(told.ties[one.label]) is Tie.ADDRESS}
    assert host.mail_abuse is not None
    sure = {one.id for one in host.findings if one.confidence is Confidence.HIGH}
    cases = {one.sender for one in host.mail_abuse.cases if one.finding in sure}
    assert by_address == cases - {told.shared}
    assert by_address
    for case in host.mail_abuse.cases:
        if case.sender in by_address:
            assert f"from {case.clients[0]}, an address that also called " in case.joins[0]


def test_where_nobody_attacks_no_break_in_is_seen_but_that_of_somebody_else(
    tmp_path: Path,
) -> None:
    quiet = next(
        told
        for seed in range(0, 20, 2)
        if not (
            told := background(
                tmp_path / str(seed) / "C", Settings(seed=seed, mailboxes=12, days=8, attacks=0)
            )[1]
        ).quiet
    )
    assert ({}, "") == (quiet.ties, quiet.shared)
    assert quiet.scans > 0
