r"""How names are spotted in a text, in all spellings that logs have for them, and named anew.

Logs write ``NORDLYS\anna``, ``nordlys%5Canna``, ``"NORDLYS\\anna"``, ``anna%40nordlys.example``.
Each spelling of a name has a token of its own (``user-1``, ``user-1b``), so that it can be undone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tocsin.report.encoded import Encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tocsin.model.names import Names

DOMAIN = "redacted.example"
"""The domain of what had one. Source: RFC 2606, ``.example`` belongs to nobody."""
_INSIDE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("fc00::/7", "fe80::/10"),
    )
)
"""Source: RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291."""
_KNOWN_ACCOUNTS = re.compile(
    r"""system | local[ ]?service | network[ ]?service | anonymous[ ]?logon | administrator | guest
      | defaultaccount | krbtgt | everyone | iusr | (?:dwm|umfd)-\d+ | healthmailbox.* | msexch.*
      | systemmailbox.* | discoverysearchmailbox.* | federatedemail.* | migration\..* | sm_.*
      | extest_.* | exchange[ ]online.* | postmaster | mailer-daemon | microsoftexchange.*""",
    re.IGNORECASE | re.VERBOSE,
)
"""Accounts that every server has: they tell what happened, and nothing of who works there."""
_ORDINARY = frozenset(
    word
    for line in (
        "access account action admin administration api aspx auth autodiscover backend backup",
        "cert cmd client clients cmdlet com company config console data database default dell",
        "desktop disk dns domain ecp edge email error eth0 event events ews example exchange",
        "false file files front frontend get group guest help home host html http https id iis",
        "image info inetpub install internal internet java json lan local localhost localsystem",
        "log logging login logon logs machine mail mailbox mailboxes main mapi message method",
        "microsoft mozilla name net network none null oab office operator option org outlook owa",
        "page path ping post powershell print probe process program proxy public query read",
        "remote report request result root rows rpc rule script search security send server",
        "servers service session set setup shell smtp source sql sync system task temp test text",
        "time token tool type unknown update url user username users version virtual web webmail",
        "win windows work workgroup worker write www xml",
    )
    for word in line.split()
)
"""Words that logs and reports are made of; a name that is one of them tells nothing alone."""
_SHORTEST = 3
_LONGEST_HALF = 64

_LEFT = (
    # A word begins behind what is no letter or digit, but not within a percent-encoded character;
    r"(?:(?<![^\W_])(?!(?<=%)[0-9A-Fa-f]{2})"
    # or behind such a character, or one that JSON escapes, though they end in letters.
    r"|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4}))"
)
_RIGHT = r"(?![^\W_])"
_PROFILES = r"[\\/](?:Users|home|Documents[ ]and[ ]Settings)[\\/]{1,4}"
_BACKSLASH = r"(?:\\{1,4}|%5[Cc]|/)"


class Tokens:
    """Names anew: by kind, entity and spelling, numbered as they come."""

    def __init__(self, texts: Iterable[str]) -> None:
        # A token that stands in the evidence already would be undone where nothing was done.
        self._taken = "\n".join(texts).lower()
        self._numbers: dict[tuple[str, str], int] = {}
        self._last: dict[str, int] = {}
        self._spellings: dict[tuple[str, str], dict[str, str]] = {}

    def of(self, kind: str, entity: str, spelling: str, pattern: str = "{}") -> str:
        """The token of `spelling`; entities are told apart by `entity`, in any case.

        `pattern` says how it is shown: ``{}@redacted.example``.
        """
        name = (kind, entity.casefold())
        spellings = self._spellings.setdefault(name, {})
        if spelling not in spellings:
            token = f"{kind}-{self._number(name)}{_suffix(len(spellings))}"
            spellings[spelling] = pattern.format(token)
        return spellings[spelling]

    def key(self) -> dict[str, str]:
        """What each token stands for."""
        return {
            token: spelling
            for spellings in self._spellings.values()
            for spelling, token in spellings.items()
        }

    def _number(self, name: tuple[str, str]) -> int:
        if name not in self._numbers:
            kind = name[0]
            number = self._last.get(kind, 0) + 1
            while f"{kind}-{number}" in self._taken:
                number += 1
            self._numbers[name] = self._last[kind] = number
        return self._numbers[name]


class Spotter:
    """Finds every name in a text in one pass, the longest first."""

    def __init__(
        self,
        names: Names,
        clients: Iterable[str],
        sources: Iterable[str],
        texts: Sequence[str],
        tokens: Tokens,
        *,
        all_addresses: bool,
    ) -> None:
        self._tokens = tokens
        self._all_addresses = all_addresses
        self._own_addresses = names.addresses - set(clients)
        words = _words(texts)
        self._kinds: dict[str, str] = {}
        for kind, known in (
            ("user", names.users),
            ("host", names.hosts),
            ("domain", {*names.netbios, *(_label(domain) for domain in names.domains)}),
        ):
            for name in known:
                if _can_stand_alone(name) and words.issuperset(_split(name)):
                    self._kinds[name.casefold()] = kind
        self._netbios = {
            name.casefold()
            for name in names.netbios - names.hosts
            if words.issuperset(_split(name))
        } - {name for name, kind in self._kinds.items() if kind == "host"}
        self._domains = {name.casefold() for name in names.domains}
        self._beginnings = sorted(
            {
                name.casefold()
                for known in (names.users, names.hosts, names.netbios, names.domains)
                for name in known
            }
        )
        self._encoded = Encoded(self._beginnings, tokens)
        self._sources = sorted(sources)
        self._replacers: dict[str, Callable[[str], str]] = {
            "source": lambda text: tokens.of("source", text, text),
            "sid": self._sid,
            "mail": self._mail,
            "fqdn": self._fqdn,
            "ip4": self._address,
            "ip6": self._address,
            "name": self._name,
        }
        self._pattern = re.compile(self._alternatives(names, words), re.IGNORECASE)

    def replaced(self, text: str) -> str:
        """`text` with a token for every name in it, and for half a name where it was cut."""
        text = self._encoded.replaced(text)
        whole = len(text) - len(self._half_a_name(text))
        found = self._pattern.sub(self._replacement, text[:whole])
        return found + (self._tokens.of("cut", text[whole:], text[whole:]) if text[whole:] else "")

    def whole_host(self, text: str) -> str:
        """The token of a server's name, whatever it looks like."""
        return self._tokens.of("host", text, text) if text else text

    def _alternatives(self, names: Names, words: set[str]) -> str:
        there = [one for one in names.domains if words.issuperset(_split(one))]
        before = {*self._netbios, *(name for name, kind in self._kinds.items() if kind == "host")}
        mail = r"[\w.+'-]{1,128}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
        known = _any_of(self._kinds)
        return "|".join(
            (
                rf"(?P<source>{_any_of(self._sources)}){_RIGHT}",
                rf"(?P<sid>{_LEFT}S-1-5-21(?:-\d{{1,10}}){{3}}(?:-\d{{1,10}})?)(?!\d)",
                rf"(?P<mail>{_LEFT}(?<![.+'-]){mail}){_RIGHT}",
                rf"(?P<fqdn>{_LEFT}(?:[\w-]{{1,63}}\.){{0,8}}{_any_of(there)}){_RIGHT}",
                r"(?P<ip4>(?:(?<![\d.])|(?<=%[0-9A-Fa-f]{2}))\d{1,3}(?:\.\d{1,3}){3})(?!\d|\.\d)",
                r"(?P<ip6>(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:.])",
                rf"(?P<domain>{_LEFT}{_any_of(before)})"
                + rf"(?P<slash>{_BACKSLASH})(?P<account>[\w.$-]{{1,64}}){_RIGHT}",
                rf"(?P<folder>{_PROFILES})(?P<profile>{known}{_RIGHT}|[\w.$-]{{1,64}}{_RIGHT})",
                rf"(?P<name>{_LEFT}{known}){_RIGHT}",
            )
        )

    def _replacement(self, match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "account":
            return self._with_domain(match)
        if kind == "profile":
            return match["folder"] + self._user(match["profile"])
        assert kind is not None  # noqa: S101 every alternative is a group
        return self._replacers[kind](match[0])

    def _with_domain(self, match: re.Match[str]) -> str:
        domain, slash, account = match["domain"], match["slash"], match["account"]
        if domain.casefold() in self._netbios:
            return self._name(domain) + slash + self._user(account)
        # Behind a machine's name there may be an account, a share or a virtual directory.
        return self._name(domain) + slash + self._pattern.sub(self._replacement, account)

    def _sid(self, text: str) -> str:
        *domain, account = text.split("-")
        if len(domain) == 7 and int(account) < 1000:
            # Everybody's administrator is 500: that tells what happened, and not where.
            return self._tokens.of("sid", "-".join(domain), "-".join(domain)) + f"-{account}"
        return self._tokens.of("sid", text, text)

    def _mail(self, text: str) -> str:
        local, at, domain = re.split("(@|%40)", text, maxsplit=1, flags=re.IGNORECASE)
        if _KNOWN_ACCOUNTS.fullmatch(local):
            return local + at + self._pattern.sub(self._replacement, domain)
        return self._tokens.of("mail", f"{local}@{domain}", text, f"{{}}@{DOMAIN}")

    def _fqdn(self, text: str) -> str:
        if text.casefold() in self._domains:
            return self._tokens.of("domain", _label(text), text, f"{{}}.{DOMAIN}")
        short = text.partition(".")[0]
        if self._kinds.get(short.casefold()) == "host":
            return self._tokens.of("host", short, text, f"{{}}.{DOMAIN}")
        return self._tokens.of("host", text, text, f"{{}}.{DOMAIN}")

    def _address(self, text: str) -> str:
        try:
            address = ip_address(text)
        except ValueError:
            return text
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_loopback or address.is_unspecified:
            return text
        inside = any(address in net for net in _INSIDE if net.version == address.version)
        if inside or str(address) in self._own_addresses:
            return self._tokens.of("internal-ip", str(address), text)
        return self._tokens.of("ip", str(address), text) if self._all_addresses else text

    def _user(self, text: str) -> str:
        if _KNOWN_ACCOUNTS.fullmatch(text) or text.casefold() in _FOLDERS_OF_NOBODY:
            return text
        if text.endswith("$"):
            return self._tokens.of("host", text[:-1], text[:-1]) + "$"
        return self._tokens.of("user", text, text)

    def _name(self, text: str) -> str:
        decoded = _without_json(unquote(text)).casefold()
        for plain in (decoded, decoded.replace("+", " ")):
            if plain in self._kinds:
                return self._tokens.of(self._kinds[plain], plain, text)
        return self._tokens.of("domain" if decoded in self._netbios else "host", decoded, text)

    def _half_a_name(self, text: str) -> str:
        """The end of `text` that begins a name without ending it: texts are cut to a length."""
        end = text[-_LONGEST_HALF:]
        for start in re.finditer(rf"{_LEFT}(?=[\w.-]+\Z)", end):
            half = end[start.start() :]
            folded = half.casefold()
            place = bisect_right(self._beginnings, folded)
            if len(folded) < _SHORTEST or folded in _ORDINARY or folded in self._kinds:
                continue
            if place < len(self._beginnings) and self._beginnings[place].startswith(folded):
                return half
        return ""


_FOLDERS_OF_NOBODY = {"public", "default", "all users", "all", "default user"}


def undoing(key: Mapping[str, str]) -> Callable[[str], str]:
    """What puts back into a text what the tokens of `key` stand for."""
    if not key:
        return lambda text: text
    tokens = re.compile("|".join(re.escape(token) for token in _longest_first(key)))
    return lambda text: tokens.sub(lambda match: key[match[0]], text)


def _can_stand_alone(name: str) -> bool:
    folded = name.casefold().strip()
    return (
        len(folded) >= _SHORTEST
        and folded not in _ORDINARY
        and not folded.isdigit()
        and not _KNOWN_ACCOUNTS.fullmatch(folded)
    )


def _spelt(name: str) -> str:
    """A pattern for `name` as it stands, percent-encoded, with ``+`` for blanks, or as JSON."""
    return "".join(_spelt_character(one) for one in name)


def _spelt_character(one: str) -> str:
    if one.isascii() and one.isalnum():
        return one
    encoded = "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogatepass"))
    ways = {re.escape(one), encoded, "".join(_json(one))}
    if one == " ":
        ways.add(r"\+")
    return f"(?:{'|'.join(sorted(ways))})"


