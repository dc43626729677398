"""What YARA rules may ask about a file besides its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.model.path import EvidencePath

EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner", "md5")
"""Variables that rule collections expect from their scanner, all of them texts.

Source: README.md of Neo23x0/Loki and of Neo23x0/signature-base ("External Variables"), 2025.
"""
_TYPES = (
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7Zip"),
    (b"\x1f\x8b\x08", "GZIP"),
    (b"MSCF", "CAB"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE"),
    (b"{\\rtf", "RTF"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "LNK"),
    (b"ElfFil", "EVTX"),
    (b"regf", "Registry Hive"),
    (b"MDMP", "MDMP"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x89PNG", "PNG"),
    (b"<?php", "PHP"),
    (b"<?xml", "XML"),
)
"""The first bytes of common types, under the names that LOKI gives to most of them.

Source: the formats' own specifications; the names: file-type-signatures.txt of Neo23x0/Loki.
"""


def externals_of(path: EvidencePath, data: bytes, *, whole: bool) -> dict[str, str]:
    """The variables' values: Windows paths, as the rules expect them; empty where not known.

    The MD5 is known only where `data` is the whole file. Nobody tells us the owner.
    """
    values = {
        "filename": path.name,
        "filepath": path.server.replace("/", "\\"),
        "extension": path.extension,
        "filetype": next((name for magic, name in _TYPES if data.startswith(magic)), ""),
        "owner": "",
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest() if whole else "",
    }
    # YARA takes only what UTF-8 can say; a lone surrogate stands for a byte that was no text.
    return {name: text.encode("utf-8", "replace").decode() for name, text in values.items()}
