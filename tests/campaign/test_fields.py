from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.campaign import fields, fingerprints
from tocsin.campaign.fields import FieldError
from tocsin.campaign.observation import (
    Method,
    Observation,
    normal_address,
    normal_build,
    seen_builds,
)
from tocsin.model.problem import ProblemCode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-05-14 00:11:30", "2021-05-14T00:11:30+00:00"),
        ("2021-05-14T00:11:30Z", "2021-05-14T00:11:30+00:00"),
        ("2021-05-14T02:11:30+02:00", "2021-05-14T00:11:30+00:00"),
        ("2021-05-23 00:00:00 UTC", "2021-05-23T00:00:00+00:00"),
        ("2022-08-30T01:58:59.320014077Z", "2022-08-30T01:58:59.320014+00:00"),
        ("1620951090", "2021-05-14T00:11:30+00:00"),
        ("2021-05-14", "2021-05-14T00:00:00+00:00"),
    ],
)
def test_times_are_utc_however_they_are_written(written: str, expected: str) -> None:
    assert expected == fields.moment(written).isoformat()


@pytest.mark.parametrize("written", ["soon", "14/05/2021", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00", "2021-13-01"])  # fmt: skip
def test_what_is_no_time_of_our_days_is_told(written: str) -> None:
    with pytest.raises(FieldError) as error:
        fields.moment(written)
    assert ProblemCode.BAD_TIME is error.value.code


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.01", None),
        ("192.0.2.256", None),
        ("fe80::1%eth0", None),
        ("192.0.2.0/24", None),
        ("mail.example.org", None),
    ],
)
def test_addresses_are_brought_into_one_form(written: str, expected: str | None) -> None:
    assert expected == normal_address(written)


@given(address=st.ip_addresses())
def test_every_address_is_its_own_form(address: object) -> None:
    found = normal_address(str(address))
    assert found is not None
    assert found == normal_address(found)


def test_ports_and_networks_of_zero_are_missing() -> None:
    assert (None, None, 443, 64496) == (
        fields.port("0"),
        fields.asn("0"),
        fields.port(443),
        fields.asn("AS64496"),
    )
    for wrong in ("65536", "-1", "https", "4.4"):
        with pytest.raises(FieldError):
            fields.port(wrong)


def test_only_two_letters_are_a_country_and_zz_is_none() -> None:
    assert ["DE", None, None, None] == [fields.country(one) for one in ("de", "ZZ", "DEU", None)]


def test_cves_are_found_in_tags_and_sentences() -> None:
    told = ["exchange;cve-2021-26855", "CVE_2021_34473, cve-2021-26855 and CVE-21-1"]
    assert ("CVE-2021-26855", "CVE-2021-34473") == fields.cves(told)


@pytest.mark.parametrize(
    "word", ["webshell", "Web shell", "exchange-server-webshell", "WEB_SHELL"]
)
def test_a_web_shell_has_many_spellings(word: str) -> None:
    assert ("web_shell",) == fields.web_shell_said([word])
    assert ("web_shell",) == fields.web_shell_in(word.encode())


@given(value=JSON)
def test_no_value_of_json_is_more_than_can_be_kept(value: object) -> None:
    for name, text in fields.further({"key": value}, frozenset()):
        assert name.startswith("key")
        assert 0 < len(text) <= 1000
    assert len(fields.texts(value)) <= 100


def test_known_keys_are_left_out_by_their_whole_names() -> None:
    record = {"a": 1, "http": {"html": "page", "title": "T"}, "list": ["x", "y", {}], "no": None}
    assert (("a", "1"), ("http.title", "T"), ("list", "x;y")) == fields.further(
        record, frozenset({"http.html"})
    )


# Builds.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.2.721", "15.2.721"),
        ("15.02.0721.002", "15.2.721.2"),
        ("15.2", None),
        ("15.2.7x", None),
    ],
)
def test_builds_are_brought_into_one_form(text: str, expected: str | None) -> None:
    assert expected == normal_build(text)


def test_the_most_precise_build_is_taken_and_of_those_the_lowest() -> None:
    builds = seen_builds(
        [
            ("15.2.792", Method.OWA_PATH),
            ("15.2.792.15", Method.OWA_HEADER),
            ("15.2.792.3", Method.OWA_HEADER),
            ("15.2.792.3", Method.OWA_HEADER),
            ("nothing", Method.CPE),
            (None, Method.CPE),
        ]
    )
    row = Observation(feed="probe", file="file", file_sha256="", row=1, builds=builds)
    assert ("15.2.792.3", 4, Method.OWA_HEADER) == (row.build, row.precision, row.method)
    assert ["15.2.792.3", "15.2.792.15", "15.2.792"] == [build for build, _ in builds]


def test_headers_and_pages_tell_builds() -> None:
    headers = "HTTP/1.1 200 OK\r\nX-OWA-Version: 15.2.792.3\r\nx-feserver: EXCH01\r\n\r\n"
    assert [("15.2.792.3", Method.OWA_HEADER)] == fingerprints.in_headers(headers)
    assert "EXCH01" == fingerprints.server_name(headers)
    page = '<link href="/owa/auth/15.2.792/themes/x"><a href="/owa/14.3.123.4/">'
    assert ["15.2.792", "14.3.123.4"] == [build for build, _ in fingerprints.in_page(page)]


def test_a_header_s_value_cannot_add_another_header() -> None:
    pairs = [
        ("X_Powered_By", ["x\nX-OWA-Version: 15.2.792.15"]),
        ("X_Owa_Version", ["15.2.792.3"]),
    ]
    text = fingerprints.as_headers(pairs)
    assert [("15.2.792.3", Method.OWA_HEADER)] == fingerprints.in_headers(text)


def test_a_cpe_of_another_product_or_without_a_build_tells_nothing() -> None:
    names = ["cpe:/a:microsoft:exchange_server:2019", "cpe:2.3:a:nginx:nginx:1.14.2:*"]
    assert [] == fingerprints.in_cpes(names)
    good = ["cpe:2.3:a:microsoft:exchange_server:15.2.792:*:*"]
    assert [("15.2.792", Method.CPE)] == fingerprints.in_cpes(good)
