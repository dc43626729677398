"""The tables of builds, fixes, CVEs, checks and support, held against each other."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tocsin.knowledge.builds import (
    CumulativeUpdate,
    all_builds,
    all_cumulative_updates,
    lookup,
)
from tocsin.knowledge.cves import all_checks, all_cves
from tocsin.knowledge.fixes import Update, all_updates, special_packages, updates_for
from tocsin.knowledge.root import data_root
from tocsin.knowledge.status import StatusWord, status
from tocsin.knowledge.support import all_products

CUMULATIVE_UPDATES = {one.name: one for one in all_cumulative_updates()}
KNOWN_EXPLOITED = 19
"""How many CISA's catalogue held when the table was made; it only grows."""


def by_name(found: CumulativeUpdate) -> str:
    return found.name


def update_name(update: Update) -> str:
    return update.name


def text(number: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in number)


def test_no_build_stands_there_twice() -> None:
    counted = Counter(build.number for build in all_builds())
    assert {} == {number: times for number, times in counted.items() if times > 1}


@pytest.mark.parametrize("found", all_cumulative_updates(), ids=by_name)
def test_days_are_in_order_inside_a_cumulative_update(found: CumulativeUpdate) -> None:
    """Of a month only the month is known, so two builds are compared by what both know."""
    dated = [build for build in found.builds if build.released is not None]
    wrong = [
        (one.text, other.text)
        for one, other in pairwise(dated)
        if one.released is not None
        and other.released is not None
        and (
            (one.released.year, one.released.month) > (other.released.year, other.released.month)
            if one.by_month or other.by_month
            else one.released > other.released
        )
    ]
    assert [] == wrong


def test_every_build_and_cve_has_a_source() -> None:
    assert [] == [build.text for build in all_builds() if not build.source]
    assert [] == [cve.id for cve in all_cves().values() if not cve.source]
    assert [] == [update.name for update in all_updates() if len(update.source) < 20]
    assert [] == [name for name, check in all_checks().items() if len(check.source) < 20]
    assert [] == [product.name for product in all_products().values() if not product.source]


@pytest.mark.parametrize("name", ["builds.csv", "cves.csv"])
def test_every_letter_of_a_source_is_explained(name: str) -> None:
    lines = (data_root() / "exchange" / name).read_text(encoding="utf-8").splitlines()
    explained = {
        line.lstrip("# ").removeprefix("Sources: ")[0]
        for line in lines
        if line.startswith("#") and " = " in line[:16]
    }
    used = {
        letter
        for line in lines
        if not line.startswith("#") and not line.endswith(",source")
        for letter in line.rpartition(",")[2]
    }
    assert set() == used - explained


@pytest.mark.parametrize("update", all_updates(), ids=update_name)
def test_every_first_fixed_build_is_known_and_belongs_to_its_cumulative_update(
    update: Update,
) -> None:
    assert update.fixed
    for cu, numbers in update.fixed.items():
        assert cu.split()[0] in update.products
        for number in numbers:
            build = lookup(text(number))
            assert build is not None, text(number)
            assert cu == f"{build.product.removeprefix('Exchange Server ')} {build.cu}"
            assert build.su is None or build.su == update.name.removesuffix(" for SP3")


@pytest.mark.parametrize("update", all_updates(), ids=update_name)
def test_an_update_names_known_cves_and_a_day_that_its_builds_share(update: Update) -> None:
    assert set() == set(update.cves) - set(all_cves())
    for numbers in update.fixed.values():
        for build in (lookup(text(number)) for number in numbers):
            assert build is not None
            assert build.released is not None
            months = [(day.year, day.month) for day in (build.released, update.released)]
            assert months[0] == months[1] if build.by_month else build.released == update.released


def test_what_names_a_cumulative_update_a_product_or_a_check_names_a_known_one() -> None:
    products = set(all_products())
    assert {one.short_product for one in all_cumulative_updates()} == products
    assert set() == set(special_packages()) - set(CUMULATIVE_UPDATES)
    assert {cve.check_name for cve in all_cves().values() if cve.check_name} == set(all_checks())
    for cve in all_cves().values():
        assert set() == {*cve.products, *cve.unaffected} - products, cve.id
        assert set() == set(cve.listed) - set(CUMULATIVE_UPDATES), cve.id
        assert set() == set(cve.products) & set(cve.unaffected), cve.id
        fixed = {cu for update in updates_for(cve.id) for cu in update.fixed}
        assert set() == set(cve.listed) & fixed, cve.id


def test_every_cve_can_be_decided_or_says_what_to_check_or_what_is_not_known() -> None:
    for cve in all_cves().values():
        assert cve.published is not None, cve.id
        assert updates_for(cve.id) or cve.check or cve.listed, cve.id


@pytest.mark.parametrize("found", all_cumulative_updates(), ids=by_name)
def test_each_cumulative_update_has_a_first_fixed_build_or_a_reason(
    found: CumulativeUpdate,
) -> None:
    for cve in all_cves().values():
        said = [status(build.number, cve.id) for build in found.builds]
        assert all(one.reason for one in said)
        first_fixed = any(found.name in update.fixed for update in updates_for(cve.id))
        if first_fixed or not cve.decidable:
            continue
        # Without a first fixed build the build number decides nothing, so all say the same;
        # only where Microsoft lists it are builds from before the fix told apart.
        words = {one.status for one in said}
        assert len(words) == 1 or found.name in cve.listed, (found.name, cve.id, words)


def test_every_cumulative_update_that_still_gets_updates_got_the_newest() -> None:
    newest = all_updates()[-1]
    for product in all_products().values():
        covered = product.extended.cumulative_updates if product.extended else ()
        for cu in covered:
            assert f"{product.name} {cu}" in newest.fixed


def test_every_known_exploited_cve_is_there_and_sensibly_dated() -> None:
    exploited = [cve for cve in all_cves().values() if cve.known_exploited is not None]
    assert len(exploited) >= KNOWN_EXPLOITED
    for cve in exploited:
        assert cve.title, f"{cve.id} is known to be exploited: people have a name for it"
        assert cve.published is not None
        assert cve.known_exploited is not None
        assert cve.published <= cve.known_exploited, cve.id
        words = {status(build.number, cve.id).status for build in all_builds()}
        assert words & {StatusWord.VULNERABLE, StatusWord.UNDETERMINED}, cve.id


@pytest.mark.parametrize("cu", special_packages())
def test_a_special_package_fits_the_tables(cu: str) -> None:
    package = special_packages()[cu]
    assert lookup(text(package.first)) is not None
    assert set() == {cve for cves in package.missing.values() for cve in cves} - set(all_cves())
    for cve in package.fixes:
        first = [update.fixed[cu] for update in updates_for(cve) if cu in update.fixed]
        assert [package.first] == [numbers[0] for numbers in first]
