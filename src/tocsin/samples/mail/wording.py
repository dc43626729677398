"""Names, domains and subjects, from `words.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tocsin.samples.mail.chance import Chance

_NUMBERED_COMPANIES = 9
"""Each company's name is there so often, with a number."""

_STEP = 1009
"""A prime, so that neighbours have other names and yet all names come up."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`words.toml`."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    company: tuple[str, ...]
    matter: tuple[str, ...]
    about: tuple[str, ...]
    plain: tuple[str, ...]
    lure: tuple[str, ...]


@cache
def words() -> Words:
    """All words, read once."""
    text = (Path(__file__).parent / "words.toml").read_bytes()
    return msgspec.toml.decode(text, type=Words)


def local_part(number: int) -> str:
    """The part before the @ of the person with this number; no two are alike."""
    every = words()
    round_, place = divmod(number, len(every.first) * len(every.last))
    place = place * _STEP % (len(every.first) * len(every.last))
    first, last = every.first[place % len(every.first)], every.last[place // len(every.first)]
    return f"{first}.{last}{round_ or ''}"


def stranger(chance: Chance) -> str:
    """An address at some other organisation."""
    every = words()
    person = f"{chance.pick(every.first)}.{chance.pick(every.last)}"
    return f"{person}@{domain(chance)}"


def domain(chance: Chance) -> str:
    """The domain of some other organisation."""
    return f"{chance.pick(words().company)}{chance.number(1, _NUMBERED_COMPANIES)}.example"


def subject(chance: Chance) -> str:
    """What a new message is about; one in nine says next to nothing, as people do."""
    every = words()
    if chance.yes(1 / 9):
        return chance.pick(every.plain)
    text = chance.pick(every.about).format(
        matter=chance.pick(every.matter),
        matter2=chance.pick(every.matter),
        company=chance.pick(every.company).title(),
        number=chance.number(1, 9999),
    )
    return text[:1].upper() + text[1:]
