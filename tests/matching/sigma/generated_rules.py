"""Sigma rules made up together with an event that they fit, by construction.

Every line of a selection has its own fields, and comes with values by which it holds and values by
which it fails. A condition is a tree of which one way to be true is looked for; the event is what
the selections then need. Nothing here asks an engine what a rule means.

The letters Q and J are in no rule: a value made of them fits only what fits anything.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import assume
from hypothesis import strategies as st

from tests.matching.sigma.generated_conditions import trees, way_to_be_true, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OTHER = "QJQ"
"""A value that no text of a rule fits by accident."""
LETTERS = "abkKsSix019._-/\\%+=&?*'\";:,[](){}|^$#@~<> éÉßſ\u212aﬁ\u0131İΣς\u03c3日😀"
"""Some fold into several letters, some into ASCII, some mean something to some format."""
WORDS = (
    "/owa/",
    "cmd.exe",
    "whoami",
    " -enc ",
    "%2e%2e%2f",
    "a+b",
    "]@",
    "C:\\x",
    '"k"',
    "&x=",
    "Straße",
    "ask",
)
_ADDRESSES = (
    ("192.0.2.0/24", "192.0.2.77"),
    ("10.0.0.0/8", "::ffff:10.1.2.3"),
    ("2001:db8::/32", "2001:DB8::1"),
    ("198.51.100.7/32", "198.51.100.7"),
    ("0.0.0.0/0", "203.0.113.1"),
)
_DASHES = ("-", "/", "–", "—", "―")
_MOMENTS = (
    datetime(2021, 3, 2, 22, 5, 7, tzinfo=UTC),
    datetime(2020, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2021, 1, 3, 0, 0, tzinfo=UTC),
)
_ANOTHER_MOMENT = datetime(2019, 7, 15, 12, 30, tzinfo=UTC)
"""Differs from all of them in every part."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What events of a log can carry: the fields that rules may ask for, and their letters.

    `choices` are fields with few values, of which a row always has one.
    """

    fields: tuple[str, ...]
    letters: str = LETTERS
    words: tuple[str, ...] = WORDS
    choices: Mapping[str, tuple[str, ...]]
    times: tuple[str, ...] = ()
    clock_only: bool = False
    """Times have no date."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some lines of a selection, and the fields by which all of them hold, and none of them."""

    lines: Mapping[str, object]
    holds: Mapping[str, str]
    fails: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A detection section and the fields of an event that it fits."""

    detection: Mapping[str, object]
    fields: Mapping[str, str]


@dataclass(kw_only=True)
class Maker:
    """What the makers of lines need: the strategy's `draw`, and the fields that are left."""

    draw: st.DrawFn
    shape: Shape
    left: list[str]
    choices: list[str]
    times: list[str]

    def one(self, values: Sequence[str]) -> str:
        """One of some texts."""
        return self.draw(st.sampled_from(values))

    def chance(self, of: int = 2) -> bool:
        """Yes once in so many times."""
        return self.draw(st.integers(1, of)) == of

    def word(self) -> str:
        """A text that is neither empty nor a lone dash."""
        letters = st.text(alphabet=self.shape.letters, min_size=1, max_size=5)
        found = self.draw(st.one_of(letters, st.sampled_from(self.shape.words)))
        return found if found != "-" else "--"

    def respelt(self, text: str) -> str:
        """The same text to anybody who ignores case."""
        return "".join(self.one(_spellings(letter, self.shape.letters)) for letter in text)


@st.composite
def pairs(draw: st.DrawFn, shape: Shape) -> Pair:
    """A detection with every kind of selection, and an event that it fits."""
    maker = Maker(
        draw=draw,
        shape=shape,
        left=list(draw(st.permutations(shape.fields))),
        choices=list(shape.choices),
        times=list(shape.times),
    )
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    selections = {name: _selection(maker, name) for name in names}
    tree = draw(trees(names))
    answers = way_to_be_true(tree, names)
    if answers is None:
        tree, answers = names[0], dict.fromkeys(names, True)
    fields: dict[str, str] = {}
    for name in names:
        part = selections[name][1]
        fields |= part.holds if answers[name] else part.fails
    assume(not any(value in ("", "-") for value in fields.values()))
    condition: object = written(tree)
    if maker.chance(6):
        condition = [condition, written(draw(trees(names)))]
    detection = {name: selections[name][0] for name in names}
    return Pair(detection={**detection, "condition": condition}, fields=fields)


