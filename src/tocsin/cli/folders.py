"""The user's own folders, as the system and the environment say.

Source: freedesktop.org, "XDG Base Directory Specification"; Microsoft, "KNOWNFOLDERID".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def knowledge_store(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `tocsin pack update` installs; it need not exist. ``TOCSIN_DATA`` goes before all."""
    asked = environ.get("TOCSIN_DATA")
    if asked:
        return Path(asked).absolute() / "knowledge"
    return _base(environ, "LOCALAPPDATA", "XDG_DATA_HOME", ".local/share") / "knowledge"


def trusted_keys(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the user keeps the keys of those whose knowledge is trusted; it need not exist."""
    return _base(environ, "APPDATA", "XDG_CONFIG_HOME", ".config") / "knowledge-keys"


def compiled_rules(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where compiled rules are kept for the next run; None where ``TOCSIN_CACHE`` is ``off``.

    Anything else in that variable is a folder, which goes before all.
    """
    asked = environ.get("TOCSIN_CACHE")
    if asked == "off":
        return None
    if asked:
        return Path(asked).absolute() / "rules"
    on_windows = "cache/rules" if os.name == "nt" else "rules"
    return _base(environ, "LOCALAPPDATA", "XDG_CACHE_HOME", ".cache") / on_windows


def _base(environ: Mapping[str, str], on_windows: str, variable: str, default: str) -> Path:
    told = Path(environ.get(on_windows if os.name == "nt" else variable, ""))
    # A relative path in these variables is to be ignored, says the specification.
    return (told if told.is_absolute() else Path.home() / default) / "tocsin"
