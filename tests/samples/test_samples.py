"""The samples themselves: what is in them, that it is stable, and that it is harmless."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tocsin import samples
from tocsin.errors import KnowledgeError
from tocsin.samples.recipe import RECIPES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("compromised", "damaged", "quiet")
FRONT = "EX01/C/inetpub/logs/LogFiles/W3SVC1/"
ECP = "EX01/D/Exchange/Logging/HttpProxy/Ecp/"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for name in NAMES:
        samples.build(name, folder)
    return folder


def read(built: Path, name: str, member: str) -> str:
    with zipfile.ZipFile(built / f"{name}.zip") as archive:
        return archive.read(member).decode("utf-8-sig")


def test_there_is_a_recipe_for_each_of_the_three_servers() -> None:
    assert NAMES == samples.names()


@pytest.mark.parametrize("name", NAMES)
def test_two_builds_agree_to_the_byte(name: str, built: Path, tmp_path: Path) -> None:
    again = samples.build(name, tmp_path / "new folder")
    first = hashlib.sha256((built / f"{name}.zip").read_bytes()).hexdigest()
    assert first == hashlib.sha256(again.read_bytes()).hexdigest()


def test_a_name_without_a_recipe_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="compromised, damaged, quiet"):
        samples.build("nobody", tmp_path)


def test_the_recipes_are_small_enough_to_read() -> None:
    sizes = {path.name: path.stat().st_size for path in RECIPES.rglob("*.toml")}
    assert {} == {name: size for name, size in sizes.items() if size > 25_000}
    assert sum(sizes.values()) < 9_000 * len(sizes)


@pytest.mark.parametrize("name", NAMES)
def test_each_built_sample_is_under_two_megabytes(name: str, built: Path) -> None:
    assert (built / f"{name}.zip").stat().st_size < 2_000_000


def test_no_recipe_holds_a_text_that_a_virus_scanner_would_stop_at() -> None:
    for path in RECIPES.rglob("*.toml"):
        text = path.read_text(encoding="utf-8").lower()
        assert not re.search(r"<script|%3cscript|\beval\s*\(|page_load|request\[", text), path.name


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_sample_can_run_what_a_visitor_sends(name: str, built: Path) -> None:
    with zipfile.ZipFile(built / f"{name}.zip") as archive:
        for info in archive.infolist():
            if not info.flag_bits & 1:
                content = archive.read(info)
                for text in (content, content.replace(b"\0", b"")):
                    assert not re.search(rb"(?i)eval\s*\(|request\s*[\[(]|<%@", text), (
                        info.filename
                    )


def test_the_seven_steps_have_one_client_one_canary_and_their_statuses(built: Path) -> None:
    rows = [
        row
        for row in httpproxy(built, ECP + "HttpProxy_2021030300-1.LOG")
        if row["AnchorMailbox"].startswith("ServerInfo~a]@")
    ]
    canaries = {
        found.group(1)
        for row in rows
        if (found := re.search(r"msExchEcpCanary=([^&]+)", row["AnchorMailbox"]))
    }
    assert ["200", "200", "241", "200", "200", "200", "200"] == [row["HttpStatus"] for row in rows]
    assert {"203.0.113.66"} == {row["ClientIpAddress"] for row in rows}
    assert 1 == len(canaries)
    steps = ["autodiscover.xml", "emsmdb", "proxyLogon.ecp", "GetObject", "SetObject"]
    assert steps == [
        step for step, row in zip(steps, rows, strict=False) if step in row["AnchorMailbox"]
    ]
    assert rows[5]["AnchorMailbox"].endswith("schema=ResetOABVirtualDirectory#")
    assert rows[6]["AnchorMailbox"].endswith("schema=OABVirtualDirectory#")


def test_front_end_rows_and_proxy_rows_are_tied_by_the_request_id(built: Path) -> None:
    front = read(built, "compromised", FRONT + "u_ex210303.log")
    for row in httpproxy(built, ECP + "HttpProxy_2021030300-1.LOG"):
        assert 1 == front.count(f"&cafeReqId={row['RequestId']};")


def test_no_request_id_is_given_twice(built: Path) -> None:
    seen: Counter[str] = Counter()
    with zipfile.ZipFile(built / "compromised.zip") as archive:
        for name in archive.namelist():
            if "/HttpProxy/" in name:
                seen.update(row["RequestId"] for row in httpproxy(built, name))
    assert [] == [request for request, count in seen.items() if count > 1]


def test_the_page_answers_until_march_5_and_redirects_from_march_8(built: Path) -> None:
    answers = [
        (parts[0], parts[1][:5], parts[11])
        for day in range(3, 13)
        for line in read(built, "compromised", f"{FRONT}u_ex2103{day:02}.log").splitlines()
        if "RedirSuiteServerProxy" in line and (parts := line.split(" "))
    ]
    assert ("2021-03-05", "03:06", "200") == [answer for answer in answers if answer[2] == "200"][
        -1
    ]
    assert ("2021-03-08", "09:41", "302") == next(a for a in answers if a[2] != "200")


def test_headers_are_repeated_where_the_build_changes(built: Path) -> None:
    text = read(built, "compromised", ECP + "HttpProxy_2021030700-1.LOG")
    assert ["15.01.2106.002", "15.01.2106.013"] == re.findall(
        r"^#Version: (\S+)", text, re.MULTILINE
    )


def test_quiet_has_a_row_every_day_in_every_log_that_decides(built: Path) -> None:
    with zipfile.ZipFile(built / "quiet.zip") as archive:
        names = archive.namelist()
    root = "uploads/auto/C%3A/Program Files/Microsoft/Exchange Server/V15/Logging/"
    for log in ("HttpProxy/Ecp/", "HttpProxy/Owa/", "HttpProxy/Autodiscover/", "ECP/Server/"):
        assert 73 == sum(name.startswith(root + log) for name in names), log
    for site in ("W3SVC1", "W3SVC2"):
        assert 73 == sum(f"/{site}/u_ex" in name for name in names), site


def test_quiet_has_no_trace_of_a_scanner(built: Path) -> None:
    with zipfile.ZipFile(built / "quiet.zip") as archive:
        assert [] == [name for name in archive.namelist() if b"ServerInfo~" in archive.read(name)]


def test_damaged_has_a_doubled_and_an_encrypted_member(built: Path) -> None:
    with zipfile.ZipFile(built / "damaged.zip") as archive:
        infos = archive.infolist()
    assert 1 == sum(bool(info.flag_bits & 1) for info in infos)
    assert [2] == [n for n in Counter(info.filename for info in infos).values() if n > 1]


def httpproxy(built: Path, member: str) -> list[dict[str, str]]:
    lines = [
        line
        for line in read(built, "compromised", member).splitlines()
        if not line.startswith(("#", "DateTime,"))
    ]
    header = read(built, "compromised", member).splitlines()[0].split(",")
    return list(csv.DictReader(io.StringIO("\n".join(lines)), fieldnames=header))
