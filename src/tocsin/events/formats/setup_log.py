"""Exchange's set-up log: which version was set up when, and whether it worked.

Every row has its time in UTC, as month, day and year in this order, whatever separator the
server's language writes between them. Only cumulative updates and first installations are logged
here; security updates are not, so a build from here is a lower bound.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.format import Column, Format, LogSource, Unit
from tocsin.events.lines import count_data_lines, head_text, read_rows
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_ROW = re.compile(
    r"\[(?P<month>\d\d)\D{1,2}(?P<day>\d\d)\D{1,2}(?P<year>\d{4}) "
    r"(?P<hour>\d\d)\D{1,2}(?P<minute>\d\d)\D{1,2}(?P<second>\d\d)\.(?P<milli>\d{4})\] "
    r"\[(?P<depth>\d{1,3})\] ?(?P<message>.*)",
    re.ASCII,
)
_VERSION = re.compile(r"Setup version: (\d{1,5}(?:\.\d{1,5}){3})", re.IGNORECASE | re.ASCII)
_ZONE = re.compile(r"Local time zone: (.+?)\.?$", re.IGNORECASE)
_USER = re.compile(r"Logged on user: (.+?)\.?$", re.IGNORECASE)
_PARAMETER = re.compile(r"Command Line Parameter Name='([^']*)', Value='([^']*)'", re.IGNORECASE)
_STARTED = re.compile(r"Starting Microsoft Exchange Server.* Setup", re.IGNORECASE)
_DONE = re.compile(r"The Exchange Server setup operation completed successfully", re.IGNORECASE)
_MARK = re.compile(r"\[(ERROR|WARNING|REQUIRED|RECOMENDED)\] ?", re.IGNORECASE)
_RECOGNISED = re.compile(
    r"\[\d\d\D{1,2}\d\d\D{1,2}\d{4} [^\]]{8,16}\] \[\d\] .*(?:Setup version: |Exchange Server)"
)
_ELSEWHERE = ("prepare", "uninstall", "newprovisionedserver", "removeprovisionedserver")
"""Runs that leave the installed programs as they are, or take them away."""


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """One event for each line; a line without a time belongs to the message above it.

    ``SetupVersion`` is what was being set up. The field ``Build`` stands only in the row that
    says that an installation or upgrade was completed: from then on that build was installed.
    """
    return read_rows(stream, artefact, _Log(artefact.path.inside))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether a row tells of Exchange's set-up."""
    return _RECOGNISED.search(head_text(head)) is not None


class _Log:
    """One file: the run of set-up that the rows belong to."""

    def __init__(self, artefact: str) -> None:
        self._artefact = artefact
        self._version = ""
        self._mode = ""
        self._zone = ""
        self._elsewhere = False
        self._seen = False

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text.startswith("#"):
            return None
        found = _ROW.match(text)
        if found is None:
            return self._continuation(number, text, last=last)
        self._seen = True
        message = found["message"].strip()
        self._learn(message)
        fields = {
            "Message": _MARK.sub("", message),
            "Depth": found["depth"],
            "SetupVersion": self._version,
            "Mode": self._mode,
            "LocalTimeZone": self._zone,
        }
        if mark := _MARK.match(message):
            fields["Mark"] = mark[1].upper()
        if user := _USER.match(message):
            fields["User"] = user[1]
        if _DONE.match(message) and not self._elsewhere:
            fields["Build"] = _plain(self._version)
        return Event(time=_time(found), place=number, fields=_filled(fields), text=text)

    def _learn(self, message: str) -> None:
        if _STARTED.match(message):
            self._version = self._mode = self._zone = ""
            self._elsewhere = False
        elif found := _VERSION.match(message):
            self._version = found[1]
        elif found := _ZONE.match(message):
            self._zone = found[1]
        elif found := _PARAMETER.match(message):
            name, value = found[1].lower(), found[2]
            if name in {"mode", "m"}:
                self._mode = value
            words = (name, value.lower() if name in {"mode", "m"} else "")
            if any(word.startswith(_ELSEWHERE) for word in words):
                self._elsewhere = True

    def _continuation(self, number: int, text: str, *, last: bool) -> Row:
        if text.startswith("[") and last:
            return self._problem(number, ProblemCode.TRUNCATED, "the file ends within this row")
        if not self._seen:
            return self._problem(number, ProblemCode.BAD_TIME, "no time, and no row above it")
        fields = {"Message": text.strip(), "SetupVersion": self._version}
        return Event(time=None, place=number, fields=_filled(fields), text=text)

    def _problem(self, number: int, code: ProblemCode, detail: str) -> Problem:
        return Problem(artefact=self._artefact, line=number, code=code, detail=detail)


def _time(found: re.Match[str]) -> datetime | None:
    """The row's time in UTC; the fraction is milliseconds, padded to four digits."""
    names = ("year", "month", "day", "hour", "minute", "second")
    try:
        whole = datetime(*(int(found[name]) for name in names), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six numbers, as it wants
        return whole + timedelta(milliseconds=int(found["milli"]))
    except (ValueError, OverflowError):
        return None


def _plain(version: str) -> str:
    return ".".join(str(int(part)) for part in version.split(".")) if version else ""


def _filled(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value not in {"", "-"}}


SAMPLE = b"""\
[03/07/2021 20:15:33.0123] [0] \r
[03/07/2021 20:15:33.0123] [0] Starting Microsoft Exchange Server 2016 Setup\r
[03/07/2021 20:15:33.0123] [0] **********************************************\r
[03/07/2021 20:15:33.0139] [0] Local time zone: (UTC+01:00) Amsterdam, Berlin, Bern, Rome.\r
[03/07/2021 20:15:33.0139] [0] Setup version: 15.1.2176.2.\r
[03/07/2021 20:15:33.0155] [0] Logged on user: EXAMPLE\\anna.\r
[03/07/2021 20:15:33.0170] [0] Command Line Parameter Name='mode', Value='Upgrade'.\r
[03/07/2021 20:40:02.0007] [1] [WARNING] An unexpected state was found.\r
   at Example.Setup.Step()\r
[03/07/2021 21:02:44.0981] [0] The Exchange Server setup operation completed successfully.\r
[03/07/2021 21:02:44.0981] [0] End of Setup\r
"""

FORMAT = Format(
    name="setup_log",
    title="Exchange set-up log",
    paths=("ExchangeSetupLogs/ExchangeSetup*.log", "ExchangeSetup*.log"),
    recognise=recognise,
    columns=(
        Column(name="build", source="Build"),
        Column(name="user", source="User"),
        Column(name="error", source="Mark", pattern=r"^(ERROR|WARNING|REQUIRED|RECOMENDED)$"),
    ),
    parse=parse,
    count=count_data_lines,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="setup"),),
    sample=SAMPLE,
    sample_path="C:/ExchangeSetupLogs/ExchangeSetup.log",
    reference=(
        "Logs of set-up that administrators published (a German one shows dots between month, day"
        " and year), and microsoft/CSS-Exchange, SetupLogReviewer. That its times are UTC: the"
        " logger of Exchange's set-up formats the current UTC time."
    ),
)
