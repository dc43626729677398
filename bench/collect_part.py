"""Part ``collect``: how fast `tocsin collect` copies, beside `zip`, `tar` and `sha256sum`.

The collector hashes each file, packs it and lists it. `zip` packs, `tar -z` packs, `sha256sum`
hashes: none does all of it.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

from bench.generate import generate
from bench.line import Line, Part
from bench.measure import measure
from bench.rules_part import over

if TYPE_CHECKING:
    from pathlib import Path

    from bench.settings import Settings

MEMORY_LIMIT_MIB = 512


def run(settings: Settings, folder: Path) -> Part:
    """Collect, then let the others read the same files."""
    server = folder / "server"
    half = max(1, settings.mib // 2)
    logs = generate(server, mib={"iis": half, "httpproxy": half}, seed=settings.seed)
    packed = folder / "e.zip"
    commands = {
        "tocsin collect": (packed, [
            sys.executable, "-m", "tocsin", "collect", f"C={server}", "-o", str(packed), "--quiet",
        ]),
        "zip -r": (folder / "z.zip", ["zip", "-r", "-q", str(folder / "z.zip"), str(server)]),
        "tar -z": (folder / "t.tgz", ["tar", "-czf", str(folder / "t.tgz"), str(server)]),
        "sha256sum": (None, ["sha256sum", *map(str, logs.files)]),
    }  # fmt: skip
    lines: list[Line] = []
    for name, (written, command) in commands.items():
        if shutil.which(command[0]) is None:
            lines.append(Line(what=name, note="not installed"))
            continue
        took = measure(command)
        size = f"{written.stat().st_size / 2**20:.0f} MiB packed" if written else ""
        ours = lines[0].run if lines else took
        lines.append(
            Line(
                what=name,
                run=took,
                amount=logs.size_bytes / 2**20,
                ratio=over(took, ours),
                note=size,
            )
        )
    return Part(
        name="collect",
        title=f"collecting {logs.size_bytes / 2**20:.0f} MiB in {len(logs.files)} files",
        ratio="CPU against that of `tocsin collect`",
        synthetic="logs",
        lines=lines,
        wrong=complaints(lines[0], packed, len(logs.files)),
    )


def complaints(ours: Line, packed: Path, files: int) -> list[str]:
    """Every promise that the collector broke."""
    if ours.run is None or ours.run.code != 0:
        return ["tocsin collect did not come to its end"]
    with zipfile.ZipFile(packed) as archive:
        held = sum(not name.startswith("tocsin-") for name in archive.namelist())
    wrong = [] if held == files else [f"the archive holds {held} of {files} files"]
    if ours.run.peak_mib >= MEMORY_LIMIT_MIB:
        wrong.append(f"tocsin collect: {ours.run.peak_mib:.0f} MiB of memory")
    return wrong
