"""Every way in which lists are written, and what is said of what cannot be used."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from stix2patterns.validator import run_validator  # type: ignore[import-untyped] # ships no types

from tests.matching.indicators.lists import indicators, keys, loaded
from tocsin.matching.indicators.load import load_indicators

if TYPE_CHECKING:
    from pathlib import Path

SHA256 = "ab" * 32


def test_a_plain_list_has_headings_and_comments(tmp_path: Path) -> None:
    text = "# A campaign, March\nevil.example\n192.0.2.7;C2\nC:\\a b\\x.aspx, a shell\n\n# Another\nx.dll # seen once\nhttp://evil.example/a;b\n"
    found, failed = loaded(tmp_path, text)
    assert [] == failed
    assert [
        ("evil.example", "A campaign, March", 2),
        ("192.0.2.7", "C2", 3),
        ("C:\\a b\\x.aspx", "a shell", 4),
        ("x.dll", "seen once", 7),
        ("http://evil.example/a;b", "Another", 8),
    ] == [(one.value, one.comment, one.line) for one in indicators(found)]


TABLES = {
    "typed": 'value,type,notes\n192.0.2.7,ipaddress,"C2, port 443"\n',
    "semicolons": "Indicator;Indicator_Type;Description\n192.0.2.7;IPv4;C2, port 443\n",
    "untyped": "ioc\tcomment\n192.0.2.7\tC2, port 443\n",
    "by kind": 'date,src_ip,comment\n2021-03-03,192.0.2.7,"C2, port 443"\n',
    "in a comment": '# exported\n# "first_seen","ioc_value","ioc_type","malware"\n"2021","192.0.2.7","ip","C2, port 443"\n',
    "rows of several lines": 'value,type,notes\n192.0.2.7,ip,"C2,\n port 443"\n',
    "UTF-16": 'value,type,notes\r\n192.0.2.7,ip,"C2, port 443"\r\n'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbfvalue,type,notes\n192.0.2.7,ip,"C2, port 443"\n',
    "JSON lines": '{"indicator": "192.0.2.7", "type": "ip", "comment": "C2, port 443"}\n{"indicator": "192.0.2.7"}\n',
    "a JSON list": '[\n {"ioc": "192.0.2.7", "description": "C2, port 443"}\n]',
    "a list inside of JSON": '{"pulse": 1, "indicators": [{"indicator": "192.0.2.7", "type": "IPv4", "title": "C2, port 443"}]}',
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_the_usual_tables_are_read(tmp_path: Path, text: str | bytes) -> None:
    found, failed = loaded(tmp_path, text)
    assert ([], [("address", "192.0.2.7")]) == (failed, keys(found))
    assert ["C2, port 443"] == [one.comment for one in indicators(found)]


def test_a_wide_table_names_several_things_in_a_row(tmp_path: Path) -> None:
    text = f"md5,sha256,filename,domain\n{'0f' * 16},{SHA256},x.exe,evil.example\n,,y.exe,\n"
    found, failed = loaded(tmp_path, text, "wide.csv")
    assert [] == failed
    assert ["MD5", "SHA-256", "file name", "domain", "file name"] == [
        kind for kind, _ in keys(found)
    ]


def test_every_entry_that_is_no_indicator_is_told_with_its_line(tmp_path: Path) -> None:
    text = 'value,type\nevil.example,domain\nfoo,mutex\nnonsense,ip\n"open,ip\n192.0.2.7,ip\na,b,c\n127.0.0.1,ip\n'
    found, failed = loaded(tmp_path, text)
    assert [("domain", "evil.example"), ("address", "192.0.2.7")] == keys(found)
    assert [
        "line 3: 'foo' is of type 'mutex', which is looked for nowhere",
        "line 4: 'nonsense' is no hash, address, network, domain, URL, path or file name",
        "line 5: has a quote that does not end",
        "line 7: has 3 columns, the header has 2",
        "line 8: '127.0.0.1' is this machine itself, on every machine: refused",
    ] == failed


def test_what_fails_very_often_is_counted(tmp_path: Path) -> None:
    _, failed = loaded(tmp_path, "no indicator\n" * 1000)
    assert (21, "980 more entries are no indicators, or not usable") == (len(failed), failed[-1])


def test_the_same_indicator_of_two_lists_is_one_and_names_both(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("evil.example;first\nEVIL.example\n")
    (tmp_path / "b.csv").write_text("domain,comment\nevil[.]example,second\n")
    found, failed = load_indicators([tmp_path], {})
    assert ([], 1) == (failed, len(found))
    (info,) = found.infos.values()
    assert "Domain evil.example, listed in a.txt: first (also b.csv:2)" == info.title
    assert f"{tmp_path / 'a.txt'}:1" == info.file


def test_ids_are_free_of_those_of_other_rules_and_lists(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "List.txt").write_text(f"{folder}.example\n")
    found, _ = load_indicators([tmp_path], {"indicator-list-1": None})
    assert ["indicator-list-2-1", "indicator-list-3-1"] == list(found.infos)
    assert "indicator-list-1" not in found.infos
    assert "indicator-list-2-2" not in found.infos
    assert "other" not in found.infos


def test_what_may_mean_nothing_is_loaded_and_says_so(tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    found, failed = loaded(tmp_path, f"10.0.0.7\n198.0.0.0/8\n{empty}\nx.exe\n")
    said = [" ".join(info.benign_explanations) for info in found.infos.values()]
    assert [] == failed
    expected = (
        "not an address of the internet",
        "16777216 addresses",
        "an empty file",
        "same name",
    )
    assert [True] * 4 == [part in text for part, text in zip(expected, said, strict=True)]


STIX = {
    "[ipv4-addr:value = '192.0.2.7']": [("address", "192.0.2.7")],
    "[ipv4-addr:value ISSUBSET '192.0.2.0/24']": [("network", "192.0.2.0/24")],
    "[domain-name:value IN ('a.example', 'b.example')]": [
        ("domain", "a.example"),
        ("domain", "b.example"),
    ],
    "[url:value = 'http://a.example/x'] OR [domain-name:value LIKE 'b.example']": [
        ("URL", "a.example/x"),
        ("domain", "b.example"),
    ],
    f"[file:hashes.'SHA-256' = '{SHA256}' OR file:hashes.MD5 = '{'0f' * 16}']": [
        ("SHA-256", SHA256),
        ("MD5", "0f" * 16),
    ],
    f"[file:name = 'x.exe' AND file:hashes.SHA256 = '{SHA256}']": [
        ("SHA-256", SHA256),
        ("file name", "x.exe"),
    ],
    "[file:name = 'x.exe' AND file:parent_directory_ref.path = 'C:\\\\bad\\\\dir']": [
        ("path", "bad/dir/x.exe")
    ],
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.7']": [
        ("address", "192.0.2.7")
    ],
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Odd It\\'s/1.0']": [
        ("user agent", "odd it's/1.0")
    ],
    "[(directory:path = 'C:\\\\bad') OR (file:name = 'a.dll' OR file:name = 'b.dll')]": [
        ("file name", "bad"),
        ("file name", "a.dll"),
        ("file name", "b.dll"),
    ],
}


def stix(*objects: dict[str, object]) -> str:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects})


def indicator(pattern: str, **more: object) -> dict[str, object]:
    return {
        "type": "indicator",
        "id": "indicator--1",
        "name": "A sign",
        "pattern": pattern,
        **more,
    }


@pytest.mark.parametrize(("pattern", "expected"), STIX.items())
def test_a_stix_pattern_is_what_it_asks(
    tmp_path: Path, pattern: str, expected: list[tuple[str, str]]
) -> None:
    assert [] == run_validator(pattern, stix_version="2.1")
    found, failed = loaded(tmp_path, stix(indicator(pattern, pattern_type="stix")), "x.json")
    assert ([], expected) == (failed, keys(found))
    assert {"A sign"} == {one.comment for one in indicators(found)}


UNUSABLE = {
    "[ipv4-addr:value = '192.0.2.7'] AND [domain-name:value = 'a.example']": "AND between observations",
    "[ipv4-addr:value = '192.0.2.7'] FOLLOWEDBY [domain-name:value = 'a.example']": "FOLLOWEDBY between",
    "[ipv4-addr:value = '192.0.2.7' AND domain-name:value = 'a.example']": "AND between different objects",
    "[ipv4-addr:value = '192.0.2.7'] WITHIN 5 SECONDS": "WITHIN asks about several rows",
    "[ipv4-addr:value != '192.0.2.7']": "!= is asked of no list",
    "[ipv4-addr:value NOT = '192.0.2.7']": "NOT is asked of no list",
    "[file:name LIKE 'x%']": "LIKE is asked of no list",
    "[file:name MATCHES 'x.*']": "MATCHES is asked of no list",
    "[file:name = 'x.exe' AND file:size = 5]": "file:size is looked for nowhere",
    "[process:command_line = 'x']": "process:command_line is looked for nowhere",
    "[network-traffic:dst_ref.type = 'ipv4-addr']": "names nothing that is looked for",
    "[ipv4-addr:value = '127.0.0.1']": "is this machine itself",
    "[ipv4-addr:value = '192.0.2.7'": "] is missing",
    "[ipv4-addr:value = ": "more is missing",
    "no pattern": "[ is missing",
    "[a:b = 'x' ^ 1]": "is no STIX pattern at",
    "(" * 100: "more than 32 brackets",
    "[ipv4-addr:value = '192.0.2.7'] '": "is no STIX pattern at",
}


@pytest.mark.parametrize(("pattern", "reason"), UNUSABLE.items())
def test_a_stix_pattern_is_never_loosened(tmp_path: Path, pattern: str, reason: str) -> None:
    found, failed = loaded(tmp_path, stix(indicator(pattern)), "x.json")
    assert (0, 1) == (len(found), len([one for one in failed if reason in one]))


def test_of_a_stix_pattern_the_alternatives_that_can_be_used_are_used(tmp_path: Path) -> None:
    found, failed = loaded(
        tmp_path, stix(indicator("[ipv4-addr:value = '192.0.2.7' OR mutex:name = 'x']")), "x.json"
    )
    assert [("address", "192.0.2.7")] == keys(found)
    assert ["'A sign' cannot be used in part: mutex:name is looked for nowhere"] == failed


def test_stix_observables_are_read_and_context_is_counted(tmp_path: Path) -> None:
    found, failed = loaded(
        tmp_path,
        stix(
            {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.7"},
            {
                "type": "file",
                "id": "file--1",
                "name": "x.exe",
                "hashes": {"SHA-256": SHA256, "TLSH": "1"},
            },
            {"type": "file", "id": "file--2", "name": "y.exe"},
            {"type": "malware", "id": "malware--1", "name": "Bad"},
        ),
        "x.json",
    )
    assert [("address", "192.0.2.7"), ("SHA-256", SHA256), ("file name", "y.exe")] == keys(found)
    assert ["context without an indicator, not used: 1 malware"] == failed


def test_beside_indicators_observables_are_what_somebody_saw(tmp_path: Path) -> None:
    found, failed = loaded(
        tmp_path,
        stix(
            {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.7"},
            indicator("[url:value = 'http://a.example/x']"),
            indicator("[url:value = 'http://a.example/']", revoked=True),
            indicator("rule x {}", pattern_type="yara"),
        ),
        "x.json",
    )
    assert [("URL", "a.example/x")] == keys(found)
    assert [
        "'A sign' was revoked",
        "'A sign' is no STIX pattern but yara",
        "context without an indicator, not used: 1 ipv4-addr",
    ] == failed


def attribute(kind: str, value: str, **more: object) -> dict[str, object]:
    return {"type": kind, "category": "Network activity", "value": value, "to_ids": True, **more}


MISP = {
    ("ip-dst", "192.0.2.7"): [("address", "192.0.2.7")],
    ("ip-src|port", "192.0.2.7|443"): [("address", "192.0.2.7")],
    ("domain|ip", "a.example|192.0.2.7"): [("domain", "a.example"), ("address", "192.0.2.7")],
    ("hostname", "www.a.example"): [("domain", "www.a.example")],
    ("url", "http://a.example/x"): [("URL", "a.example/x")],
    ("filename", "x.exe"): [("file name", "x.exe")],
    ("filename", "C:\\a\\x.exe"): [("path", "a/x.exe")],
    ("filename|sha256", f"x.exe|{SHA256}"): [("SHA-256", SHA256)],
    ("malware-sample", f"x.exe|{'0f' * 16}"): [("MD5", "0f" * 16)],
    ("sha1", "0a" * 20): [("SHA-1", "0a" * 20)],
    ("user-agent", "Odd/1.0"): [("user agent", "odd/1.0")],
}


@pytest.mark.parametrize(("given", "expected"), MISP.items())
def test_a_misp_attribute_names_what_its_type_says(
    tmp_path: Path, given: tuple[str, str], expected: list[tuple[str, str]]
) -> None:
    event = {"Event": {"info": "A campaign", "Attribute": [attribute(*given)]}}
    found, failed = loaded(tmp_path, json.dumps(event), "misp.json")
    assert ([], expected) == (failed, keys(found))
    assert all("A campaign" in one.comment for one in indicators(found))


def test_misp_attributes_that_are_not_for_detection_are_counted_and_not_used(
    tmp_path: Path,
) -> None:
    event = {
        "Event": {
            "Attribute": [
                attribute("ip-dst", "192.0.2.1", to_ids=False),
                attribute("comment", "x"),
                attribute("ip-dst", "192.0.2.2", deleted=True),
            ],
            "Object": [
                {"name": "file", "comment": "dropped", "Attribute": [attribute("sha256", SHA256)]}
            ],
        }
    }
    found, failed = loaded(tmp_path, json.dumps({"response": [event]}), "misp.json")
    assert [("SHA-256", SHA256)] == keys(found)
    assert ["dropped"] == [one.comment for one in indicators(found)]
    assert [
        "'x' is of type 'comment', which is looked for nowhere",
        "'192.0.2.2' was deleted",
        "not marked for detection (to_ids), not used: 1 ip-dst",
    ] == failed


def test_lines_of_stix_and_misp_are_told_by_what_they_are(tmp_path: Path) -> None:
    lines = [
        indicator("[ipv4-addr:value = '192.0.2.7']"),
        attribute("domain", "a.example"),
        {"x": 1},
    ]
    found, failed = loaded(tmp_path, "\n".join(map(json.dumps, lines)), "x.jsonl")
    assert [("address", "192.0.2.7"), ("domain", "a.example")] == keys(found)
    assert ["line 3: names no value"] == failed


def test_of_a_folder_only_lists_are_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("evil.example\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.ioc").write_text("evil.example\n")
    found, failed = load_indicators([tmp_path], {})
    assert ([], 1) == (failed, len(found))


def test_patterns_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    text = "# Tools\n\\\\a\\.exe;80\n\\\\b(\\.exe;80\n.*\\\\?;80\n\\\\c\\.exe\n\\\\d\\.exe;60;(x\n\\\\e\\.exe;70\n"
    found, failed = loaded(tmp_path, text)
    assert ["\\\\a\\.exe", "\\\\e\\.exe"] == [one.value for one in indicators(found)]
    assert [3, 4, 5, 6] == [int(reason.split(":")[0].removeprefix("line ")) for reason in failed]


def test_a_hundred_thousand_indicators_load_and_are_found(tmp_path: Path) -> None:
    dice = random.Random(7)
    lines = [f"{dice.getrandbits(256):064x},sha256,x" for _ in range(50_000)]
    lines += [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255},ip,y" for n in range(50_000)]
    found, failed = loaded(tmp_path, "value,type,comment\n" + "\n".join(lines), "big.csv")
    assert ([], 100_000) == (failed, len(found))
    assert lines[-1].startswith(found.infos["indicator-big-100000"].title.split()[1].rstrip(","))
