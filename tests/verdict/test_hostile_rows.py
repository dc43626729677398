"""Rows that an intruder wrote to bend the verdict or to eat the memory."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.events.format import all_formats
from tocsin.events.kind import kind_of
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode
from tocsin.verdict.coverage import CoverageTaker
from tocsin.verdict.exposure import exposure
from tocsin.verdict.released import ReleasedBuilds
from tocsin.verdict.watch import Watch

FORM = all_formats()["httpproxy"]
FILE = Artefact(path=EvidencePath.plain("x.log"), format="httpproxy", size_bytes=1)
BEFORE = datetime(2021, 1, 1, tzinfo=UTC)
ATTACK = datetime(2021, 3, 3, tzinfo=UTC)
VULNERABLE, FIXED, HOTFIX = "15.1.2106.2", "15.1.2106.13", "15.1.2106.99"


def seen(*rows: tuple[str, datetime]) -> ReleasedBuilds:
    builds = ReleasedBuilds()
    for place, (build, time) in enumerate(rows, 1):
        event = Event(time=time, place=place, fields={"Build": build}, text="", stream="ecp")
        builds.row(FILE, FORM, "httpproxy:ecp", event)
    return builds


@pytest.mark.parametrize("forged", [FIXED, HOTFIX])
def test_a_build_from_before_its_release_does_not_date_the_patch(forged: str) -> None:
    """One forged row would say that the server was fixed before anybody attacked it."""
    builds = seen((forged, BEFORE), (VULNERABLE, ATTACK))
    (exposed,) = exposure(builds.sightings(), ["CVE-2021-26855"])
    assert (ATTACK, None) == (exposed.since, exposed.until)
    (limit,) = builds.limits()
    assert "2021-01-01" in limit
    assert forged in limit


def test_a_fix_that_was_really_installed_still_counts() -> None:
    patched = ATTACK + timedelta(days=5)
    builds = seen((FIXED, BEFORE), (VULNERABLE, ATTACK), (FIXED, patched))
    (exposed,) = exposure(builds.sightings(), ["CVE-2021-26855"])
    assert (ATTACK, patched) == (exposed.since, exposed.until)


def test_numbers_that_are_no_builds_are_nothing() -> None:
    builds = seen(("15." * 3000, ATTACK), ("", ATTACK))
    assert () == builds.sightings()


def test_a_flood_of_builds_that_cannot_be_is_told_in_short() -> None:
    builds = seen(*((f"15.1.2106.{number}", BEFORE) for number in range(13, 1000)))
    assert 10 == len(builds.limits())


def test_a_new_protocol_in_every_row_is_not_a_new_source_for_each() -> None:
    """The coverage of 200 000 sources took 400 MiB, and the report 50 MB."""
    taker = CoverageTaker()
    for place in range(3 * CoverageTaker.KINDS):
        event = Event(time=ATTACK, place=place, fields={}, text="", stream=f"p{place}")
        taker.row(FILE, FORM, f"httpproxy:p{place}", event)
    taker.problem(
        "httpproxy:another",
        Problem(artefact="x.log", line=1, code=ProblemCode.FIELD_COUNT, detail=""),
    )
    sources = taker.taken().sources
    assert CoverageTaker.KINDS + 1 == len(sources)
    assert 3 * CoverageTaker.KINDS == sum(source.events for source in sources.values())
    assert 1 == sources["httpproxy"].problems


def test_nobody_who_looks_at_every_row_keeps_what_is_too_long_to_be_true() -> None:
    """Twenty thousand addresses of a megabyte each are twenty gigabytes."""
    watch = Watch()
    huge = 2**20
    tracemalloc.start()
    try:
        for place in range(60):
            value = f"{place}" + "9" * huge
            names = ("ClientIpAddress", "ServerHostName", "Build", "UserAgent")
            event = Event(
                time=ATTACK,
                place=place,
                fields=dict.fromkeys(names, value),
                text="",
                stream=value,
            )
            for observer in watch.everybody:
                observer.row(FILE, FORM, kind_of("httpproxy", event.stream), event)
            del event, value
        watch.addresses.shared()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3 * huge
