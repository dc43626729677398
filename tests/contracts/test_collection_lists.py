"""The lists for other tools are those that the log formats make, and ask for no less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.collect import lists
from tocsin.collect.wanted import Wanted, all_paths, extras
from tocsin.events.format import Format, all_formats
from tocsin.model.path import EvidencePath

SHARE = Path(__file__).resolve().parents[2] / "share"
FORMATS = list(all_formats().values())
every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
ODD = "C:/Odd/Place"
"""An install path of somebody's own, as deep as the KAPE target looks."""


def kape_takes(path: str) -> bool:
    """KAPE's rules as its documentation tells them: the mask fits the whole name, `*` one folder."""
    target = yaml.safe_load((SHARE / "kape" / "TocsinExchange.tkape").read_text(encoding="utf-8"))
    folder, _, name = path.replace("/", "\\").rpartition("\\")
    for entry in target["Targets"]:
        top = re.escape(entry["Path"].rstrip("\\")).replace(r"\*", r"[^\\]*")
        below = r"(\\.*)?" if entry["Recursive"] else ""
        mask = entry["FileMask"]
        names = mask[len("regex:") :] if mask.startswith("regex:") else re.escape(mask)
        if re.fullmatch(top + below, folder, re.IGNORECASE) and re.fullmatch(names, name):
            return True
    return False


def velociraptor_takes(path: str) -> bool:
    artifact = yaml.safe_load(
        (SHARE / "velociraptor" / "Custom.Tocsin.Exchange.yaml").read_text(encoding="utf-8")
    )
    parameters = {one["name"]: one["default"] for one in artifact["parameters"]}
    inside = path.partition("/")[2]
    if inside == "$MFT":
        return "/$MFT" in artifact["sources"][0]["query"]
    return any(
        _velociraptor(glob).fullmatch(inside) for glob in parameters["Globs"].split("\n")[1:]
    )


def _velociraptor(glob: str) -> re.Pattern[str]:
    # As careful as can be: `**30` is one folder or more, and `*` at least one character.
    text = re.escape(glob).replace(r"\*\*30/", r"(?:[^/]+/)+").replace(r"\*", r"[^/]+")
    return re.compile(text, re.IGNORECASE)


def powershell_takes(path: str) -> bool:
    text = (SHARE / "powershell" / "Collect-Tocsin.ps1").read_text(encoding="utf-8")
    rows = re.findall(r"^    '(\w+)' = '(.*)'$", text, flags=re.MULTILINE)
    assert [*all_paths()] == [name for name, _ in rows]
    pattern = "|".join(expression.replace("''", "'") for _, expression in rows)
    return re.search(f"(?:^|/)(?:{pattern})$", path, re.IGNORECASE) is not None


def example_of(glob: str) -> str:
    """A path that the glob fits."""
    return glob.replace("**/", "some/folder/").replace("*", "x1")


@pytest.mark.parametrize("name", list(lists.rendered()))
def test_what_is_checked_in_is_what_the_formats_make(name: str) -> None:
    """If this fails, a format has changed: run `make lists` and commit `share`."""
    assert lists.rendered()[name] == (SHARE / name).read_text(encoding="utf-8")


@every_format
def test_every_list_takes_the_example_of_every_format(form: Format) -> None:
    path = form.sample_path
    assert Wanted(all_paths()).in_folder(path.rpartition("/")[0]).asked_by(path.rpartition("/")[2])
    assert (True, True, True) == (
        kape_takes(path),
        velociraptor_takes(path),
        powershell_takes(path),
    )


@every_format
def test_every_list_takes_what_lies_at_another_install_path(form: Format) -> None:
    for glob in form.paths:
        path = f"{ODD}/{example_of(glob)}"
        assert EvidencePath.plain(path).matches(glob)
        if "$MFT" in glob:
            continue  # a table lies at the root of a drive, which no install path is
        found = (kape_takes(path), velociraptor_takes(path), powershell_takes(path))
        assert (True, True, True) == found, path


def test_the_lists_take_what_no_format_asks_for_too() -> None:
    for extra in extras():
        for path in extra.usual:
            found = (kape_takes(path), velociraptor_takes(path), powershell_takes(path))
            assert (True, True, True) == found, path


@pytest.mark.parametrize(
    "path",
    [
        "C:/Program Files/Microsoft/Exchange Server/V15/Mailbox/DB1/DB1.edb",
        "C:/Users/anna/Documents/letter.docx",
        "C:/Windows/System32/kernel32.dll",
        "C:/pagefile.sys",
    ],
)
def test_no_list_takes_mail_documents_or_the_system(path: str) -> None:
    assert (False, False, False) == (
        kape_takes(path), velociraptor_takes(path), powershell_takes(path)
    )  # fmt: skip


def test_the_target_has_what_kape_requires() -> None:
    """Source: KapeDocs, "Targets": required fields."""
    target: dict[str, Any] = yaml.safe_load(
        (SHARE / "kape" / "TocsinExchange.tkape").read_text(encoding="utf-8")
    )
    assert {"Description", "Author", "Version", "Id", "RecreateDirectories", "Targets"} == {
        *target
    }
    for entry in target["Targets"]:
        assert {"Name", "Category", "Path", "FileMask", "Recursive"} <= {*entry}
        assert entry["Path"].startswith("C:\\")
        assert entry["Path"].endswith("\\")


def test_the_artifact_has_the_columns_that_our_reader_of_times_wants() -> None:
    artifact: dict[str, Any] = yaml.safe_load(
        (SHARE / "velociraptor" / "Custom.Tocsin.Exchange.yaml").read_text(encoding="utf-8")
    )
    sources = {source["name"]: source["query"] for source in artifact["sources"]}
    assert ["All Matches Metadata", "Uploads"] == [*sources]
    for query in sources.values():
        selected = query.rpartition("SELECT")[2]
        assert all(name in selected for name in ("SourceFile", "Created", "Modified", "Changed"))


def test_the_script_is_ascii_and_says_that_nobody_ran_it() -> None:
    """Windows PowerShell reads a script without a mark in the machine's own code page."""
    text = (SHARE / "powershell" / "Collect-Tocsin.ps1").read_text(encoding="utf-8")
    assert text.isascii()
    assert "NOT RUN ON WINDOWS BY US" in text[:400]
    assert text.count("{") == text.count("}")


def test_the_script_writes_the_columns_that_our_reader_of_times_wants() -> None:
    text = (SHARE / "powershell" / "Collect-Tocsin.ps1").read_text(encoding="utf-8")
    header = "CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha256,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc"
    assert f"'{header}'" in text
    assert "_CopyLog.csv" in text
