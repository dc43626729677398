"""The registry as text: exported by ``regedit``, or printed by ``reg query``.

Text has no times, so none of these events has one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import file_fields, whole
from tocsin.events.exchange_registry import SETUP, UPDATE, fields_of, text_of
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.lines import Lines, head_text
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_HEADS = ("Windows Registry Editor Version", "REGEDIT4")
_QUERIED = re.compile(
    r"^(HKEY_LOCAL_MACHINE|HKLM)\\[^\r\n]+\r?\n {2,8}\S[^\r\n]* REG_", re.MULTILINE
)
_KEY = re.compile(r"\[?((?:HKEY_LOCAL_MACHINE|HKLM)\\[^\]]+)\]?\s*", re.IGNORECASE)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"\s*')
_DWORD = re.compile(r'"((?:[^"\\]|\\.)*)"=dword:([0-9a-f]{1,8})\s*', re.IGNORECASE)
_PRINTED = re.compile(r" {2,8}(\S.*?) {2,8}REG_(SZ|EXPAND_SZ|DWORD) {2,8}(.*)")
_ESCAPED = re.compile(r"\\(.)")
_VALUES = 500


def _recognise(head: bytes, _: EvidencePath) -> bool:
    text = head_text(head)
    return text.startswith(_HEADS) or _QUERIED.search(text) is not None


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """One event for each key that says something of Exchange; the first stands for the file."""
    file = file_fields(artefact)
    lines = Lines(stream, artefact.path.inside)
    path, place = "", 0
    values: dict[str, str] = {}
    yield _event(file, 1, {"KeyType": "export", "Key": "HKEY_LOCAL_MACHINE"})
    for line in lines:
        if isinstance(line, Problem):
            yield line
            continue
        number, text = line
        if "\0" in text:
            yield whole(artefact, ProblemCode.ENCODING, "NUL bytes in a line", number)
        elif key := _KEY.fullmatch(text):
            yield from _finished(file, place, path, values)
            path, place, values = key[1], number, {}
            if not (SETUP.search(path) or UPDATE.search(path)):
                path = ""
        elif path and len(values) < _VALUES and (pair := _pair(text)):
            values.setdefault(pair[0].lower(), pair[1])
    yield from _finished(file, place, path, values)


def _finished(
    file: dict[str, str], place: int, path: str, values: dict[str, str]
) -> Iterator[Event]:
    if path and (fields := fields_of(path, values)):
        yield _event(file, place, fields)


def _pair(text: str) -> tuple[str, str] | None:
    if found := _TEXT.fullmatch(text):
        return _plain(found[1]), _plain(found[2])
    if found := _DWORD.fullmatch(text):
        return _plain(found[1]), str(int(found[2], 16))
    if found := _PRINTED.fullmatch(text):
        value = found[3].strip()
        if found[2] != "DWORD":
            return found[1], value
        if re.fullmatch(r"0x[0-9a-f]{1,8}", value, re.IGNORECASE):
            return found[1], str(int(value, 16))
    return None


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _event(file: dict[str, str], place: int, fields: dict[str, str]) -> Event:
    named = {**file, **fields}
    return Event(
        time=None,
        place=place,
        fields={name: value for name, value in named.items() if value not in {"", "-"}},
        text=text_of(fields),
    )


FORMAT = Format(
    name="registry_export",
    title="Exported registry",
    paths=("*.reg", "*registry*.txt"),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="build", source="Build"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="windows", service="registry"),),
    sample="""\
\ufeffWindows Registry Editor Version 5.00\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\ExchangeServer\\v15\\Setup]\r
"MsiInstallPath"="C:\\\\Program Files\\\\Microsoft\\\\Exchange Server\\\\V15\\\\"\r
"MsiProductMajor"=dword:0000000f\r
"MsiProductMinor"=dword:00000001\r
"MsiBuildMajor"=dword:0000083a\r
"MsiBuildMinor"=dword:00000002\r
"OwaVersion"="15.1.2106.2"\r
\r
[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KB5000871]\r
"DisplayName"="Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871)"\r
"InstallDate"="20210304"\r
\r
""".encode("utf-16-le"),
    sample_path="C:/collected/exchange.reg",
    reference=(
        "Microsoft, how to add registry keys by using a registration entries (.reg) file; the"
        " printed form is that of reg.exe. Exchange's keys: microsoft/CSS-Exchange."
    ),
)
