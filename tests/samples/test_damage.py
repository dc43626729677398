from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from tocsin.errors import KnowledgeError
from tocsin.samples.archive import Member, pack
from tocsin.samples.damage import NUL_PADDING, spoil
from tocsin.samples.recipe import Damage

TIME = datetime(2021, 3, 1, tzinfo=UTC)
LOG = Member(path="C/logs/u_ex1.log", content=b"one\r\ntwo!\r\nthree\r\n", time=TIME)
OTHER = Member(path="C/logs/u_ex2.log", content=b"other", time=TIME)


def contents(damage: Damage) -> list[bytes]:
    return [member.content for member in spoil([LOG, OTHER], [damage])]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (Damage(file="u_ex1.log", how="lose"), [b"other"]),
        (Damage(file="u_ex1.log", how="cut", at=0.5), [b"one\r\ntwo!", b"other"]),
        (Damage(file="u_ex1.log", how="cut_line", at=0.0), [b"one\r\ntw\r\nthree\r\n", b"other"]),
        (Damage(file="u_ex1.log", how="nul", at=0.0), [bytes(NUL_PADDING), b"other"]),
        (
            Damage(file="u_ex1.log", how="utf16"),
            ["one\r\ntwo!\r\nthree\r\n".encode("utf-16"), b"other"],
        ),
        (
            Damage(file="u_ex1.log", how="duplicate", at=0.0),
            [b"one\r\ntwo!\r\nthree\r\n", b"", b"other"],
        ),
    ],
)
def test_damage_spoils_its_file_and_leaves_the_others(
    damage: Damage, expected: list[bytes]
) -> None:
    assert expected == contents(damage)


def test_bad_bytes_are_no_utf8() -> None:
    with pytest.raises(UnicodeDecodeError):
        contents(Damage(file="u_ex1.log", how="bytes", at=0.5))[0].decode()


def test_damage_that_meets_no_file_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="damages no file"):
        spoil([LOG], [Damage(file="gone.log", how="cut")])


def test_an_encrypted_member_cannot_be_read_without_a_password_and_the_others_can() -> None:
    members = spoil([LOG, OTHER], [Damage(file="u_ex1.log", how="encrypt")])
    with zipfile.ZipFile(BytesIO(pack(members))) as archive:
        with pytest.raises(RuntimeError, match="encrypted"):
            archive.read("C/logs/u_ex1.log")
        assert b"other" == archive.read("C/logs/u_ex2.log")


def test_two_members_may_have_one_name() -> None:
    with zipfile.ZipFile(BytesIO(pack([LOG, LOG]))) as archive:
        assert 2 == len(archive.infolist())


def test_a_zip_does_not_tell_where_it_was_made() -> None:
    with zipfile.ZipFile(BytesIO(pack([LOG]))) as archive:
        assert [(0, (2021, 3, 1, 0, 0, 0))] == [
            (info.create_system, info.date_time) for info in archive.infolist()
        ]
