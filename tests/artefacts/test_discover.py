from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import pytest

from tocsin.artefacts.discover import HEAD_BYTES, Discovered, discover
from tocsin.events.format import all_formats
from tocsin.evidence.collection import Collection
from tocsin.evidence.manifest import sha256_of
from tocsin.evidence.open import open_collection
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tocsin.evidence.collection import Member


@dataclass
class File:
    """A member that is given, not opened."""

    path: EvidencePath
    content: bytes | OSError = b""
    times: tuple[FileTime, ...] = ()
    has_random_access: bool = True

    @property
    def size_bytes(self) -> int:
        return 0 if isinstance(self.content, OSError) else len(self.content)

    def open(self) -> BinaryIO:
        if isinstance(self.content, OSError):
            raise self.content
        return io.BytesIO(self.content)


@dataclass(kw_only=True)
class Given(Collection):
    """A collection of files that are given."""

    name: str = "given"
    files: list[File] = field(default_factory=list)

    def members(self) -> Iterator[Member]:
        return iter(self.files)


@dataclass(frozen=True)
class Log:
    """A kind of log that starts with a word."""

    name: str
    paths: tuple[str, ...]
    word: bytes

    @property
    def recognise(self) -> Callable[[bytes, EvidencePath], bool]:
        return lambda head, _: head.startswith(self.word)


IIS = Log("iis", ("**/*.log", "inetpub/logs/**/u_ex*.log"), b"#Software: IIS")
HTTPERR = Log("httperr", ("HTTPERR/*.log",), b"#Software: HTTP")
ANY = Log("any", ("*.log",), b"#S")
KINDS = (ANY, IIS, HTTPERR)


def found(path: str, content: bytes | OSError) -> Discovered:
    file = File(EvidencePath.plain(path), content)
    (one,) = discover(Given(files=[file]), KINDS)
    assert file is one.member
    return one


def kind_of(path: str, content: bytes) -> str | None:
    artefact = found(path, content).artefact
    return artefact.format if artefact else None


def test_content_and_place_together_win_over_content_alone() -> None:
    assert "iis" == kind_of("C:/inetpub/logs/W3SVC1/u_ex210303.log", b"#Software: IIS")
    assert "httperr" == kind_of("C:/Windows/System32/LogFiles/HTTPERR/x.log", b"#Software: HTTP")


def test_content_is_enough_wherever_the_file_lies() -> None:
    file = File(EvidencePath.plain("x.txt"), b"#Software: HTTP")
    (one,) = discover(Given(files=[file]), (IIS, HTTPERR))
    assert one.artefact is not None
    assert ("httperr", None) == (one.artefact.format, one.problem)


def test_of_contents_that_agree_anywhere_the_first_kind_wins() -> None:
    assert "any" == kind_of("renamed.txt", b"#Software: IIS")


def test_among_kinds_that_agree_the_longest_pattern_wins() -> None:
    """`any` fits too, and comes first in the list."""
    assert "iis" == kind_of("inetpub/logs/u_ex1.log", b"#Software: IIS")
    assert "any" == kind_of("inetpub/logs/u_ex1.log", b"#Something else")


def test_place_alone_is_a_problem_and_no_artefact() -> None:
    one = found("C:/inetpub/logs/W3SVC1/u_ex1.log", b"MZ\x90\0")
    assert one.artefact is None
    assert one.problem is not None
    assert ProblemCode.UNRECOGNISED is one.problem.code
    assert "any, iis" in one.problem.detail
    assert one.readable


def test_an_empty_log_is_a_problem_of_its_own() -> None:
    one = found("C:/inetpub/logs/W3SVC1/u_ex1.log", b"")
    assert one.artefact is None
    assert one.problem is not None
    assert ProblemCode.EMPTY is one.problem.code


def test_a_log_of_nuls_says_so() -> None:
    one = found("C:/inetpub/logs/W3SVC1/u_ex1.log", bytes(100_000))
    assert one.problem is not None
    assert (ProblemCode.UNRECOGNISED, True) == (one.problem.code, "NUL" in one.problem.detail)


def test_a_file_of_no_interest_is_listed_without_a_word() -> None:
    one = found("C:/Users/x/photo.jpg", b"\xff\xd8")
    assert (None, None, True) == (one.artefact, one.problem, one.readable)
    assert (None, None) == (found("empty.txt", b"").artefact, found("empty.txt", b"").problem)


def test_a_file_that_cannot_be_opened_is_named_and_not_tried_again() -> None:
    one = found("u_ex1.log", PermissionError(13, "Permission denied"))
    assert one.problem is not None
    assert (ProblemCode.UNREADABLE, "Permission denied") == (one.problem.code, one.problem.detail)
    assert not one.readable


@pytest.mark.parametrize(
    "encoded",
    [
        b"\xef\xbb\xbf" + b"#Software: IIS",
        "\ufeff#Software: IIS\r\n".encode("utf-16-le"),
        "\ufeff#Software: IIS\r\n".encode("utf-16-be"),
        "#Software: IIS\r\n".encode("utf-16-le"),
        "#Software: IIS\r\n".encode("utf-16-be"),
    ],
    ids=["BOM", "UTF-16LE with BOM", "UTF-16BE with BOM", "UTF-16LE", "UTF-16BE"],
)
def test_other_encodings_are_recognised_too(encoded: bytes) -> None:
    assert "iis" == kind_of("C:/inetpub/logs/W3SVC1/u_ex1.log", encoded)


def test_a_character_cut_at_the_heads_end_does_no_harm() -> None:
    text = "#Software: IIS" + "ü" * HEAD_BYTES
    for encoding in ("utf-8-sig", "utf-16"):
        assert "iis" == kind_of("C:/inetpub/logs/W3SVC1/u_ex1.log", text.encode(encoding))


def test_the_artefact_carries_what_the_member_knows() -> None:
    times = (
        FileTime(
            kind=TimeKind.MODIFIED,
            value=__import__("datetime").datetime(2021, 3, 3),
            origin=TimeOrigin.COPY,
        ),
    )
    file = File(EvidencePath.plain("inetpub/logs/u_ex1.log"), b"#Software: IIS", times)
    (one,) = discover(Given(files=[file]), KINDS)
    assert one.artefact is not None
    assert (file.path, 14, times) == (
        one.artefact.path,
        one.artefact.size_bytes,
        one.artefact.times,
    )


def test_every_file_of_a_folder_comes_once_so_that_the_manifest_is_complete(
    tmp_path: Path,
) -> None:
    contents = {"C/inetpub/logs/u_ex1.log": b"#Software: IIS", "C/x.jpg": b"\xff", "y": b""}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with open_collection(tmp_path) as collection:
        manifest = {
            one.member.path.inside: sha256_of(one.member).sha256
            for one in discover(collection, KINDS)
        }
    assert {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()} == manifest


def test_every_log_format_is_a_kind_and_finds_its_own_sample(tmp_path: Path) -> None:
    """Formats satisfy `Kind` structurally: no format knows of this package."""
    formats = list(all_formats().values())
    files = [
        File(EvidencePath(inside=form.sample_path, server=form.sample_path), form.sample)
        for form in formats
    ]
    chosen = [
        one.artefact.format if one.artefact else None
        for one in discover(Given(files=files), formats)
    ]
    assert [form.name for form in formats] == chosen
