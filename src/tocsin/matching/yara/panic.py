"""A defect in YARA-X: it must cost one file its answer, and not the hunt."""

from __future__ import annotations


def is_panic(error: BaseException) -> bool:
    """Whether YARA-X, which is written in Rust, met a defect of its own.

    Python sees it as an exception beside `Exception`, of a class that cannot be imported.
    """
    return type(error).__name__ == "PanicException"
