from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.campaign.reading_feeds import observed, read, status, the_one, the_problem
from tocsin.campaign.observation import FeedProblem, Method, Observation
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

HEADER_2021 = '"timestamp","ip","port","hostname","tag","asn","geo","region","city","naics","sic","sector","version","servername","url"\n'
ROW_2021 = '"2021-05-14 00:11:30","192.0.2.1",443,"mail.example.org","exchange;cve-2021-26855",64496,"US","CALIFORNIA","TURLOCK",517311,,"Hosting","15.2.721","EXCH2019",\n'
HEADER_SPECIAL = '"timestamp","ip","port","protocol","asn","geo","region","city","hostname","naics","sector","tag","public_source","status","detail","method","device_vendor"\n'

# Worked out by hand from Microsoft's builds and the Mar21SU of each cumulative update:
# (build, what it says of CVE-2021-26855, evidence).
ROWS_OF_2021 = [
    ("15.2.721", "undetermined", ()),  # 2019 CU7: .2 is open, Mar21SU is .13
    ("15.0.847", "undetermined", ("web_shell",)),  # 2013 SP1: .32 is open, Mar21SU is .64
    ("15.0.1178", "vulnerable", ("web_shell",)),  # 2013 CU12: no update was ever made for it
    ("15.1.2176", "undetermined", ()),  # 2016 CU19: .2 is open, Mar21SU is .9
    (None, "undetermined", ()),  # no version in the row
    ("15.2.659", "undetermined", ()),  # 2019 CU6: .4 is open, Mar21SU is .12
    ("15.1.1779", "undetermined", ()),  # 2016 CU13: .2 is open, Mar21SU is .8
]


def test_the_seven_real_rows_of_2021_say_what_was_worked_out_by_hand(corpus: Path) -> None:
    path = corpus / "csirt" / "shadowserver" / "scan_exchange.csv"
    rows = observed("shadowserver", path.read_bytes())
    assert ROWS_OF_2021 == [(row.build, status(row).value, row.evidence) for row in rows]
    assert {443} == {row.port for row in rows}
    assert [None] == [row.hostname for row in rows if row.server_name == "PV-SRV04"]
    claimed = [row.row for row in rows if row.claims == ("CVE-2021-26855",)]
    assert [1, 4, 5, 6, 7] == claimed
    assert {Method.FEED_VERSION, Method.NONE} == {row.method for row in rows}


def test_real_special_and_compromised_reports_are_kept_and_not_judged(corpus: Path) -> None:
    for name, count in (("special", 3), ("compromised_website", 3)):
        path = corpus / "csirt" / "shadowserver" / f"{name}.csv"
        rows = observed("shadowserver", path.read_bytes())
        assert [False] * count == [row.about_exchange for row in rows]
        assert {()} == {row.evidence for row in rows}


def test_a_real_row_of_the_test_case_of_n6_is_read(corpus: Path) -> None:
    row = the_one(
        "shadowserver", (corpus / "csirt" / "n6" / "n6_scan_exchange_testcase.csv").read_bytes()
    )
    assert ("1.1.1.1", 1111, "PL", ("CVE-2020-11111",)) == (
        row.ip,
        row.port,
        row.country,
        row.claims,
    )


def test_every_real_report_of_the_corpus_becomes_rows(corpus: Path) -> None:
    """Of ninety reports only those without an address of a host of their own have problems."""
    folder = corpus / "csirt" / "shadowserver" / "all_intelmq_testdata"
    problems = {
        path.name: len([row for row in rows if isinstance(row, FeedProblem)])
        for path in sorted(folder.glob("scan_*.csv"))
        if (rows := read("shadowserver", path.read_bytes()))
    }
    assert {"scan_rdp.csv": 2, "scan_synfulknock.csv": 1} == {
        name: count for name, count in problems.items() if count
    }


def test_a_row_is_kept_whole() -> None:
    row = the_one("shadowserver", HEADER_2021 + ROW_2021)
    expected = Observation(
        feed="shadowserver",
        file="file",
        file_sha256="0" * 64,
        row=1,
        time_utc=row.time_utc,
        ip="192.0.2.1",
        port=443,
        hostname="mail.example.org",
        server_name="EXCH2019",
        asn=64496,
        country="US",
        builds=(("15.2.721", Method.FEED_VERSION),),
        tags=("exchange", "cve-2021-26855"),
        claims=("CVE-2021-26855",),
        sector="Hosting",
        extra=(("region", "CALIFORNIA"), ("city", "TURLOCK"), ("naics", "517311")),
    )
    assert expected == row
    assert ("15.2.721", 3, Method.FEED_VERSION) == (row.build, row.precision, row.method)
    assert "2021-05-14T00:11:30+00:00" == (row.time_utc.isoformat() if row.time_utc else "")


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    text = "city,version,geo,asn,tag,servername,IP,Timestamp\nBonn,15.1.2507,DE,0,exchange,E1,192.0.2.1,2026-01-01 00:00:00\n"
    row = the_one("shadowserver", text)
    assert ("192.0.2.1", "15.1.2507", "DE", None) == (row.ip, row.build, row.country, row.asn)


