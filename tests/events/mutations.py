"""Damage, as a strategy: starts from a format's own sample and breaks it in the ways files break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Change = tuple[str, int, int, bytes]

INSERTS = (
    b"\0",
    b"\0" * 64,
    b'"',
    b'""',
    b"'",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff",
    b"\xe9",
    b"\xc3\xa9",
    b"\xe2\x80\xa8",  # LINE SEPARATOR: no line end here, though Python's splitlines says so
    b"\xc2\x85",
    b"\x1c",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"#",
    b"\n#Fields: a,b,c\r\n",
    b"\n#Fields: date time c-ip\r\n",
    b"\n#Fields:\r\n",
    b"\nDateTime,RequestId,,RequestId\r\n",
    b",",
    b",,",
    b" ",
    b";",
    b"-",
    b"\\",
    b"=",
    b"{",
    b"<",
    b"&",
    b"]]>",
    b"%s",
    b"9999-99-99T99:99:99.999Z",
    b"0001-01-01T00:00:00+23:59",
)
SEPARATORS = b", ;\t"


@dataclass(frozen=True)
class Damage:
    """A list of changes; a failing example prints as one."""

    changes: tuple[Change, ...]

    def applied(self, data: bytes) -> bytes:
        for name, place, other, text in self.changes:
            data = KINDS[name](data, place, other, text)
        return data


def _replace_field(data: bytes, place: int, other: int, text: bytes) -> bytes:
    lines = data.split(b"\n")
    line = lines[place % len(lines)]
    borders = [-1, *(i for i, byte in enumerate(line) if byte in SEPARATORS), len(line)]
    index = other % (len(borders) - 1)
    lines[place % len(lines)] = line[: borders[index] + 1] + text + line[borders[index + 1] :]
    return b"\n".join(lines)


def _separator(data: bytes, place: int, other: int, _text: bytes) -> bytes:
    places = [i for i, byte in enumerate(data) if byte in SEPARATORS]
    if not places:
        return data
    at = places[place % len(places)]
    return data[:at] + data[at : at + 1] * (2 * (other % 2)) + data[at + 1 :]


def _cut_line(data: bytes, place: int, other: int, _text: bytes) -> bytes:
    lines = data.split(b"\n")
    line = lines[place % len(lines)]
    lines[place % len(lines)] = line[: other % (len(line) + 1)]
    return b"\n".join(lines)


def _cut_file(data: bytes, place: int, _other: int, _text: bytes) -> bytes:
    return data[: place % (len(data) + 1)]


def _insert(data: bytes, place: int, _other: int, text: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + text + data[at:]


def _overwrite(data: bytes, place: int, _other: int, text: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + text + data[at + len(text) :]


def _delete(data: bytes, place: int, other: int, _text: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + data[at + 1 + other % 64 :]


def _move_line(data: bytes, place: int, other: int, _text: bytes) -> bytes:
    lines = data.split(b"\n")
    line = lines.pop(place % len(lines))
    lines.insert(other % (len(lines) + 1), line)
    return b"\n".join(lines)


def _repeat_line(data: bytes, place: int, other: int, _text: bytes) -> bytes:
    lines = data.split(b"\n")
    lines.insert(other % (len(lines) + 1), lines[place % len(lines)])
    return b"\n".join(lines)


def _drop_line(data: bytes, place: int, _other: int, _text: bytes) -> bytes:
    lines = data.split(b"\n")
    del lines[place % len(lines)]
    return b"\n".join(lines)


def _pad(data: bytes, place: int, _other: int, _text: bytes) -> bytes:
    return data + b"\0" * (place % 512)


def _recode(data: bytes, place: int, _other: int, _text: bytes) -> bytes:
    codec = ("utf-16", "utf-16-le", "utf-16-be", "latin-1")[place % 4]
    return data.decode("utf-8", "replace").encode(codec, "replace")


def _newlines(data: bytes, place: int, _other: int, _text: bytes) -> bytes:
    end = (b"\n", b"\r\n", b"\r")[place % 3]
    return data.replace(b"\r\n", b"\n").replace(b"\n", end)


KINDS: dict[str, Callable[[bytes, int, int, bytes], bytes]] = {
    "replace_field": _replace_field,
    "separator": _separator,
    "cut_line": _cut_line,
    "cut_file": _cut_file,
    "insert": _insert,
    "overwrite": _overwrite,
    "delete": _delete,
    "move_line": _move_line,
    "repeat_line": _repeat_line,
    "drop_line": _drop_line,
    "pad": _pad,
    "recode": _recode,
    "newlines": _newlines,
}

CHANGES = st.tuples(
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 2**20),
    st.integers(0, 2**20),
    st.one_of(
        st.sampled_from(INSERTS),
        st.binary(max_size=12),
        st.text('aé\u2028,;" -#', max_size=8).map(str.encode),
    ),
)
DAMAGE = st.builds(Damage, st.lists(CHANGES, min_size=1, max_size=5).map(tuple))
"""One to five changes."""
