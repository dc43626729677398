"""The SOFTWARE hive of the registry: what Exchange's set-up wrote, and installed updates.

An event's time is when its key was last changed: its values were in place by then.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import file_fields, whole
from tocsin.events.exchange_registry import (
    INSTALLER_KEY,
    SETUP_KEYS,
    UNINSTALL_KEYS,
    fields_of,
    text_of,
)
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.hive import MAGIC, Hive, HiveError, Key
from tocsin.events.hive_writer import NewKey, write_hive
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_LIMIT = 1024 * 2**20
_IN_MEMORY = 16 * 2**20
_BLOCK = 2**20


def _recognise(head: bytes, path: EvidencePath) -> bool:
    """Only SOFTWARE: the header names the hive, or its file does."""
    if not head.startswith(MAGIC):
        return False
    name = head[48:112].decode("utf-16-le", "replace").partition("\0")[0]
    last = name.replace("/", "\\").rpartition("\\")[2].lower()
    return last == "software" or path.name.lower().startswith("software")


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, prefix="tocsin-") as copy:
        size = 0
        try:
            while size < _LIMIT and (block := stream.read(_BLOCK)):
                copy.write(block)
                size += len(block)
        except OSError as error:
            yield whole(artefact, ProblemCode.UNREADABLE, f"reading stopped at {size}: {error}")
        yield from _read(copy, artefact)  # type: ignore[arg-type]  # all of BinaryIO that it uses
    if size >= _LIMIT:
        yield whole(artefact, ProblemCode.TOO_LARGE, f"only the first {_LIMIT} bytes were read")


def _read(copy: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    try:
        hive = Hive(copy)
    except HiveError as error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, str(error))
        return
    dirty = "true" if hive.is_dirty else ""
    yield _event(artefact, hive.root, {"KeyType": "hive", "Key": "SOFTWARE", "Dirty": dirty})
    for path, key in _keys(hive):
        if fields := fields_of(f"SOFTWARE\\{path}", hive.values(key)):
            yield _event(artefact, key, fields)
    if hive.damaged:
        yield whole(
            artefact, ProblemCode.BAD_RECORD, f"{hive.damaged} keys or values cannot be read"
        )


def _keys(hive: Hive) -> Iterator[tuple[str, Key]]:
    for path in SETUP_KEYS:
        if key := hive.find(path):
            yield path, key
    for path in UNINSTALL_KEYS:
        if parent := hive.find(path):
            for key in hive.subkeys(parent):
                yield f"{path}\\{key.name}", key
    yield from _patches(hive)


def _patches(hive: Hive) -> Iterator[tuple[str, Key]]:
    """What Windows Installer knows as a patch of some product."""
    products = hive.find(INSTALLER_KEY)
    for product in hive.subkeys(products) if products else ():
        for below in hive.subkeys(product):
            if below.name.lower() == "patches":
                for key in hive.subkeys(below):
                    yield f"{INSTALLER_KEY}\\{product.name}\\{below.name}\\{key.name}", key


def _event(artefact: Artefact, key: Key, fields: dict[str, str]) -> Event:
    named = {**file_fields(artefact), **fields}
    return Event(
        time=None if fields["KeyType"] == "hive" else key.written,
        place=key.at,
        fields={name: value for name, value in named.items() if value not in {"", "-"}},
        text=text_of(fields),
    )


_SET_UP = datetime(2020, 9, 20, 10, 30, tzinfo=UTC)
_PATCHED = datetime(2021, 3, 4, 22, 15, tzinfo=UTC)


def _sample() -> bytes:
    def under(path: str, key: NewKey) -> NewKey:
        for part in reversed(path.split("\\")):
            key = NewKey(written=_SET_UP, keys={part: key})
        return key

    setup = NewKey(
        written=_SET_UP,
        values={
            "MsiProductMajor": 15,
            "MsiProductMinor": 1,
            "MsiBuildMajor": 2106,
            "MsiBuildMinor": 2,
            "OwaVersion": "15.1.2106.2",
            "MsiInstallPath": "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\",
        },
    )
    update = NewKey(
        written=_PATCHED,
        values={
            "DisplayName": "Security Update for Exchange Server 2016 Cumulative Update 18 "
            "(KB5000871)",
            "InstallDate": "20210304",
        },
    )
    exchange = under(SETUP_KEYS[0].removeprefix("Microsoft\\"), setup)
    windows = under(
        UNINSTALL_KEYS[0].removeprefix("Microsoft\\"),
        NewKey(written=_PATCHED, keys={"{00000000-0000-4000-8000-000000000001}": update}),
    )
    microsoft = NewKey(written=_SET_UP, keys={**exchange.keys, **windows.keys})
    return write_hive(NewKey(written=_SET_UP, keys={"Microsoft": microsoft}))


FORMAT = Format(
    name="registry_hive",
    title="Registry hive SOFTWARE",
    paths=("Windows/System32/config/SOFTWARE", "System32/config/RegBack/SOFTWARE"),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="build", source="Build"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.OFFSET,
    log_sources=(LogSource(product="windows", service="registry"),),
    sample=_sample(),
    sample_path="C:/Windows/System32/config/SOFTWARE",
    reference=(
        "Registry file format: M. Suhanov's specification. Exchange's keys: microsoft/CSS-Exchange"
        " (EOMT, HealthChecker)."
    ),
)
