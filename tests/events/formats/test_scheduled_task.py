from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.events.reading import codes, events, one
from tocsin.events.formats.evtx import FORMAT as EVTX
from tocsin.events.formats.scheduled_task import FORMAT
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

TEXT = FORMAT.sample.decode("utf-16")


def test_a_task_says_who_runs_what_and_when() -> None:
    event = one("scheduled_task", FORMAT.sample)

    assert {
        "FilePath": "C:/Windows/System32/Tasks/Sample",
        "FileName": "Sample",
        "TaskName": r"\Sample",
        "Author": r"CONTOSO\anna",
        "Date": "2021-03-03T07:15:00",
        "UserId": "S-1-5-18",
        "RunLevel": "HighestAvailable",
        "Hidden": "true",
        "Enabled": "true",
        "Trigger": "CalendarTrigger 2021-03-03T00:00:00 PT45M",
        "ActionType": "Exec",
        "Command": r"%windir%\system32\defrag.exe",
        "Arguments": "-c -h",
        "CommandLine": r"%windir%\system32\defrag.exe -c -h",
    } == event.fields
    assert event.time is None, "the date is the server's local time"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2021-03-03T07:15:00Z", datetime(2021, 3, 3, 7, 15, tzinfo=UTC)),
        ("2021-03-03T07:15:00.1234567+01:00", datetime(2021, 3, 3, 6, 15, 0, 123456, tzinfo=UTC)),
        ("2021-03-03", None),
        ("", None),
    ],
)
def test_only_a_date_with_a_zone_dates_the_event(date: str, expected: datetime | None) -> None:
    assert expected == one("scheduled_task", TEXT.replace("2021-03-03T07:15:00", date)).time


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_recoded_copy_is_read_although_it_still_says_utf16(encoding: str) -> None:
    data = TEXT.encode(encoding)

    assert FORMAT.recognise(data, EvidencePath.plain("x"))
    assert "CONTOSO\\anna" == one("scheduled_task", data).fields["Author"]


def test_each_action_is_an_event() -> None:
    second = "<ComHandler><ClassId>{1-2}</ClassId></ComHandler></Actions>"

    first, handler = events("scheduled_task", TEXT.replace("</Actions>", second))

    assert "Exec" == first.fields["ActionType"]
    assert ("ComHandler", "{1-2}") == (handler.fields["ActionType"], handler.fields["ClassId"])
    assert first.fields["TaskName"] == handler.fields["TaskName"]


def test_a_task_without_uri_is_named_after_its_place() -> None:
    text = TEXT.replace("<URI>\\Sample</URI>", "")

    event = one("scheduled_task", text, "D:/Windows/System32/Tasks/Microsoft/Windows/Winnet")

    assert r"\Microsoft\Windows\Winnet" == event.fields["TaskName"]


def test_a_task_that_breaks_off_gives_what_it_has() -> None:
    assert [None, ProblemCode.BAD_DOCUMENT] == codes("scheduled_task", TEXT[: TEXT.index("<Arg")])


def test_a_task_with_entities_is_refused() -> None:
    hostile = TEXT.replace("<Task ", '<!DOCTYPE x [<!ENTITY a "aaaa">]><Task ')

    assert [ProblemCode.BAD_DOCUMENT] == codes("scheduled_task", hostile)


def test_an_event_log_that_quotes_a_task_is_none(corpus: Path) -> None:
    data = (corpus / "evtx/benign/velociraptor_SecurityTasks.evtx").read_bytes()

    assert not FORMAT.recognise(data[:65536], EvidencePath.plain("x"))


def test_real_task_definitions_are_read(corpus: Path) -> None:
    """Event 4698 quotes the definition of the task that was registered."""
    path = corpus / "evtx/benign/velociraptor_SecurityTasks.evtx"
    artefact = Artefact(path=EvidencePath.plain("x"), format="evtx", size_bytes=0)
    with path.open("rb") as stream:
        quoted = [
            row.fields["TaskContent"]
            for row in EVTX.parse(stream, artefact)
            if isinstance(row, Event) and "TaskContent" in row.fields
        ]

    found = [one("scheduled_task", text.encode("utf-16")) for text in quoted]

    assert found
    assert all("Command" in event.fields for event in found)
