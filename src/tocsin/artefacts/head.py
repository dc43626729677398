"""The first bytes of a text file in other encodings, as UTF-8, so that they can be recognised."""

from __future__ import annotations

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NUL_SHARE = 0.8
_SAMPLE_BYTES = 512


def readable_head(head: bytes) -> bytes | None:
    """`head` as UTF-8 without a byte order mark, or None where it is that already.

    UTF-16 without a mark is told by its NULs: logs are mostly ASCII, so that nearly every
    second byte is one. A character cut off at the end is dropped.
    """
    encoding, skip = _encoding(head)
    if encoding is None:
        return None
    text = head[skip:].decode(encoding, errors="ignore")
    return text.encode("utf-8")


def _encoding(head: bytes) -> tuple[str | None, int]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    sample = head[:_SAMPLE_BYTES]
    pairs = len(sample) // 2
    if pairs < 2:
        return None, 0
    odd, even = sample[1::2].count(0) / pairs, sample[0 : 2 * pairs : 2].count(0) / pairs
    if odd > _NUL_SHARE and even == 0:
        return "utf-16-le", 0
    if even > _NUL_SHARE and odd == 0:
        return "utf-16-be", 0
    return None, 0
