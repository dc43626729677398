"""Mail in the name of others, from logs on a disk to whom to warn."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.findings.mail.mailing import FOLDER, Mail, Office, at, contacts, person, write_logs
from tests.stories.servers import pack_of
from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.matching.crew import can_fork
from tocsin.model.grade import Confidence, Grade, Level
from tocsin.model.progress import SilentProgress
from tocsin.report.format import all_reports
from tocsin.report.redact import redact, restore
from tocsin.samples.recipe import read_recipe
from tocsin.verdict.names import NameCollector

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.names import Names
    from tocsin.model.result import HostResult, Result

INTRUDER = str(read_recipe("compromised").names["intruder"])
ABUSED = 3
DAY = 31
"""The day after the break-in of the sample."""


def office(*, abused: bool, client: str = INTRUDER) -> Office:
    """An office with a month of mail, and perhaps forty letters on a night of March."""
    found = Office(days=40, people=6)
    if abused:
        found.mails += [
            Mail(
                time=at(DAY, 22, 6 * one),
                sender=person(ABUSED),
                to=[contacts(ABUSED)[one]],
                subject="Overdue invoice",
                client=client,
                kind="OWA",
                size=31_000,
            )
            for one in range(40)
        ]
    return found


def server(folder: Path, sample: str, mail: Office) -> Path:
    """The sample's files in a folder, with the logs of an office beside them."""
    with zipfile.ZipFile(samples.build(sample, folder / "built")) as packed:
        packed.extractall(folder / "server")
    write_logs(
        (row for one in mail.mails for row in one.rows()), folder / "server" / "more" / FOLDER
    )
    return folder / "server"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Names]:
    """The broken-in server from which mail was sent, and the names on it."""
    source = server(tmp_path_factory.mktemp("abused"), "compromised", office(abused=True))
    names = NameCollector()
    result = hunt([source], Options(), SilentProgress(), names=names)
    return result, names.taken()


@pytest.fixture(scope="module")
def only_mail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing but the mail of an office in which somebody acts in another's name."""
    folder = tmp_path_factory.mktemp("mail")
    mail = office(abused=True)
    write_logs((row for one in mail.mails for row in one.rows()), folder / FOLDER)
    return folder


def hunted(source: Path, options: Options | None = None) -> HostResult:
    (host,) = hunt([source], options or Options(), SilentProgress()).hosts
    return host


def test_the_mails_of_the_intruder_are_told_with_their_rows(told: tuple[Result, Names]) -> None:
    (host,) = told[0].hosts
    (finding,) = (one for one in host.findings if one.id.startswith("mailbox-abuse"))
    assert Confidence.HIGH is finding.confidence
    assert Grade.POST_EXPLOITATION is finding.grade
    assert (INTRUDER,) == finding.clients
    assert f"Mail in the name of {person(ABUSED)}" in finding.title
    mails = [one for one in finding.citations if "Overdue invoice" in one.text]
    assert 40 == len(mails)
    assert all("STOREDRIVER,RECEIVE" in one.text and one.line for one in mails)
    assert any("HttpProxy" in one.artefact for one in finding.citations)
    assert Level.COMPROMISED is pack_of(host, "mailbox-abuse").level


def test_the_habit_stands_beside_what_happened(told: tuple[Result, Names]) -> None:
    (host,) = told[0].hosts
    assert host.mail_abuse is not None
    (case,) = host.mail_abuse.cases
    assert person(ABUSED) == case.sender
    assert "on 2021-03-04 40 mails to 40 recipients in 4 minutes" == case.what
    assert case.baseline.startswith("usually ")
    assert "never between" in case.baseline
    called = f"from {INTRUDER}, an address that also called proxyLogon.ecp (2021-03-03 06:44 UTC)"
    assert any(one.startswith(called) for one in case.joins)
    assert 40 == sum(one.unusual for one in case.days)
    assert ("Overdue invoice",) == case.subjects


def test_everybody_who_got_one_is_on_the_list_and_nobody_else(told: tuple[Result, Names]) -> None:
    files = all_reports()["html"].files(told[0])
    rows = list(csv.DictReader(io.StringIO(files["report.recipients.csv"].decode())))
    assert sorted(contacts(ABUSED)) == sorted(row["recipient"] for row in rows)
    assert {person(ABUSED)} == {row["sender"] for row in rows}
    assert person(ABUSED) in files["report.recipients.txt"].decode()
    assert b"report.recipients.csv" in files["report.html"]


def test_the_list_and_the_note_hold_no_name_once_redacted(told: tuple[Result, Names]) -> None:
    result, names = told
    redacted, key = redact(result, names)
    files = all_reports()["html"].files(redacted)
    for name, content in files.items():
        for word in ("muster", "partner.example", "@example.org"):
            assert word.encode() not in content, name
    assert 40 == files["report.recipients.csv"].count(b"@redacted.example,no,1,")
    assert restore(redacted, key) == result


def test_the_intruder_who_sent_mail_is_the_one_who_broke_in(told: tuple[Result, Names]) -> None:
    (host,) = told[0].hosts
    (finding,) = (one for one in host.findings if one.id.startswith("mailbox-abuse"))
    (intruder,) = (one for one in host.intruders if finding.id in one.findings)
    assert INTRUDER in intruder.clients


def test_a_broken_in_server_from_which_nobody_sent_mail_gives_nothing(tmp_path: Path) -> None:
    host = hunted(server(tmp_path, "compromised", office(abused=False)))
    assert host.mail_abuse is not None
    assert () == host.mail_abuse.cases
    assert [] == [one for one in host.findings if one.id.startswith("mailbox-abuse")]
    assert pack_of(host, "mailbox-abuse").level is None


def test_habits_alone_break_into_no_server(only_mail: Path) -> None:
    host = hunted(only_mail)
    assert host.mail_abuse is not None
    (case,) = host.mail_abuse.cases
    assert () == case.joins
    (finding,) = (one for one in host.findings if one.id == case.finding)
    assert finding.confidence is not Confidence.HIGH
    assert host.verdict.level not in (Level.COMPROMISED, Level.EXPLOITED)
    assert () == host.intruders


@pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")
def test_however_many_processes_read_the_same_is_told(only_mail: Path) -> None:
    assert hunted(only_mail) == hunted(only_mail, Options(jobs=2))


def test_mail_outside_of_the_period_that_was_asked_for_is_no_case(only_mail: Path) -> None:
    host = hunted(only_mail, Options(until=at(DAY - 5, 0)))
    assert host.mail_abuse is not None
    assert () == host.mail_abuse.cases
    assert 1 == host.mail_abuse.more


def test_nothing_is_judged_where_the_pack_was_not_asked_for(only_mail: Path) -> None:
    assert hunted(only_mail, Options(packs=("web-shells",))).mail_abuse is None
