"""Records become event logs, one file for each channel."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.samples.journal import ServerFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tocsin.samples.journal import Record
    from tocsin.samples.recipe import Server

LOGS = "C:/Windows/System32/winevt/Logs"


def event_files(records: Iterable[Record], server: Server) -> Iterator[ServerFile]:
    """One file for each channel, its records numbered from 1 in the order of time."""
    ordered = sorted(records, key=lambda record: (record.channel, record.time))
    for channel, group in groupby(ordered, key=lambda record: record.channel):
        kept = list(group)
        yield ServerFile(
            path=f"{LOGS}/{channel.replace('/', '%4')}.evtx",
            content=write_evtx(
                _numbered(number, record, server) for number, record in enumerate(kept, start=1)
            ),
            created=kept[0].time,
            modified=kept[-1].time,
        )


def _numbered(number: int, record: Record, server: Server) -> EvtxRecord:
    return EvtxRecord(
        channel=record.channel,
        provider=record.provider,
        event_id=record.event_id,
        time=record.time,
        record_id=number,
        computer=server.fqdn,
        level=record.level,
        data=record.data,
    )