def test_an_unknown_new_column_is_kept_under_its_name() -> None:
    text = HEADER_2021.replace('"url"', '"url","cloud"') + ROW_2021.replace('",\n', '",,"yes"\n')
    assert ("cloud", "yes") in the_one("shadowserver", text).extra


@pytest.mark.parametrize("column", ['"detail"', '"status"'])
def test_a_web_shell_in_another_column_of_a_special_report_is_seen(column: str) -> None:
    places = HEADER_SPECIAL.strip().split(",")
    cells = [""] * len(places)
    cells[0:2] = ["2026-01-01 00:00:00", "192.0.2.1"]
    cells[places.index(column)] = "Web shell at /owa/auth/x.aspx"
    row = the_one("shadowserver", HEADER_SPECIAL + ",".join(cells) + "\n")
    assert (("web_shell",), True) == (row.evidence, row.about_exchange or column == '"status"')


def test_a_special_report_without_port_is_read() -> None:
    row = the_one(
        "shadowserver",
        HEADER_SPECIAL + "2010-02-10 00:00:00,192.0.2.1,,,64512,ZZ,,,,0,,exchange;webshell,,,,,\n",
    )
    assert (None, None, ("web_shell",), True) == (
        row.port,
        row.country,
        row.evidence,
        row.about_exchange,
    )


def test_reports_glued_together_are_each_read_by_their_own_header() -> None:
    special = HEADER_SPECIAL + "2010-02-10 00:00:00,192.0.2.9,,,0,ZZ,,,,0,,exchange,,,,,\n"
    rows = observed("shadowserver", HEADER_2021 + ROW_2021 + special + HEADER_2021 + ROW_2021)
    assert ["192.0.2.1", "192.0.2.9", "192.0.2.1"] == [row.ip for row in rows]
    assert [1, 2, 3] == [row.row for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("192.0.2.1", "192.0.2.256", ProblemCode.BAD_VALUE),
        ("192.0.2.1", "", ProblemCode.BAD_VALUE),
        ("2021-05-14 00:11:30", "yesterday", ProblemCode.BAD_TIME),
        (",443,", ",70000,", ProblemCode.BAD_VALUE),
        (",443,", ",", ProblemCode.FIELD_COUNT),
        ('"EXCH2019"', '"EXCH2019', ProblemCode.BAD_QUOTING),
    ],
)
def test_a_value_that_is_none_makes_the_row_a_problem_and_keeps_the_web_shell(
    old: str, new: str, code: ProblemCode
) -> None:
    text = HEADER_2021 + ROW_2021.replace("cve-2021-26855", "webshell").replace(old, new)
    problem = the_problem("shadowserver", text)
    assert (code, ("web_shell",), 1) == (problem.code, problem.evidence, problem.row)


def test_what_is_no_build_is_kept_as_text() -> None:
    row = the_one("shadowserver", HEADER_2021 + ROW_2021.replace("15.2.721", "Exchange 2019"))
    assert (None, ("version", "Exchange 2019")) == (row.build, row.extra[-1])


def test_text_that_is_not_utf_8_costs_no_row() -> None:
    data = (HEADER_2021 + ROW_2021).encode().replace(b"TURLOCK", b"M\xdcNCHEN")
    assert ("city", "MÜNCHEN") in the_one("shadowserver", data).extra


def test_an_open_quote_does_not_swallow_the_rows_after_it() -> None:
    broken = ROW_2021.replace('"EXCH2019"', '"EXCH2019')
    rows = read("shadowserver", HEADER_2021 + broken + ROW_2021 * 30)
    assert [True, *[False] * 30] == [isinstance(row, FeedProblem) for row in rows]


def test_a_quoted_field_may_hold_a_line_end() -> None:
    row = the_one("shadowserver", HEADER_2021 + ROW_2021.replace("TURLOCK", "TUR\nLOCK"))
    assert ("city", "TUR\nLOCK") in row.extra


def test_a_web_shell_is_seen_though_the_column_of_tags_has_another_name() -> None:
    text = (
        (HEADER_2021 + ROW_2021).replace('"tag"', '"tags"').replace("cve-2021-26855", "webshell")
    )
    assert ("web_shell",) == the_one("shadowserver", text).evidence


@pytest.mark.parametrize("damage", [('"url"\n', '"ur'), ('"sic"', '"sic,'), ('url"\n', 'url",')])
def test_a_row_that_runs_into_its_header_keeps_its_web_shell(damage: tuple[str, str]) -> None:
    text = (HEADER_2021 + ROW_2021.replace("cve-2021-26855", "webshell")).replace(*damage)
    assert ("web_shell",) in [row.evidence for row in read("shadowserver", text)]
