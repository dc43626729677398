"""The collector's list is that of the formats: `EvidencePath.matches`, only faster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.wanted import Wanted, all_paths, extras
from tocsin.events.format import Format, all_formats
from tocsin.model.path import EvidencePath

FORMATS = list(all_formats().values())
WANTED = Wanted(all_paths())

PARTS = sorted(
    {
        part.replace("*", "x")
        for paths in all_paths().values()
        for path in paths
        for part in path.split("/")
        if part != "**"
    }
    | {"C:", "Users", "a.txt", "web.config", "LOGGING", "u_ex210303.LOG"}
)
paths = st.lists(st.sampled_from(PARTS), min_size=2, max_size=6).map("/".join)


def asked_by(path: str) -> tuple[str, ...]:
    folder, _, name = path.rpartition("/")
    return WANTED.in_folder(folder).asked_by(name)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_example_of_every_format_is_wanted_by_it(form: Format) -> None:
    assert form.name in asked_by(form.sample_path)


@given(paths)
def test_the_answer_is_that_of_the_formats(path: str) -> None:
    expected = {
        name
        for name, globs in all_paths().items()
        if any(EvidencePath.plain(path).matches(glob) for glob in globs)
    }
    assert expected == {*asked_by(path)}


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_log_that_was_packed_singly_is_wanted_where_the_log_is(ending: str) -> None:
    assert ("iis",) == asked_by(f"C:/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log{ending}")
    assert () == asked_by(f"C:/Users/anna/letter.docx{ending}")


@pytest.mark.parametrize(
    "path",
    [
        "D:/Exchange/Mailbox/DB1/DB1.edb",
        "C:/Users/anna/Documents/letter.docx",
        "C:/Windows/System32/kernel32.dll",
        "C:/pagefile.sys",
        "C:/Users/anna/Pictures/a.jpg",
    ],
)
def test_mail_documents_and_the_system_are_not_wanted(path: str) -> None:
    assert () == asked_by(path)


def test_programs_beside_the_pages_are_wanted() -> None:
    assert ("web_program",) == asked_by("C:/inetpub/wwwroot/aspnet_client/system_web/x.exe")
    assert "web_program" in asked_by("E:/Ex/V15/FrontEnd/HttpProxy/owa/auth/x.dll")
    assert () == asked_by("C:/Program Files/Other/x.exe")


def test_whatever_is_taken_besides_the_formats_says_why_and_from_where() -> None:
    names = {form.name for form in FORMATS}
    for extra in extras():
        assert extra.name not in names
        assert all((extra.title, extra.why, extra.source, extra.usual))
