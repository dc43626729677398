"""The command line: one file per command in `tocsin.cli.commands`, and no logic."""

from __future__ import annotations

from tocsin.cli.entry import main

__all__ = ["main"]
