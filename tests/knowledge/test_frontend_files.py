import json
import re
from pathlib import Path

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge.frontend_files import Allowed, frontend_files

INSTALL = "C:/Program Files/Microsoft/Exchange Server/V15"


def test_ten_pages_and_the_applications_own_files_are_all_there_is() -> None:
    files = frontend_files().files

    assert 40 == len(files)
    assert 10 == sum(path.endswith(".aspx") for path in files)
    assert {".aspx", ".asax"} == {Path(path).suffix for path in files}
    assert 133 == frontend_files().builds


def test_every_hash_is_a_lower_case_sha256_with_two_builds() -> None:
    for hashes in frontend_files().files.values():
        for sha256, builds in hashes.items():
            assert re.fullmatch(r"[0-9a-f]{64}", sha256)
            assert all(re.fullmatch(r"15\.\d\.\d+\.\d+", build) for build in builds)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{INSTALL}/FrontEnd/HttpProxy/owa/auth/errorEE.aspx", Allowed.NONE),
        (f"{INSTALL}/FrontEnd/HttpProxy/OWA/auth/logon.aspx", Allowed.NAME),
        (f"{INSTALL}/FrontEnd/HttpProxy/owa/auth/15.1.2176/logon.aspx", Allowed.NONE),
        ("HttpProxy/owa/auth/logon.aspx", Allowed.NAME),
        ("C:/inetpub/wwwroot/aspnet_client/system_web/x.aspx", Allowed.NONE),
        (f"{INSTALL}/ClientAccess/owa/auth/x.aspx", None),
        ("C:/inetpub/wwwroot/x.aspx", None),
    ],
)
def test_a_page_is_judged_by_its_place(path: str, expected: Allowed | None) -> None:
    assert expected is frontend_files().judge(path, "0" * 64)


def test_a_shipped_page_is_known_by_its_hash() -> None:
    for path, hashes in frontend_files().files.items():
        for sha256 in hashes:
            judged = frontend_files().judge(f"{INSTALL}/FrontEnd/HttpProxy/{path}", sha256)
            assert Allowed.HASH is judged


def test_it_says_the_same_as_the_facts_it_was_made_from(corpus: Path) -> None:
    source = corpus.parent / "domain" / "legit_frontend_files.json"
    if not source.exists():
        pytest.skip(f"no domain data at {source}")
    facts = json.loads(source.read_text())["files"]

    ours = {path: set(hashes) for path, hashes in frontend_files().files.items()}

    assert {
        path.removeprefix("\\frontend\\httpproxy\\").replace("\\", "/"): set(hashes)
        for path, hashes in facts.items()
    } == ours


def test_a_broken_list_stops_the_run(tmp_path: Path) -> None:
    broken = tmp_path / "list.json"
    broken.write_text('{"files": 3}')

    with pytest.raises(KnowledgeError, match=r"list\.json"):
        frontend_files(broken)
