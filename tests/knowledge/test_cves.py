"""The tables of CVEs, of fixes and of checks, and what a mistake in them says."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge.cves import all_checks, all_cves
from tocsin.knowledge.fixes import all_updates, special_packages, updates_for
from tocsin.knowledge.root import BUILTIN, using
from tocsin.knowledge.support import all_products


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Our facts, to be broken."""
    return Path(shutil.copytree(BUILTIN / "exchange", tmp_path / "exchange"))


def test_a_cve_says_whom_it_affects_and_since_when_it_is_exploited() -> None:
    cve = all_cves()["CVE-2021-34473"]
    assert ("ProxyShell: path confusion before login", date(2021, 7, 13)) == (
        cve.title,
        cve.published,
    )
    assert (("2013", "2016", "2019"), ("2010",)) == (cve.products, cve.unaffected)
    assert date(2021, 11, 3) == cve.known_exploited
    assert (True, None, False) == (cve.decidable, cve.check, cve.inferred)


def test_a_cve_that_the_build_does_not_decide_says_what_to_check() -> None:
    cve = all_cves()["CVE-2024-21410"]
    assert (False, "extended_protection") == (cve.decidable, cve.check_name)
    assert cve.check is not None
    assert "Extended Protection is on" in cve.check


def test_what_was_inferred_is_marked() -> None:
    inferred = [cve.id for cve in all_cves().values() if cve.inferred]
    assert 18 == len(inferred)
    assert all(name.startswith("CVE-2026-") for name in inferred)
    assert not all_cves()["CVE-2026-42897"].inferred


def test_all_cves_are_there() -> None:
    assert 167 == len(all_cves())
    assert 56 == len(all_updates())


def test_two_updates_for_one_cve_are_both_told_oldest_first() -> None:
    assert ["Feb23SU", "Mar23SU"] == [one.name for one in updates_for("CVE-2023-21707")]
    assert () == updates_for("CVE-1999-0001")


def test_a_special_package_knows_which_update_may_be_missing() -> None:
    package = special_packages()["2016 CU14"]
    assert "KB4536987" == package.older_update("CVE-2020-0688")
    assert package.older_update("CVE-2021-26855") is None


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("cves.csv", "2021-07-13,", "2021-13-07,", "cves.csv:"),
        ("cves.csv", ",loopback_check,", ",lopback_check,", "no check is called 'lopback_check'"),
        ("cves.csv", "CVE-2021-26857,", "CVE-2021-26855,", "CVE-2021-26855 stands there twice"),
        ("checks.toml", "later_products", "latter_products", "checks.toml"),
        ("first_fixed.toml", '"15.1.2176.9"', '"15.1.2176"', "Mar21SU, 2016 CU19: '15.1.2176'"),
        ("first_fixed.toml", "released", "relaesed", "first_fixed.toml"),
        ("special.toml", '"15.0.1395.12"', '"15.0.1395"', "2013 CU21: '15.0.1395'"),
        ("support.toml", "ends", "end", "support.toml"),
    ],
)
def test_a_mistake_in_a_table_names_the_place(
    copied: Path, name: str, old: str, new: str, said: str
) -> None:
    path = copied / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if name == "cves.csv" else text.replace(old, new))
    with using(copied.parent), pytest.raises(KnowledgeError, match="exchange/") as caught:
        _load()
    assert said in str(caught.value)


def test_a_cve_without_a_source_is_refused(copied: Path) -> None:
    path = copied / "cves.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\nCVE-2027-1,,,SE,,,,,,\n")
    with using(copied.parent), pytest.raises(KnowledgeError, match="needs a CVE and a source"):
        _load()


def _load() -> None:
    all_cves()
    all_checks()
    all_updates()
    special_packages()
    all_products()
