"""What to install, in order."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.knowledge.advice import advice
from tocsin.knowledge.builds import Build, all_builds

TODAY = date(2026, 11, 24)


def installs(build: str, on: date) -> list[str]:
    """The steps but for the checks."""
    return [step for step in advice(build, on) if not step.startswith(("Check ", "If the "))]


def test_where_the_cumulative_update_gets_updates_the_newest_one_is_enough() -> None:
    assert ["Install Mar21SU for Exchange Server 2016 CU19 (KB5000871, 15.1.2176.9)."] == installs(
        "15.1.2176.4", date(2021, 3, 10)
    )


def test_an_old_cumulative_update_comes_before_its_security_update() -> None:
    assert [
        "Install Exchange Server 2019 CU9: CU3 gets no more security updates.",
        "Install May21SU for Exchange Server 2019 CU9 (KB5003435, 15.2.858.12).",
    ] == installs("15.2.464.15", date(2021, 5, 20))


def test_only_what_was_out_on_that_day_is_named() -> None:
    said = " ".join(advice("15.1.2176.4", date(2021, 3, 10)))
    assert "CU20" not in said
    assert "2022" not in said
    assert "CVE-2024" not in said


def test_2016_goes_to_subscription_edition_when_extended_updates_have_ended() -> None:
    found = installs("15.1.2308.27", TODAY)
    assert "Install Exchange Server 2016 CU23: CU21 gets no more security updates." == found[0]
    assert found[1].startswith(
        "Install Aug26SU for Exchange Server 2016 CU23 (KB5121576, 15.1.2507.72) if "
    )
    assert found[1].endswith("without them Oct25SU, 15.1.2507.61.")
    assert found[2].startswith("Move to Exchange Server SE: set up a new server")
    assert (
        "After that, install Aug26SU for Exchange Server SE RTM (KB5121573, 15.2.2562.46)."
        == found[3]
    )


def test_2019_is_upgraded_in_place_from_its_last_cumulative_updates() -> None:
    found = installs("15.2.1544.44", TODAY)
    assert found[0].startswith("Move to Exchange Server SE: an upgrade in place")
    assert 2 == len(found)
    assert "CU15" in installs("15.2.1118.40", TODAY)[0]


@pytest.mark.parametrize("build", ["14.3.123.4", "15.0.1395.12"])
def test_2010_and_2013_migrate(build: str) -> None:
    found = installs(build, TODAY)
    assert any(step.startswith("Move all mailboxes to a supported product") for step in found)


def test_updates_of_2010_after_the_end_of_its_support_were_free_for_all() -> None:
    """RU31 and RU32 close holes that are exploited; nobody had to pay for them."""
    assert (
        "Install RU32 for Exchange Server 2010 SP3 (14.3.513.0)."
        == installs("14.3.123.4", TODAY)[0]
    )


def test_nobody_is_sent_back_to_the_last_update_that_was_free() -> None:
    for build in ("15.1.2507.61", "15.2.1748.43"):
        assert installs(build, TODAY)[0].endswith("if extended security updates were paid for.")
    assert installs("15.1.2507.58", TODAY)[0].endswith("without them Oct25SU, 15.1.2507.61.")


def test_subscription_edition_gets_its_newest_update() -> None:
    assert ["Install Aug26SU for Exchange Server SE RTM (KB5121573, 15.2.2562.46)."] == installs(
        "15.2.2562.17", TODAY
    )


def test_where_nothing_is_newer_it_says_so() -> None:
    assert ["No newer update of Exchange Server SE RTM is known."] == installs(
        "15.2.2562.46", TODAY
    )
    found = installs("15.1.2176.9", date(2021, 3, 20))
    assert 1 == len(found)
    assert "CU20 is out" in found[0]


def test_three_parts_do_not_tell_whether_the_update_is_there() -> None:
    assert installs("15.2.2562", TODAY)[0].endswith("unless it is there already.")


def test_what_no_update_settles_is_to_be_checked_the_exploited_first() -> None:
    checks = advice("15.2.2562.46", TODAY)[1:]
    assert "CVE-2024-21410, known to be exploited" in checks[0]
    assert any("Setup.exe /PrepareSchema" in step for step in checks)
    assert any("/PrepareAllDomains" in step for step in checks)
    assert any("dedicated hybrid application" in step for step in checks)


@pytest.mark.parametrize("build", ["", "no build", "9.9.9.9", "15.2.9999.1", "15.1"])
def test_of_an_unknown_build_nothing_is_advised_but_to_look(build: str) -> None:
    assert 1 == len(advice(build, TODAY))
    assert "ExSetup.exe" in advice(build, TODAY)[0]


@given(
    build=st.sampled_from(all_builds()),
    parts=st.sampled_from([3, 4]),
    on=st.dates(date(2009, 1, 1), date(2040, 1, 1)),
)
def test_every_build_gets_whole_sentences_on_any_day(build: Build, parts: int, on: date) -> None:
    found = advice(build.number[:parts], on)
    assert found
    assert all(step[0].isupper() and step.endswith(".") for step in found)
    assert len(set(found)) == len(found)
