"""Which version of the knowledge is in use: a date."""

from __future__ import annotations

from tocsin.knowledge.manifest import MANIFEST, read_manifest
from tocsin.knowledge.packs import all_packs
from tocsin.knowledge.root import BUILTIN, cached, data_root, using


@cached
def version_in_use() -> str:
    """The version that results name: ``2026-12-01``.

    Installed knowledge says it itself; that of this release is as new as its newest pack.
    """
    if (data_root() / MANIFEST).exists():
        return read_manifest(data_root()).version
    return max(pack.about.updated for pack in all_packs()).isoformat()


def builtin_version() -> str:
    """The version of what this release brought."""
    with using(BUILTIN):
        return version_in_use()
