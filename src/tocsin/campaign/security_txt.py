"""What a domain publishes about whom to tell of a weakness: security.txt.

Source: RFC 9116 (A File Format to Aid in Security Vulnerability Disclosure, April 2022). A
signature is noticed, and not checked: who does so needs the key from elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*(\S.*)")
_ONCE = ("expires", "preferred-languages")
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SCHEMES = ("https://", "mailto:", "tel:")
_MOST = 50
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityTxt:
    """The fields that tell whom to write to, how, and in which language.

    `contacts` are URIs in the publisher's order of preference. `expires` is UTC. `problems` says
    what breaks the RFC. It is `usable` if it names a contact and has not expired.
    """

    contacts: tuple[str, ...]
    encryption: tuple[str, ...]
    languages: tuple[str, ...]
    expires: datetime | None
    is_signed: bool
    problems: tuple[str, ...]
    usable: bool


def read_security_txt(content: bytes, now: datetime) -> SecurityTxt:
    """Read one file, as of `now` (UTC). Never raises on content. Pure."""
    problems: list[str] = []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
        problems.append("it is not UTF-8")
    is_signed = text.lstrip("\ufeff").lstrip().startswith(_SIGNED)
    fields = _fields(text, is_signed=is_signed, problems=problems)
    expires = _expires(fields.get("expires", []), now, problems)
    problems += [
        f"{name.capitalize()} stands there more than once"
        for name in _ONCE
        if len(fields.get(name, ())) > 1
    ]
    contacts = tuple(one for one in fields.get("contact", ()) if _is_uri(one))
    if len(contacts) < len(fields.get("contact", ())):
        problems.append("a contact is no URI of the kinds https, mailto or tel")
    if not contacts:
        problems.append("it names no contact")
    languages = ",".join(fields.get("preferred-languages", [])[:1]).split(",")
    return SecurityTxt(
        contacts=contacts,
        encryption=tuple(fields.get("encryption", ())),
        languages=tuple(one.strip() for one in languages if one.strip()),
        expires=expires,
        is_signed=is_signed,
        problems=tuple(problems),
        usable=bool(contacts) and (expires is None or expires >= now),
    )


def _is_uri(text: str) -> bool:
    """A URI holds neither blanks nor control characters; whoever writes to it need not look."""
    return text.startswith(_SCHEMES) and text.isprintable() and " " not in text


def _fields(text: str, *, is_signed: bool, problems: list[str]) -> dict[str, list[str]]:
    """The values by the small name of their field; lines of a signature's frame are none."""
    found: dict[str, list[str]] = {}
    odd = 0
    for line in _lines(text, is_signed=is_signed):
        match = _LINE.fullmatch(line)
        if match is None:
            odd += 1
            continue
        values = found.setdefault(match[1].lower(), [])
        if len(values) < _MOST:
            values.append(match[2][:_LONGEST])
    if odd:
        problems.append(f"{odd} lines are neither fields nor comments")
    return found


def _lines(text: str, *, is_signed: bool) -> list[str]:
    lines = [line.strip() for line in re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))]
    if is_signed:
        # RFC 9580, section 7: headers until an empty line; a line that begins with a dash has
        # another dash and a blank before it.
        begin = lines.index("", lines.index(_SIGNED)) + 1 if "" in lines else len(lines)
        end = lines.index(_SIGNATURE) if _SIGNATURE in lines else len(lines)
        lines = [line.removeprefix("- ") for line in lines[begin:end]]
    return [line for line in lines if line and not line.startswith("#")]


def _expires(values: list[str], now: datetime, problems: list[str]) -> datetime | None:
    if not values:
        problems.append("it does not say when it expires")
        return None
    try:
        expires = datetime.fromisoformat(values[0])
        expires = expires.replace(tzinfo=UTC) if expires.tzinfo is None else expires
        expires = expires.astimezone(UTC)
    except (ValueError, OverflowError):
        problems.append("its day of expiry cannot be read")
        return None
    if expires < now:
        problems.append(f"it expired on {expires:%Y-%m-%d}")
    return expires
