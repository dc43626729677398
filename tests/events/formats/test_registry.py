"""What the registry says of Exchange, from a hive and from text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import codes, events
from tocsin.events.format import all_formats
from tocsin.events.hive_writer import NewKey, write_hive
from tocsin.model.problem import ProblemCode

WRITTEN = datetime(2021, 3, 4, tzinfo=UTC)
QUERIED = """\
HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\ExchangeServer\\v15\\Setup\r
    MsiProductMajor    REG_DWORD    0xf\r
    MsiProductMinor    REG_DWORD    0x2\r
    MsiBuildMajor    REG_DWORD    0x35a\r
    MsiBuildMinor    REG_DWORD    0x5\r
    OwaVersion    REG_SZ    15.2.858.2\r
"""


@pytest.mark.parametrize("name", ["registry_hive", "registry_export"])
def test_set_up_and_updates_of_exchange_are_told(name: str) -> None:
    form = all_formats()[name]
    found = events(name, form.sample)
    kinds = [one.fields["KeyType"] for one in found]
    assert ["setup", "update"] == kinds[1:]
    assert ["15.1.2106.2"] == [value for one in found if (value := form.values(one).get("build"))]
    assert "KB5000871" == found[-1].fields["Kb"]


def test_the_version_of_owa_alone_is_no_build() -> None:
    text = (
        QUERIED.partition("    MsiProductMajor")[0] + "    OwaVersion    REG_SZ    15.2.858.2\r\n"
    )
    [_, setup] = events("registry_export", text)
    assert "15.2.858.2" == setup.fields["OwaVersion"]
    assert "Build" not in setup.fields


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_what_reg_query_prints_is_read_in_any_encoding(encoding: str) -> None:
    [_, setup] = events("registry_export", QUERIED.encode(encoding))
    assert ("15.2.858.5", 1) == (setup.fields["Build"], setup.place)


def test_what_is_not_exchanges_is_left_out() -> None:
    other = NewKey(written=WRITTEN, values={"DisplayName": "Another program"})
    hive = write_hive(
        NewKey(
            written=WRITTEN, keys={"Microsoft": NewKey(written=WRITTEN, keys={"Windows": other})}
        )
    )
    assert ["hive"] == [one.fields["KeyType"] for one in events("registry_hive", hive)]


def test_a_key_has_the_time_of_its_last_change() -> None:
    form = all_formats()["registry_hive"]
    times = [one.time for one in events("registry_hive", form.sample)]
    assert [
        None,
        datetime(2020, 9, 20, 10, 30, tzinfo=UTC),
        datetime(2021, 3, 4, 22, 15, tzinfo=UTC),
    ] == times


def test_a_hive_that_is_cut_is_a_problem() -> None:
    form = all_formats()["registry_hive"]
    assert [ProblemCode.BAD_DOCUMENT] == codes("registry_hive", form.sample[:4096])


def test_a_damaged_key_is_counted_and_the_others_are_read() -> None:
    form = all_formats()["registry_hive"]
    at = form.sample.find(b"vk")
    damaged = form.sample[:at] + b"xx" + form.sample[at + 2 :]
    assert [None, None, None, ProblemCode.BAD_RECORD] == codes("registry_hive", damaged)
