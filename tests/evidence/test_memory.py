"""However large a member is, it is never held in memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.evidence.archives import ZipMember, raw_zip, sevenzip_of, tar_of

if TYPE_CHECKING:
    from pathlib import Path

GIB = 2**30
MIB = 2**20
PROGRAM = """
    import re, sys
    from pathlib import Path
    from tocsin.evidence.collection import Limits
    from tocsin.evidence.manifest import sha256_of
    from tocsin.evidence.open import open_collection
    with open_collection(Path(sys.argv[1]), Limits(ratio=1e9)) as collection:
        sizes = [sha256_of(member).size_bytes for member in collection.members()]
        assert [] == collection.problems, collection.problems
    # Not getrusage: that remembers how large the test's own process was at the fork.
    (peak_kib,) = re.findall(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
    print(max(sizes), int(peak_kib) * 1024)
"""


def size_and_peak(source: Path) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stderr
    size, peak = done.stdout.split()
    return int(size), int(peak)


def deflated_gib() -> tuple[bytes, int]:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    zeros, packed, crc = bytes(MIB), b"", 0
    for _ in range(GIB // MIB):
        packed += packer.compress(zeros)
        crc = zlib.crc32(zeros, crc)
    return packed + packer.flush(), crc


@pytest.mark.slow
def test_a_gib_in_a_zip_is_read_in_little_memory(tmp_path: Path) -> None:
    packed, crc = deflated_gib()
    member = ZipMember(name=b"big.log", data=b"", packed=packed, crc=crc, size=GIB)
    source = tmp_path / "big.zip"
    source.write_bytes(raw_zip(member).all())
    size, peak = size_and_peak(source)

    assert GIB == size
    assert peak < 150 * MIB


@pytest.mark.slow
def test_a_sparse_gib_in_a_folder_is_read_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("wb") as file:
        file.truncate(GIB)
    size, peak = size_and_peak(tmp_path)

    assert GIB == size
    assert peak < 150 * MIB


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tar.gz", "7z"])
def test_large_members_are_spooled_in_little_memory(tmp_path: Path, kind: str) -> None:
    data = bytes(256 * MIB)
    source = tmp_path / f"big.{kind}"
    made = tar_of(("big.log", data), mode="w:gz") if kind == "tar.gz" else sevenzip_of({"x": data})
    source.write_bytes(made)
    size, peak = size_and_peak(source)

    assert 256 * MIB == size
    assert peak < 150 * MIB
