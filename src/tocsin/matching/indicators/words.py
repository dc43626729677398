"""Words for a prefilter over bytes: one of them stands in every line that can match.

A word is a part of a name of the indicator, and names stand in a line as they are: see
`tocsin.matching.indicators.text`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, ip_network
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import Kind
from tocsin.matching.indicators.patterns import needed_words
from tocsin.matching.indicators.text import longest_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.matching.indicators.indicator import Indicator, Part

SHORTEST = 3
"""Letters. A shorter word stands in nearly every line."""
_TELLING = 5
"""Letters of a path's last name from which on it is taken before a longer one further up."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """Lower-case ASCII `words`, at least one of which stands in every line that can match.

    They stand in the line as the log has it, in any case. With `everything` some indicator has
    no such word, and any line can match. Not told of are values that a format takes from
    elsewhere than the line: the path of a file, or of an entry of the file table.
    """

    words: tuple[bytes, ...]
    everything: bool


def words_for(indicators: Iterable[Indicator]) -> WordList:
    """The words of all of them, each once, sorted."""
    found: set[str] = set()
    everything = False
    for indicator in indicators:
        chosen = [words for part in indicator.parts if (words := words_of(part))]
        if chosen:
            found.update(max(chosen, key=lambda words: min(map(len, words))))
        else:
            everything = True
    return WordList(
        words=tuple(sorted(word.encode("ascii") for word in found)), everything=everything
    )


def words_of(part: Part) -> tuple[str, ...]:
    """The words of one thing; none where every line may hold it."""
    kind, key = part
    words: Sequence[str]
    if kind is Kind.PATTERN:
        words = needed_words(key) or ()
    elif kind is Kind.NETWORK:
        words = _network(key)
    elif kind is Kind.ADDRESS and ":" in key:
        words = (_longest_group(IPv6Address(key), 128),)
    else:
        words = (_ascii(telling_name(part)) or _ascii(longest_name(key)),)
    return tuple(words) if words and min(map(len, words)) >= SHORTEST else ()


def telling_name(part: Part) -> str:
    """The name by which an indicator is looked for: of a path the last one, of a URL the host.

    Folders further up are those of every server.
    """
    kind, key = part
    if kind is Kind.URL:
        return longest_name(key.partition("/")[0])
    if kind is Kind.PATH:
        last = longest_name(key.rpartition("/")[2])
        return last if len(last) >= _TELLING else longest_name(key)
    return longest_name(key)


def _ascii(name: str) -> str:
    word = max(_NOT_ASCII.split(name), key=len, default="")
    return word if len(word) >= SHORTEST else ""


def _network(key: str) -> tuple[str, ...]:
    """What addresses of the network begin with; of IPv6 the longest group that all have."""
    network = ip_network(key)
    if not isinstance(network, IPv4Network):
        return (_longest_group(network.network_address, network.prefixlen),)
    whole = network.prefixlen // 8
    step = 8 - network.prefixlen % 8
    octets = str(network.network_address).split(".")
    if step == 8:
        return (".".join(octets[:whole]) + ".",)
    begin = "".join(f"{octet}." for octet in octets[:whole])
    first = int(octets[whole])
    end = "" if whole == 3 else "."
    return tuple(f"{begin}{number}{end}" for number in range(first, first + 2**step))


def _longest_group(address: IPv6Address, prefix: int) -> str:
    groups = address.exploded.split(":")[: prefix // 16]
    return max((group.lstrip("0") for group in groups), key=len, default="")
