"""Computes the contrast of each pair of colours that stands on another, by day and by night."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import tocsin.web.design

STATIC = Path(tocsin.web.design.__file__).parent / "static" / "design"
CSS = (STATIC / "desk.css").read_text(encoding="utf-8")
PAGE = Path("docs/reference/desk-design.md")

TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS
    )
}
KINDS = ("red", "yellow", "green", "purple", "blue", "grey")
GROUNDS = ("ground", "surface", "raised")

TEXT = [
    *product(("ink", "soft", "link", "link-strong"), GROUNDS),
    *product(("bar-ink", "bar-soft", "bar-mark"), ("bar",)),
    ("button-ink", "button"),
    ("button-ink", "link-strong"),
    *((f"{kind}-ink", f"{kind}-ground") for kind in KINDS),
    ("red-ink", "surface"),
    ("red-ink", "ground"),
    ("ink", "blue-ground"),
    ("link", "blue-ground"),
    ("surface", "blue-mark"),
    *((f"tlp-{name}", "tlp-ground") for name in ("clear", "green", "amber", "red")),
]
"""Text, and what it stands on."""

MARKS = [
    *product((f"{kind}-mark" for kind in KINDS), ("ground", "surface")),
    *((f"{kind}-mark", f"{kind}-ground") for kind in KINDS),
    *product(("edge", "focus"), GROUNDS),
    ("bar-mark", "bar"),
    ("bar-soft", "bar"),
]
"""Edges of controls, rings of focus and parts of charts: what must be seen and is no text."""


def light_of(colour: str) -> float:
    """Relative luminance. Source: W3C, WCAG 2.2, 2023."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21. Source: W3C, WCAG 2.2, 2023."""
    bright, dim = sorted((light_of(one), light_of(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def of(pair: tuple[str, str], side: str) -> float:
    return contrast(TOKENS[pair[0]][side], TOKENS[pair[1]][side])


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert 21 == contrast("#000000", "#ffffff")
    assert 4.48 == round(contrast("#777777", "#ffffff"), 2)


@pytest.mark.parametrize("side", ["light", "dark"])
@pytest.mark.parametrize("pair", TEXT, ids="-on-".join)
def test_text_can_be_read(pair: tuple[str, str], side: str) -> None:
    assert of(pair, side) >= 4.5


@pytest.mark.parametrize("side", ["light", "dark"])
@pytest.mark.parametrize("pair", MARKS, ids="-on-".join)
def test_what_is_no_text_can_be_seen(pair: tuple[str, str], side: str) -> None:
    assert of(pair, side) >= 3


@pytest.mark.parametrize("pair", dict.fromkeys([*TEXT, *MARKS]), ids="-on-".join)
def test_the_page_of_the_design_says_the_contrast(pair: tuple[str, str]) -> None:
    row = f"| `{pair[0]}` | `{pair[1]}` | {of(pair, 'light'):.1f} | {of(pair, 'dark'):.1f} |"
    assert row in PAGE.read_text(encoding="utf-8")


def test_every_colour_has_a_side_for_the_day_and_one_for_the_night() -> None:
    root = CSS.split("}", 1)[0]
    of_colour = re.findall(r"--([a-z-]+): [^;]*#", root)
    assert set(TOKENS) | {"shadow"} == set(of_colour)


def test_rules_take_their_colours_from_the_tokens() -> None:
    rules = CSS.split("}", 1)[1]
    printed = rules.split("@media print")
    found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", printed[0]))
    # A shade over what lies below, the paper of a QR code, which scanners want white.
    assert {"#ffffff26", "#00000040", "#0008", "#ffffff"} >= found


def test_every_token_is_used() -> None:
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", CSS))
    named = set(re.findall(r"^  --([a-z0-9-]+):", CSS, re.MULTILINE))
    assert set() == used - named
    assert set() == named - used