@st.composite
def line_pairs(draw: st.DrawFn, shape: Shape, kind: str) -> Pair:
    """A rule of one line of this kind, or of its negation, and an event that it fits."""
    first, *rest = draw(st.permutations(shape.fields))
    maker = Maker(draw=draw, shape=shape, left=rest, choices=[], times=list(shape.times))
    part = KINDS[kind](maker, first)
    negated = maker.chance(4)
    fields = part.fails if negated else part.holds
    assume(not any(value in ("", "-") for value in fields.values()))
    return Pair(
        detection={"sel": part.lines, "condition": "not sel" if negated else "sel"}, fields=fields
    )


_NAMES = ("sel_a", "sel_b", "filter_a", "filter_b", "_own", "keywords")


def _selection(maker: Maker, name: str) -> tuple[object, Part]:
    """A whole selection, as it is written, and what it is made of."""
    if name == "keywords" and maker.left:
        return _keywords(maker)
    if maker.chance(4) and len(maker.left) > 3:
        first, second = _map(maker), _map(maker)
        chosen = first if maker.chance() else second
        fails = {**first.fails, **second.fails}
        # The other map of the list may do what it likes, so its fields are left out.
        return [first.lines, second.lines], Part(lines={}, holds=chosen.holds, fails=fails)
    part = _map(maker)
    return part.lines, part


def _map(maker: Maker) -> Part:
    lines: dict[str, object] = {}
    holds: dict[str, str] = {}
    fails: dict[str, str] = {}
    for _ in range(maker.draw(st.integers(1, 3))):
        part = _line(maker)
        lines |= part.lines
        holds |= part.holds
        fails |= part.fails
    return Part(lines=lines, holds=holds, fails=fails)


def _line(maker: Maker) -> Part:
    if maker.choices and (maker.chance(5) or not maker.left):
        return _choice(maker, maker.choices.pop())
    if maker.times and maker.chance(8):
        return _time(maker, maker.times.pop())
    assume(maker.left)
    make = maker.draw(st.sampled_from(_MAKERS))
    return make(maker, maker.left.pop())


def _plain(maker: Maker, field: str) -> Part:
    """Texts with wildcards, with or without case, in lists and negated."""
    cased = maker.chance(4)
    place = maker.one(("", "|contains", "|startswith", "|endswith"))
    values: list[str] = []
    text = ""
    for _ in range(maker.draw(st.integers(1, 3))):
        value, text = _wild(maker, cased=cased)
        values.append(value)
    if place in ("|contains", "|endswith"):
        text = maker.one(("", "x", "/k")) + text
    if place in ("|contains", "|startswith"):
        text += maker.one(("", "y", "k/"))
    modifiers = place
    if cased:
        modifiers = maker.one((f"{place}|cased", f"|cased{place}"))
    several: object = values if len(values) > 1 or maker.chance(3) else values[0]
    if maker.chance(6):
        return Part(lines={f"{field}{modifiers}|neq": several}, holds={}, fails={field: text})
    return Part(lines={f"{field}{modifiers}": several}, holds={field: text}, fails={})


def _wild(maker: Maker, *, cased: bool) -> tuple[str, str]:
    """A value as rules write it, and a text that it fits."""
    value, text = "", ""
    lines = "\n" in maker.shape.letters
    for _ in range(maker.draw(st.integers(1, 3))):
        kind = maker.one(("word", "word", "*", "?"))
        if kind == "word":
            word = maker.word()
            value += escaped(word)
            text += word if cased else maker.respelt(word)
        elif kind == "*":
            value += "*"
            text += maker.one(("", "x", OTHER, "\n") if lines else ("", "x", OTHER))
        else:
            value += "?"
            text += maker.one(("x", "é", "\n") if lines else ("x", "é"))
    return value, text


def _all(maker: Maker, field: str) -> Part:
    """Several texts of which all are needed; some of them overlap."""
    words = [maker.word() for _ in range(maker.draw(st.integers(2, 3)))]
    text = maker.respelt(maker.one(("", "/", "x")).join(words))
    if len(words[0]) > 1 and maker.chance():
        words.append(words[0][1:] if words[0][1:] != "-" else words[0])
    values = [escaped(word) for word in maker.draw(st.permutations(words))]
    return Part(lines={f"{field}|contains|all": values}, holds={field: text}, fails={})


