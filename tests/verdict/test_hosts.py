"""A server's name is what its rows say."""

from __future__ import annotations

from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.verdict.hosts import Hosts

FORM = all_formats()["httpproxy"]
(SOURCE,) = {column.source for column in FORM.columns if column.name == "host"}


def named(*names: str, file: str = "a.log") -> Hosts:
    hosts = Hosts()
    artefact = Artefact(path=EvidencePath.plain(file), format="httpproxy", size_bytes=1)
    for place, name in enumerate(names, 1):
        event = Event(time=None, place=place, fields={SOURCE: name} if name else {}, text="")
        hosts.row(artefact, FORM, "httpproxy:ecp", event)
    return hosts


def test_the_name_most_rows_give_is_the_servers() -> None:
    assert "MAIL01" == named("mail01", "MAIL01.example.test", "other").name("x.zip")


def test_without_a_name_the_source_gives_it() -> None:
    assert "evidence.zip" == named("", "").name("evidence.zip")


def test_equal_counts_give_the_same_name_every_time() -> None:
    assert "A" == named("B", "A").name("x")


def test_one_huge_file_does_not_outvote_the_others() -> None:
    assert 20 == sum(named(*["mail01"] * 1000)._names.values())
