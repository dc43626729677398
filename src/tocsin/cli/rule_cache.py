"""The cache of compiled rules in the user's own folder, unless others could write to it."""

from __future__ import annotations

import sys

from tocsin.cli import folders
from tocsin.matching.cache import RuleCache
from tocsin.report.visible import visible


def rule_cache() -> RuleCache | None:
    """The cache to use; None where the user wants none, or somebody else could write to it.

    The second is said on stderr. It is no error: rules are only loaded more slowly.
    """
    folder = folders.compiled_rules()
    if folder is None:
        return None
    cache = RuleCache(folder=folder)
    refusal = cache.refusal()
    if refusal:
        print(
            f"tocsin: compiled rules are not kept in {visible(str(folder))}: {refusal}",
            file=sys.stderr,
        )
        return None
    return cache
