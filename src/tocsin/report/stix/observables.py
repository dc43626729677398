"""Cyber observables of one server: files of the collection, addresses, processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.report.stix.objects import Thing, observable, process
from tocsin.report.traces import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import HostResult
    from tocsin.report.traces import Client, Process

_NO_NAME = "(no name)"


class Observer:
    """Makes the observables of `host`, marked with `marks`; `add` keeps them."""

    def __init__(self, host: HostResult, marks: list[str], add: Callable[[Thing], str]) -> None:
        self._server = shown(host.name)
        self._manifest = {entry.path: entry for entry in host.manifest}
        self._marks = marks
        self._add = add

    def file(self, path: str) -> str:
        """A file of the collection, with its hash where the manifest has it."""
        entry = self._manifest.get(path)
        folder, _, name = shown(path).rpartition("/")
        hashes = {"SHA-256": entry.sha256} if entry is not None else None
        return self._file(folder, name, hashes, entry.size if entry is not None else None)

    def address(self, client: Client) -> str:
        """A client's address."""
        return self._add(
            observable(f"ipv{client.version}-addr", self._marks, {"value": client.address})
        )

    def process(self, seen: Process) -> str:
        """A process, with its program and the account that started it."""
        folder, _, name = shown(seen.image).replace("/", "\\").rpartition("\\")
        user = shown(seen.user, 300)
        account = (
            self._add(observable("user-account", self._marks, {"account_login": user}))
            if user
            else None
        )
        where = {
            "server": self._server,
            "artefact": shown(seen.cited.artefact),
            "record": seen.cited.record,
        }
        return self._add(
            process(
                self._marks,
                where,
                pid=seen.process_id,
                command_line=shown(seen.command_line),
                image_ref=self._file(folder, name, None, None),
                creator_user_ref=account,
            )
        )

    def _file(
        self, folder: str, name: str, hashes: dict[str, str] | None, size_bytes: int | None
    ) -> str:
        counted: Thing = {"name": name or _NO_NAME}
        if hashes is not None:
            counted["hashes"] = hashes
        if folder:
            counted["parent_directory_ref"] = self._add(
                observable("directory", self._marks, {"path": folder})
            )
        return self._add(observable("file", self._marks, counted, size=size_bytes))
