r"""The anchor mailbox of a forged request, as the front end understood it.

Behind ``ServerInfo~`` stands what the client put into its cookie, and .NET's ``Uri`` reads it with
all its freedoms: percent-encoding, backslashes, doubled slashes, ``/./`` and ``/x/../``. Whoever
writes ``/e%63p/x/..\proxyLogon.ecp`` asks for the same as with ``/ecp/proxyLogon.ecp``. So rules
are shown the plain form, and the text of the log stays beside it as `RAW_FIELD`.

Source: the .NET documentation of ``System.Uri``, "canonicalization" (from general knowledge).
"""

from __future__ import annotations

from urllib.parse import unquote

FIELD = "AnchorMailbox"
RAW_FIELD = "AnchorMailboxAsLogged"
_FORGED = "serverinfo~"
_TIMES = 3
_CHARACTERS = 16_384
"""No request is longer; of what is, the rest is left as it stands."""


def unmask(fields: dict[str, str]) -> None:
    """Put the plain form of a forged anchor into `fields`, where it is not plain already."""
    raw = fields.get(FIELD)
    if raw is None or raw[: len(_FORGED)].lower() != _FORGED:
        return
    plain = plain_anchor(raw[:_CHARACTERS]) + raw[_CHARACTERS:]
    if plain != raw:
        fields[FIELD] = plain
        fields[RAW_FIELD] = raw


def plain_anchor(anchor: str) -> str:
    """`anchor` decoded and with a path that has no detours; host and query stay as they are."""
    for _ in range(_TIMES):
        decoded = unquote(anchor)
        if decoded == anchor:
            break
        anchor = decoded
    cut = min((place for sign in "?#" if (place := anchor.find(sign)) >= 0), default=len(anchor))
    host, slash, path = anchor[:cut].replace("\\", "/").partition("/")
    if not slash:
        return host + anchor[cut:]
    return f"{host}/{_straight(path)}{anchor[cut:]}"


def _straight(path: str) -> str:
    parts: list[str] = []
    *folders, name = path.split("/")
    for part in folders:
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    if name == "..":
        del parts[-1:]
    return "/".join([*parts, "" if name in (".", "..") else name])
