"""What the registry says of Exchange: which keys matter, and what their values mean.

Shared by the formats that read hives and those that read exported text.

Source: microsoft/CSS-Exchange (EOMT, HealthChecker) for keys and names, and its issues 396 and
406 for the trap: ``OwaVersion`` is the version of one component and may be behind or beside the
build that is installed, so it never becomes a ``Build`` here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SETUP = re.compile(r"(?:^|\\)microsoft\\exchangeserver\\v(?:14|15)\\setup$", re.IGNORECASE)
UPDATE = re.compile(
    r"(?:\\currentversion\\uninstall\\[^\\]+"
    r"|\\currentversion\\installer\\userdata\\[^\\]+\\products\\[^\\]+\\patches\\[^\\]+"
    r"|\\microsoft\\updates\\exchange[^\\]*\\.+)$",
    re.IGNORECASE,
)
SETUP_KEYS = (r"Microsoft\ExchangeServer\v15\Setup", r"Microsoft\ExchangeServer\v14\Setup")
"""Below the root of the SOFTWARE hive."""
UNINSTALL_KEYS = (
    r"Microsoft\Windows\CurrentVersion\Uninstall",
    r"WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
)
INSTALLER_KEY = r"Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"

_BUILD = ("msiproductmajor", "msiproductminor", "msibuildmajor", "msibuildminor")
_EXCHANGE = re.compile(r"\bExchange Server\b", re.IGNORECASE)
_KB = re.compile(r"\bKB\d{6,8}\b", re.IGNORECASE)


def fields_of(path: str, values: Mapping[str, str]) -> dict[str, str] | None:
    """The fields of an event for the key at `path`, or None where it says nothing of Exchange.

    `values` are by name in lower case. ``Build`` is what set-up wrote into the registry: the
    cumulative update; a security update may have come on top.
    """
    if SETUP.search(path):
        fields = {
            "KeyType": "setup",
            "OwaVersion": values.get("owaversion", ""),
            "InstallPath": values.get("msiinstallpath", ""),
        }
        parts = [values.get(name, "") for name in _BUILD]
        if all(part.isdecimal() and part.isascii() and len(part) < 6 for part in parts):
            fields["Build"] = ".".join(str(int(part)) for part in parts)
    elif UPDATE.search(path) and _EXCHANGE.search(name := values.get("displayname", "")):
        kb = _KB.search(name) or _KB.search(path)
        fields = {
            "KeyType": "update" if kb else "program",
            "DisplayName": name,
            "DisplayVersion": values.get("displayversion", ""),
            "InstallDate": values.get("installdate", values.get("installed", "")),
            "Kb": kb[0].upper() if kb else "",
        }
    else:
        return None
    fields["Key"] = path
    return {name: value for name, value in fields.items() if value not in {"", "-"}}


def text_of(fields: Mapping[str, str]) -> str:
    """The key and its values in one line, for the citation."""
    shown = (f"{name}={value}" for name, value in fields.items() if name not in {"Key", "KeyType"})
    return f"{fields['Key']}: {', '.join(shown)}"
