"""Scheduled tasks as Windows keeps them: one event for each action of a task."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import evidence_time, file_fields, read_document, whole
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.windows_event import moment
from tocsin.events.xml_tree import Node, read_xml, root_name
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_LIMIT = 2**20
_SCHEMA = b"schemas.microsoft.com/windows/"
_FOLDER = re.compile(r"(?:^|/)tasks/(.+)$", re.IGNORECASE)
_ZONED = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_NO_ACTION = Node("", {}, 1)


def _recognise(head: bytes, _: EvidencePath) -> bool:
    return root_name(head) == "Task" and _SCHEMA in head.replace(b"\0", b"")


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    data, problem = read_document(stream, artefact, _LIMIT)
    tree = read_xml(data)
    if tree.root is not None and tree.root.name == "Task":
        yield from _actions(tree.root, artefact)
    elif not problem and not tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, "no <Task> element")
    if problem:
        yield problem
    elif tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, tree.error, tree.line)


def _actions(task: Node, artefact: Artefact) -> Iterator[Event]:
    common = _common(task, artefact)
    actions = [action for part in task.all("Actions") for action in part.children]
    for action in actions or (_NO_ACTION,):
        fields = {
            **common,
            "ActionType": action.name,
            "Command": action.value("Command"),
            "Arguments": action.value("Arguments"),
            "WorkingDirectory": action.value("WorkingDirectory"),
            "ClassId": action.value("ClassId"),
        }
        fields["CommandLine"] = f"{fields['Command']} {fields['Arguments']}".strip()
        yield Event(
            time=_registered(task) or evidence_time(artefact),
            place=action.line,
            fields={name: value for name, value in fields.items() if value not in {"", "-"}},
            text=_text(fields),
        )


def _common(task: Node, artefact: Artefact) -> dict[str, str]:
    inside = _FOLDER.search(artefact.path.server)
    from_path = "\\" + inside[1].replace("/", "\\") if inside else artefact.path.name
    principal = task.first("Principals", "Principal") or _NO_ACTION
    return {
        **file_fields(artefact),
        "TaskName": task.value("RegistrationInfo", "URI") or from_path,
        "Author": task.value("RegistrationInfo", "Author"),
        "Date": task.value("RegistrationInfo", "Date"),
        "Description": task.value("RegistrationInfo", "Description"),
        "UserId": principal.value("UserId") or principal.value("GroupId"),
        "LogonType": principal.value("LogonType"),
        "RunLevel": principal.value("RunLevel"),
        "Hidden": task.value("Settings", "Hidden").lower(),
        "Enabled": task.value("Settings", "Enabled").lower(),
        "Trigger": "; ".join(
            _trigger(trigger) for part in task.all("Triggers") for trigger in part.children
        ),
    }


def _trigger(trigger: Node) -> str:
    """Its kind, start and interval: ``CalendarTrigger 2021-03-03T00:00:00 PT45M``."""
    start = trigger.value("StartBoundary")
    interval = trigger.value("Repetition", "Interval")
    return " ".join(part for part in (trigger.name, start, interval) if part)


def _registered(task: Node) -> datetime | None:
    """When the task was made, if it says so with a zone; mostly it is the server's local time."""
    written = task.value("RegistrationInfo", "Date")
    return moment(written) if _ZONED.search(written) else None


def _text(fields: dict[str, str]) -> str:
    shown = ("TaskName", "CommandLine", "ClassId", "UserId", "Author", "Date", "Trigger")
    return "; ".join(f"{name}: {fields[name]}" for name in shown if fields[name])


FORMAT = Format(
    name="scheduled_task",
    title="Scheduled tasks",
    paths=("Windows/System32/Tasks/**/*", "Windows/SysWOW64/Tasks/**/*"),
    recognise=_recognise,
    columns=(
        Column(name="user", source="UserId"),
        Column(name="process", source="Command"),
        Column(name="command_line", source="CommandLine"),
        Column(name="file_path", source="FilePath"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="windows", service="scheduled-task"),),
    sample="""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Date>2021-03-03T07:15:00</Date>
    <Author>CONTOSO\\anna</Author>
    <URI>\\Sample</URI>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Repetition><Interval>PT45M</Interval></Repetition>
      <StartBoundary>2021-03-03T00:00:00</StartBoundary>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal>
  </Principals>
  <Settings><Enabled>true</Enabled><Hidden>true</Hidden></Settings>
  <Actions Context="Author">
    <Exec><Command>%windir%\\system32\\defrag.exe</Command><Arguments>-c -h</Arguments></Exec>
  </Actions>
</Task>
""".replace("\n", "\r\n").encode("utf-16"),
    sample_path="C:/Windows/System32/Tasks/Sample",
    reference="Microsoft's Task Scheduler schema (MS-TSCH, XML task definition).",
)