def _json(one: str) -> Iterable[str]:
    raw = one.encode("utf-16-be", "surrogatepass")
    for place in range(0, len(raw), 2):
        yield rf"\\u{raw[place : place + 2].hex()}"


def _words(texts: Iterable[str]) -> set[str]:
    """Every word in `texts`, all spellings undone: what no text holds need not be looked for."""
    found: set[str] = set()
    for text in texts:
        for spelt in {text, unquote(text), _without_json(text), _without_json(unquote(text))}:
            found.update(_split(spelt))
            # Behind an escape the word begins later than it seems to.
            found.update(word[1:] for word in _split(spelt) if word[:1] in "nrt")
    return found


def _split(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _without_json(text: str) -> str:
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    if plain == text:
        return text
    # JSON writes a character beyond the first 65,536 as two.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _label(domain: str) -> str:
    """What an organisation calls itself in its domain: ``nordlys`` of ``ad.nordlys.example``."""
    return max(domain.split(".")[:-1], key=len, default="")


def _any_of(names: Iterable[str]) -> str:
    return f"(?:{'|'.join(_spelt(name) for name in _longest_first(names)) or '(?!)'})"


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))


def _suffix(number: int) -> str:
    """Nothing for the first spelling, then ``b``, ``c`` … and numbers when letters run out."""
    if number == 0:
        return ""
    return chr(ord("a") + number) if number < 26 else f"z{number}"
