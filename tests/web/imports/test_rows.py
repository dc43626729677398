from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.mutations import DAMAGE, Damage
from tocsin.campaign.feed import FeedContext, all_feeds
from tocsin.campaign.observation import Method, Observation
from tocsin.web.accounts.models import Role
from tocsin.web.imports.models import FeedFile, Import, ImportState
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows
from tocsin.web.imports.rows import (
    COLUMNS,
    MAX_KEY,
    FileKey,
    host_of,
    list_in,
    list_out,
    observation_of,
    text_in,
    text_out,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

# Half a surrogate and NUL are in: banners hold them, and databases do not take them.
TEXT = st.text(st.characters(), min_size=1, max_size=20)
MAYBE = st.none() | TEXT
BUILDS = st.tuples(st.sampled_from(["15.2.721", "15.1.2176.14"]), st.sampled_from(Method))
OBSERVATIONS = st.builds(
    Observation,
    feed=st.just("csv"),
    file=st.just("scan.csv"),
    file_sha256=st.just("0" * 64),
    row=st.integers(1, 2**40),
    time_utc=st.none()
    | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 zones follow
    ip=st.none() | st.ip_addresses().map(str),
    port=st.none() | st.integers(1, 65_535),
    hostname=MAYBE,
    server_name=MAYBE,
    names=st.lists(TEXT, max_size=3).map(tuple),
    asn=st.none() | st.integers(1, 2**32 - 1),
    country=st.none() | st.sampled_from(["DE", "FR"]),
    builds=st.lists(BUILDS, max_size=2).map(tuple),
    about_exchange=st.booleans(),
    tags=st.lists(TEXT, max_size=3).map(tuple),
    evidence=st.sampled_from([(), ("web_shell",)]),
    claims=st.sampled_from([(), ("CVE-2021-26855",)]),
    sector=MAYBE,
    extra=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
)


def file_of(row: Observation) -> FileKey:
    return FileKey(row.feed, row.file, row.file_sha256)


def observations_of(name: str, data: bytes) -> list[Observation]:
    feed = all_feeds()[name]
    context = FeedContext(
        file=feed.sample_name, sha256="a" * 64, mapping=feed.sample_mapping, host="192.0.2.9"
    )
    rows = feed.read(io.BytesIO(data), context)
    return [row for row in rows if isinstance(row, Observation)]


@pytest.fixture
def file(campaign: Campaign, person: Callable[[Role], User]) -> FeedFile:
    done = Import.objects.create(
        campaign=campaign, number=1, by=person(Role.ANALYST), state=ImportState.DONE
    )
    return FeedFile.objects.create(
        campaign=campaign, part_of=done, feed="csv", name="scan.csv", sha256="0" * 64
    )


@given(row=OBSERVATIONS)
def test_a_row_comes_back_as_it_went_in(row: Observation) -> None:
    assert row == observation_of(values_of(row), file_of(row))


@pytest.mark.parametrize("name", list(all_feeds()))
@given(damage=DAMAGE)
def test_rows_of_each_feed_come_back_from_any_damage(name: str, damage: Damage) -> None:
    sample = all_feeds()[name].sample
    for data in (sample, damage.applied(sample)):
        for row in observations_of(name, data):
            assert row == observation_of(values_of(row), file_of(row))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=OBSERVATIONS)
def test_a_row_comes_back_through_the_database(
    file: FeedFile, campaign: Campaign, row: Observation
) -> None:
    Row.objects.all().delete()
    Row.objects.create(file=file, **dict(zip(COLUMNS, values_of(row), strict=True)))

    assert [row] == list(stored_rows(campaign))


def test_the_columns_are_those_of_the_table() -> None:
    names = {one.name for one in Row._meta.concrete_fields}

    assert names == {"id", "file", *COLUMNS}


@pytest.mark.parametrize("text", [None, "", "plain", "two\nlines", "a\0b", "\ud800", "\x01mark"])
def test_any_text_comes_back_and_is_one_that_a_database_takes(text: str | None) -> None:
    written = text_in(text)

    assert "\0" not in written
    assert written == written.encode().decode()
    assert (text or "") == text_out(written)


def test_a_list_with_half_a_surrogate_comes_back() -> None:
    assert ["\ud800", "b"] == list_out(list_in(("\ud800", "b")))


@pytest.mark.parametrize(
    ("ip", "hostname", "host"),
    [
        ("192.0.2.1", "mail.example.org", "192.0.2.1"),
        (None, "Mail.Example.org.", "mail.example.org"),
        (None, "a" * 400, "a" * MAX_KEY),
        (None, "a\0b", "a‹U+0000›b"),
        (None, None, ""),
    ],
)
def test_a_host_is_known_by_its_address_or_else_its_name(
    ip: str | None, hostname: str | None, host: str
) -> None:
    row = Observation(feed="csv", file="scan.csv", file_sha256="", row=1, ip=ip, hostname=hostname)

    assert host == host_of(row)