def _both_ends(maker: Maker, field: str) -> Part:
    """Two lines about one field, which may be about the same letters of it."""
    word = maker.word()
    text = maker.respelt(word)
    cut = maker.draw(st.integers(1, len(word)))
    lines = {
        f"{field}|startswith": escaped(word[:cut]),
        f"{field}|endswith": escaped(word[cut - 1 :]),
    }
    return Part(lines=lines, holds={field: text}, fails={})


def _regex(maker: Maker, field: str) -> Part:
    word = maker.word()
    text = word
    form = maker.one(
        ("{}", "^{}$", "^{}", "{}$", "(?:{}|{})", "[a-z]*{}", "{}(?!QJ)", "(?:ab)?{}")
    )
    flags = maker.one(("", "", "|i", "|i|s", "|m"))
    if "i" in flags:
        # Engines differ about the letters beyond ASCII that stand for others; nobody relies on it.
        text = "".join(letter.swapcase() if letter.isascii() else letter for letter in word)
    pattern = form.replace("{}", re.escape(word))
    return Part(lines={f"{field}|re{flags}": pattern}, holds={field: text}, fails={})


def _number(maker: Maker, field: str) -> Part:
    number: int | float = maker.draw(
        st.one_of(st.integers(-20, 20), st.sampled_from((1.5, -0.25)))
    )
    word, off = maker.draw(
        st.sampled_from((("", 0), ("|gt", 1), ("|gte", 0), ("|lt", -1), ("|lte", -1), ("|lte", 0)))
    )
    value: object = number
    if not word and maker.chance(3):
        value = [number, 4711, "x"]
    text = str(number + off)
    if maker.chance(4) and text[0] != "-":
        text = f"0{text}"
    return Part(lines={f"{field}{word}": value}, holds={field: text}, fails={})


def _truth(maker: Maker, field: str) -> Part:
    truth = maker.chance()
    return Part(lines={field: truth}, holds={field: maker.respelt(str(truth))}, fails={})


def _network(maker: Maker, field: str) -> Part:
    network, address = maker.draw(st.sampled_from(_ADDRESSES))
    value: object = [network, "100.64.0.0/10"] if maker.chance(3) else network
    return Part(lines={f"{field}|cidr": value}, holds={field: address}, fails={})


def _coded(maker: Maker, field: str) -> Part:
    """Base64 of some text in some encoding, at some offset."""
    word = maker.draw(st.text(alphabet="abcXYZ 019-", min_size=2, max_size=8))
    name, encoding, mark = maker.draw(
        st.sampled_from(
            (
                ("", "utf-8", b""),
                ("|wide", "utf-16-le", b""),
                ("|utf16le", "utf-16-le", b""),
                ("|utf16be", "utf-16-be", b""),
                ("|utf16", "utf-16-le", b"\xff\xfe"),
            )
        )
    )
    data = mark + word.encode(encoding)
    if maker.chance(3):
        lines: dict[str, object] = {f"{field}{name}|base64|contains": word}
        return Part(lines=lines, holds={field: f"x{b64encode(data).decode()}y"}, fails={})
    around = maker.draw(st.sampled_from((b"", b"x", b"xx", b"xxx")))
    lines = {f"{field}{name}|base64offset|contains": word}
    coded = b64encode(around + data + b"x" * 3).decode()
    return Part(lines=lines, holds={field: coded}, fails={})


def _dashes(maker: Maker, field: str) -> Part:
    words = maker.draw(st.lists(st.sampled_from(("enc", "c", "a-b")), min_size=1, max_size=2))
    value = "+".join(f"{maker.one(('-', '/'))}{word}" for word in words)
    text = "+".join(f"{maker.one(_DASHES)}{maker.respelt(word)}" for word in words)
    key = maker.one(("|windash|contains", "|contains|windash", "|windash|endswith"))
    return Part(lines={f"{field}{key}": value}, holds={field: text}, fails={})


