"""Bundles: what was packed comes out, and nothing else that a file may claim to be does."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.bundles import manifest_of, tar_of
from tocsin.errors import KnowledgeError
from tocsin.knowledge import bundle
from tocsin.knowledge.bundle import SUFFIXES, read_bundle, write_bundle
from tocsin.knowledge.manifest import MANIFEST
from tocsin.knowledge.root import BUILTIN

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"packs/a/pack.toml": b"slug = 'a'\n", "logsources.toml": b"x = 1\n"}
WHOLE = {MANIFEST: manifest_of(FILES), **FILES}


def zip_of(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize("content", [tar_of(WHOLE), zip_of(WHOLE)], ids=["tar", "zip"])
def test_a_tar_and_a_zip_file_are_read_alike(content: bytes) -> None:
    manifest, files = read_bundle(content, "b")
    assert FILES == files
    assert "2030-01-01" == manifest.version


def test_members_may_begin_with_a_dot_and_a_slash_and_folders_are_no_members() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        about = tarfile.TarInfo("./packs")
        about.type = tarfile.DIRTYPE
        tar.addfile(about)
        for name, data in WHOLE.items():
            one = tarfile.TarInfo(f"./{name}")
            one.size = len(data)
            tar.addfile(one, io.BytesIO(data))
    assert FILES == read_bundle(packed.getvalue(), "b")[1]


def test_what_this_release_brings_can_be_handed_over_and_twice_with_the_same_bytes() -> None:
    content = write_bundle(BUILTIN, version="2030-01-01", minimum_tocsin="0.1")
    assert content == write_bundle(BUILTIN, version="2030-01-01", minimum_tocsin="0.1")
    _, files = read_bundle(content, "b")
    assert {path.relative_to(BUILTIN).as_posix() for path in BUILTIN.rglob("*.*")} == set(files)
    assert SUFFIXES >= {path.suffix for path in BUILTIN.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name",
    [
        "../packs/a.toml",
        "packs/../../a.toml",
        "/etc/a.toml",
        "C:/a.toml",
        "packs\\a.toml",
        "packs//a.toml",
        ".hidden/a.toml",
        "packs/.a.toml",
        "packs/nul.toml",
        "packs/a.toml.",
        "a" * 200 + ".toml",
        "a/" * 9 + "a.toml",
        "packs/a b.toml",
        "packs/ä.toml",
        "packs/a.py",
        "packs/a",
        "packs/a.toml\n",
    ],
)
@pytest.mark.parametrize("packed", [tar_of, zip_of])
def test_a_path_that_leads_elsewhere_is_refused(name: str, packed: type) -> None:
    files = {**FILES, name: b"x"}
    with pytest.raises(KnowledgeError):
        read_bundle(packed({MANIFEST: manifest_of(FILES), **files}), "b")


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE],
)
def test_a_member_that_is_no_plain_file_is_refused(kind: bytes) -> None:
    packed = io.BytesIO(tar_of(WHOLE))
    with tarfile.open(fileobj=packed, mode="a") as tar:
        about = tarfile.TarInfo("packs/link.toml")
        about.type, about.linkname = kind, "/etc/passwd"
        tar.addfile(about)
    with pytest.raises(KnowledgeError, match="no plain file"):
        read_bundle(packed.getvalue(), "b")


def test_a_link_in_a_zip_file_is_refused() -> None:
    packed = io.BytesIO(zip_of(WHOLE))
    with zipfile.ZipFile(packed, "a") as file:
        about = zipfile.ZipInfo("packs/link.toml")
        about.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(about, "/etc/passwd")
    with pytest.raises(KnowledgeError, match="no plain file"):
        read_bundle(packed.getvalue(), "b")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_file_packed_in_another_way_is_refused(kind: int) -> None:
    with pytest.raises(KnowledgeError, match="no plain file"):
        read_bundle(zip_of(WHOLE, kind), "b")


def test_a_packed_tar_file_is_refused() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo(MANIFEST))
    with pytest.raises(KnowledgeError, match="no whole tar or zip"):
        read_bundle(packed.getvalue(), "b")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnowledgeError, match="larger than knowledge"):
        read_bundle(zip_of({"packs/a.toml": bytes(40 * 2**20)}), "b")
    monkeypatch.setattr(bundle, "_TOTAL_BYTES", 2**20)
    many = {f"packs/{n}.toml": bytes(2**18) for n in range(10)}
    with pytest.raises(KnowledgeError, match="more than knowledge"):
        read_bundle(zip_of(many), "b")
    monkeypatch.setattr(bundle, "_FILES", 20)
    with pytest.raises(KnowledgeError, match="more than knowledge"):
        read_bundle(tar_of({f"packs/{n}.toml": b"" for n in range(30)}), "b")


def test_a_sparse_member_cannot_pretend_to_be_huge() -> None:
    about = tarfile.TarInfo("packs/a.toml")
    about.size = 0
    about.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.size": str(2**40),
        "GNU.sparse.map": "",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(about)
    with pytest.raises(KnowledgeError):
        read_bundle(packed.getvalue(), "b")


def test_what_the_manifest_says_must_be_what_is_there() -> None:
    (name, *_) = FILES
    for files, reason in (
        (FILES, f"no {MANIFEST}"),
        ({**WHOLE, "packs/more.toml": b""}, "not listed"),
        ({key: data for key, data in WHOLE.items() if key != name}, "does not hold"),
        ({**WHOLE, name: b"other"}, "does not have its hash"),
        ({**WHOLE, "PACKS/a/pack.toml": b""}, "twice"),
        ({**WHOLE, MANIFEST: b"\xff"}, MANIFEST),
        ({**WHOLE, MANIFEST: b"version = 1"}, MANIFEST),
        ({**WHOLE, MANIFEST: manifest_of(FILES, version="soon")}, "must be a date"),
    ):
        with pytest.raises(KnowledgeError, match=reason):
            read_bundle(tar_of(files), "b")


@pytest.mark.parametrize("content", [tar_of(WHOLE), zip_of(WHOLE)], ids=["tar", "zip"])
@given(data=st.data())
def test_a_cut_or_changed_file_is_an_error_of_ours_or_the_same_knowledge(
    content: bytes, data: st.DataObject
) -> None:
    changed = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for place in data.draw(st.lists(st.integers(0, max(0, len(changed) - 1)), max_size=3)):
        if changed:
            changed[place] ^= data.draw(st.integers(1, 255))
    try:
        _, files = read_bundle(bytes(changed), "b")
    except KnowledgeError:
        return
    assert FILES == files


def test_a_folder_with_a_program_in_it_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("")
    with pytest.raises(KnowledgeError, match=r"run\.py"):
        write_bundle(tmp_path, version="2030-01-01", minimum_tocsin="0.1")


def test_headers_that_announce_headers_are_refused_however_many() -> None:
    about = tarfile.TarInfo("x")
    about.type = tarfile.XHDTYPE
    endless = about.tobuf(tarfile.USTAR_FORMAT) * 5000
    with pytest.raises(KnowledgeError, match="no whole tar or zip"):
        read_bundle(endless, "x.tar")
