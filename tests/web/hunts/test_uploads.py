from __future__ import annotations

import io
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tocsin.errors import UsageError
from tocsin.web.hunts.models import HuntKind
from tocsin.web.hunts.uploads import store
from tocsin.web.imports.uploads import path_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.log", "x")
    return held.getvalue()


def _tar(mode: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]  # a literal is wanted
        archive.addfile(tarfile.TarInfo("a.log"))
    return held.getvalue()


@pytest.mark.parametrize("name", ["evidence.zip", "report.json", "no ending"])
@pytest.mark.parametrize(
    "content",
    [_zip(), _tar("w"), _tar("w:gz"), b"7z\xbc\xaf\x27\x1c" + bytes(26)],
    # By name: the bytes of gzip hold the time, and each worker of pytest would call them otherwise.
    ids=["zip", "tar", "tar.gz", "7z"],
)
def test_evidence_is_told_by_its_content_and_not_by_its_name(name: str, content: bytes) -> None:
    stored = store(SimpleUploadedFile(name, content))

    assert (HuntKind.EVIDENCE, name) == (stored.kind, stored.file_name)
    assert content == path_of(stored.stored_as).read_bytes()


@pytest.mark.parametrize("name", ["!!!", "()", "'", "…", "...", "§§§.§", ". ."])
def test_a_name_of_signs_alone_is_a_name(
    signed_in: Callable[..., Client], media: Path, name: str
) -> None:
    file = SimpleUploadedFile("x", _zip())
    file._name = name  # type: ignore[attr-defined]  # as a browser of somebody else's sends it
    answer = signed_in().post("/c/proxylogon/hunts/new/", {"file": file})
    assert 302 == answer.status_code
    (stored,) = (path for path in media.rglob("*") if path.is_file())
    assert re.fullmatch(r"[\w][\w.-]*", stored.name, re.ASCII)


@pytest.mark.parametrize("name", ["", "..", "/", "\u202e"])
def test_a_file_without_a_name_is_asked_for_again(
    signed_in: Callable[..., Client], name: str
) -> None:
    lines = (
        b"--b",
        f'Content-Disposition: form-data; name="file"; filename="{name}"'.encode(),
        b"Content-Type: application/zip",
        b"",
        _zip(),
        b"--b--",
        b"",
    )
    answer = signed_in().generic(
        "POST",
        "/c/proxylogon/hunts/new/",
        b"\r\n".join(lines),
        content_type="multipart/form-data; boundary=b",
    )
    assert 400 == answer.status_code
    assert "<form" in answer.content.decode()


def test_a_result_is_told_by_its_content_and_not_by_its_name(result: Callable[..., bytes]) -> None:
    stored = store(SimpleUploadedFile("evidence.zip", result()))

    assert HuntKind.RESULT == stored.kind
    assert len(result()) == stored.size_bytes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"<html>", "neither a result"),
        (b'{"hosts": []}', "neither a result"),
        (b"Rar!\x1a\x07\x01\x00", "RAR archive"),
        (b"vhdxfile", "disk image"),
    ],
)
def test_what_is_neither_is_refused_and_leaves_nothing(
    content: bytes, says: str, media: Path
) -> None:
    with pytest.raises(UsageError, match=says):
        store(SimpleUploadedFile("x", content))
    assert [] == [path for path in media.rglob("*") if path.is_file()]


def test_what_is_too_large_is_refused_and_leaves_nothing(settings: Settings, media: Path) -> None:
    settings.TOCSIN_MAX_EVIDENCE_BYTES = 100

    with pytest.raises(UsageError, match="larger than"):
        store(SimpleUploadedFile("x.zip", _zip() + bytes(200)))
    assert [] == [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "-rf", "a b;$(id).zip", "..", "\u202etxt.zip", "é" * 300, "CON\x00"],
)
def test_the_name_of_an_upload_is_never_a_path_or_an_option(name: str, media: Path) -> None:
    upload = SimpleUploadedFile("x", _zip())
    upload._name = name  # type: ignore[attr-defined]  # past Django's own care

    path = path_of(store(upload).stored_as).resolve()
    assert path.is_relative_to(media.resolve() / "hunts")
    assert not path.name.startswith(("-", "."))
    assert path.name.isascii()
    assert 100 >= len(path.name)