def _same(maker: Maker, field: str) -> Part:
    """Two fields of one event, compared; it fails where one of them is missing."""
    if not maker.left:
        return _nothing(maker, field)
    other, word = maker.left.pop(), maker.word()
    place = maker.one(("", "|contains", "|startswith", "|endswith"))
    text = maker.respelt(word)
    if place in ("|contains", "|endswith"):
        text = f"x{text}"
    if place in ("|contains", "|startswith"):
        text = f"{text}x"
    if maker.chance(4):
        lines = {f"{field}|fieldref{place}|neq": other}
        return Part(lines=lines, holds={other: word}, fails={field: text, other: word})
    lines = {f"{field}|fieldref{place}": other}
    return Part(lines=lines, holds={field: text, other: word}, fails={other: word})


def _nothing(maker: Maker, field: str) -> Part:
    """What holds because the field is missing, or because it is there, whatever it says."""
    match maker.one(("null", "empty", "dash", "list", "lacks", "has", "any")):
        case "null":
            lines: dict[str, object] = {field: None}
        case "empty":
            lines = {field: ""}
        case "dash":
            lines = {field: "-"}
        case "list":
            lines = {field: [None, escaped(maker.word())]}
        case "lacks":
            lines = {f"{field}|exists": False}
        case "has":
            return Part(lines={f"{field}|exists": True}, holds={field: maker.word()}, fails={})
        case _:
            return Part(lines={field: "*"}, holds={field: maker.word()}, fails={})
    return Part(lines=lines, holds={}, fails={field: OTHER})


def _choice(maker: Maker, field: str) -> Part:
    """A field that every row has: what a router may look at first."""
    known = maker.shape.choices[field]
    wanted = maker.draw(st.sampled_from(known))
    other = next(one for one in known if one != wanted)
    value: object = int(wanted) if wanted.isdigit() and maker.chance() else wanted
    if maker.chance(3):
        value = [value, OTHER]
    return Part(lines={field: value}, holds={field: wanted}, fails={field: other})


def _time(maker: Maker, field: str) -> Part:
    """A part of a time, or one that is compared."""
    moment = maker.draw(st.sampled_from(_MOMENTS))
    numbers = {"minute": moment.minute, "hour": moment.hour}
    if not maker.shape.clock_only:
        numbers |= {"day": moment.day, "month": moment.month, "year": moment.year}
        numbers["week"] = moment.isocalendar().week
    part = maker.one(sorted(numbers))
    holds, fails = (
        one.strftime("%H:%M:%S") if maker.shape.clock_only else one.isoformat()
        for one in (moment, _ANOTHER_MOMENT)
    )
    if maker.chance(3):
        return Part(lines={f"{field}|{part}|gte": 0}, holds={field: holds}, fails={field: "0"})
    return Part(
        lines={f"{field}|{part}": numbers[part]}, holds={field: holds}, fails={field: fails}
    )


def _keywords(maker: Maker) -> tuple[object, Part]:
    """Texts that may stand anywhere; those that may have to be absent are like no other text."""
    field = maker.left.pop()
    first, second = f"kq{maker.word()}", f"zq{maker.word()}"
    text = first
    match maker.one(("one", "list", "all", "re", "cased")):
        case "one":
            words: object = escaped(first)
            text = maker.respelt(first)
        case "list":
            words, text = [escaped(second), escaped(first)], maker.respelt(first)
        case "all":
            words = {"|all": [escaped(second), escaped(first)]}
            text = maker.respelt(f"{first}/{second}")
        case "re":
            words = {"|re": re.escape(first)}
        case _:
            words = {"|cased": [escaped(first), escaped(second)]}
    return words, Part(lines={}, holds={field: f"x{text}x"}, fails={})


KINDS: Mapping[str, Callable[[Maker, str], Part]] = {
    "texts": _plain,
    "all of some texts": _all,
    "both ends": _both_ends,
    "regular expressions": _regex,
    "numbers": _number,
    "truth": _truth,
    "networks": _network,
    "base64": _coded,
    "dashes": _dashes,
    "two fields": _same,
    "nothing": _nothing,
    "times": lambda maker, _: _time(maker, maker.times[0]),
}
"""What makes a line of each kind."""
_MAKERS = (*(_plain,) * 5, _regex, _nothing, *(KINDS[name] for name in KINDS if name != "times"))


def escaped(text: str) -> str:
    """A text as a Sigma value that means exactly this text."""
    return "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in text)


def _spellings(letter: str, letters: str) -> tuple[str, ...]:
    known = {letter, letter.upper(), letter.lower(), *letters}
    return tuple(sorted(one for one in known if one.casefold() == letter.casefold()))
