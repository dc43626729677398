"""Our own reading of tar archives agrees with the standard library's."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.archives import LOG, read, saved
from tocsin.evidence.tar_header import number, parse, pax_records

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N"), include_characters="- "),
    min_size=1,
    max_size=300,
)
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=3_000), max_size=5),
    form=FORMATS,
    mtime=st.floats(1, 4e9),
)
def test_what_tarfile_writes_we_read(
    tmp_path: Path, files: dict[str, bytes], form: int, mtime: float
) -> None:
    # What looks like an archive is opened too, which is not meant here.
    files = {name: b"#" + data if data else data for name, data in files.items()}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in list(files.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = mtime if form == tarfile.PAX_FORMAT else int(mtime)
            try:
                archive.addfile(info, io.BytesIO(data))
            except ValueError:  # a name too long for ustar
                del files[name]
    done = read(saved(tmp_path, buffer.getvalue()))
    if not files:
        assert {"evidence.bin": buffer.getvalue()} == done.contents
        return
    assert (files, []) == (done.contents, done.problems)


@pytest.mark.parametrize("form", ["ustar", "gnu", "pax", "v7", "oldgnu"])
def test_what_gnu_tar_writes_we_read(tmp_path: Path, form: str) -> None:
    tar = shutil.which("tar")
    assert tar is not None
    case = tmp_path / "case"
    (case / "C" / "inetpub").mkdir(parents=True)
    (case / "C" / "inetpub" / "u_ex210303.log").write_bytes(LOG)
    (case / "link").symlink_to("C")
    made = tmp_path / "made.tar"
    subprocess.run([tar, f"--format={form}", "-C", case, "-cf", made, "."], check=True)
    done = read(made)

    assert {"C/inetpub/u_ex210303.log": LOG} == done.contents
    assert ["link"] == [problem.artefact for problem in done.problems]


@given(st.binary(min_size=512, max_size=512))
def test_any_block_is_a_header_or_is_not(block: bytes) -> None:
    header = parse(block)
    assert header is None or header.size_bytes >= 0


@given(st.integers(0, 8**11 - 1))
def test_octal_numbers_are_read(value: int) -> None:
    assert value == number(b"%011o\0" % value)
    assert value == number(b"%o " % value)


@given(st.integers(-(256**7), 256**7))
def test_binary_numbers_are_read(value: int) -> None:
    field = bytearray(value.to_bytes(12, "big", signed=True))
    if value >= 0:
        field[0] |= 0x80
    assert value == number(bytes(field))


@given(st.binary(max_size=300))
def test_any_pax_header_gives_what_can_be_read(data: bytes) -> None:
    assert isinstance(pax_records(data), dict)


def test_pax_records_before_damage_stand() -> None:
    assert {"path": "a b"} == pax_records(b"12 path=a b\n99 size=1\n")
