from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tocsin.collect import roots
from tocsin.collect.roots import drives_beside, roots_from
from tocsin.errors import SourceError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = (
    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "30 21 7:0 / {0}/ntfs ro - fuseblk /dev/loop0 ro\n"
    "31 21 7:1 / {0}/kernel ro - ntfs3 /dev/loop1 ro\n"
    "32 21 0:40 / {0}/wsl rw - 9p drvfs rw,aname=drvfs;path=C:\\\n"
    "33 21 0:41 / {0}/shared rw - 9p host rw,trans=virtio\n"
    "34 21 0:42 / {0}/with\\040blank ro - cifs //ex01/c$ ro\n"
    "35 21 0:43 / {0}/ntfs/copies rw - ext4 /dev/sdb1 rw\n"
)


def made(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    return [folder / name for name in names]


def test_a_drive_is_named_by_the_user_or_by_its_folder(tmp_path: Path) -> None:
    image, d = made(tmp_path, "image", "d")
    found = roots_from([f"c={image}", str(d)])
    assert [("C", image, False), ("D", d, False)] == [
        (root.drive, root.path, root.assumed) for root in found
    ]


def test_a_folder_of_drives_is_all_of_them(tmp_path: Path) -> None:
    made(tmp_path, "D", "C", "notes")
    assert ["C", "D"] == [root.drive for root in roots_from([str(tmp_path)])]


def test_what_names_no_drive_is_taken_for_c_and_that_is_told(tmp_path: Path) -> None:
    (image,) = made(tmp_path, "image")
    (root,) = roots_from([str(image)])
    assert ("C", True) == (root.drive, root.assumed)


def test_two_drives_of_one_letter_are_refused(tmp_path: Path) -> None:
    one, two = made(tmp_path, "one", "two")
    with pytest.raises(UsageError, match="would both be drive C"):
        roots_from([str(one), str(two)])


def test_what_cannot_be_listed_is_no_source(tmp_path: Path) -> None:
    for name in ("nowhere", "D=nowhere"):
        with pytest.raises(SourceError, match="cannot be listed"):
            roots_from([str(tmp_path / name) if "=" not in name else name])


@pytest.mark.parametrize(
    ("folder", "system", "original"),
    [
        ("ntfs", "fuseblk", True),
        ("kernel", "ntfs3", True),
        ("wsl", "9p", True),
        ("shared", "9p", False),
        ("with blank", "cifs", True),
        ("ntfs/copies", "ext4", False),
        ("plain", "ext4", False),
    ],
)
def test_times_are_the_servers_only_on_a_file_system_of_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, system: str, original: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.replace("{0}", str(tmp_path)), encoding="utf-8")
    monkeypatch.setattr(roots, "_MOUNTS", mounts)
    (path,) = made(tmp_path, folder)
    (root,) = roots_from([f"C={path}"])
    assert (system, original) == (root.file_system, root.is_original)
    assert roots_from([f"C={path}"], trust_times=True)[0].is_original


def test_a_mounted_drive_beside_that_was_not_named_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c, d, _ = made(tmp_path, "c", "d", "home")
    monkeypatch.setattr(os.path, "ismount", lambda path: path.parent == tmp_path)
    assert (d,) == drives_beside(roots_from([str(c)]))
    assert () == drives_beside(roots_from([str(c), str(d)]))


def test_a_folder_with_a_short_name_beside_is_no_drive(tmp_path: Path) -> None:
    c, _ = made(tmp_path, "c", "d")
    assert () == drives_beside(roots_from([str(c)]))
