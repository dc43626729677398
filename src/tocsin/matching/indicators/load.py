"""Load the user's lists of indicators; what they are is told by their content."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.matching.files import files_below
from tocsin.matching.indicators.loading import Loading
from tocsin.matching.indicators.match import IndicatorSet
from tocsin.matching.indicators.readers import json_text, loki, plain, table
from tocsin.matching.indicators.source_text import beginning_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.model.result import RuleFailure

ENDINGS = (
    *(".csv", ".tsv", ".txt", ".list", ".lst", ".ioc", ".iocs", ".json", ".jsonl", ".ndjson"),
    *(".stix", ".stix2", ".misp", ".md5", ".sha1", ".sha256", ".ips", ".domains"),
)
"""Which files of a folder are read; a file that is named is read whatever its name."""
_LOOKED_AT = 256


def load_indicators(
    paths: Sequence[Path], taken: Mapping[str, object]
) -> tuple[IndicatorSet, list[RuleFailure]]:
    """All lists, as one set; none under an id of `taken`. What fails has its file and line."""
    loading = Loading(taken=taken)
    for path in files_below(paths, ENDINGS):
        loading.begin(path)
        try:
            _read(path, loading)
        except KnowledgeError as error:
            loading.tell(str(error))
        else:
            if loading.is_silent:
                loading.tell("holds no indicator")
        loading.end()
    return IndicatorSet(loading.sources, loading.indicators, loading.also), loading.failed


def _read(path: Path, loading: Loading) -> None:
    if json_text.is_one(beginning_of(path)):
        json_text.read(path, loading)
        return
    lines = lines_of(path)
    first = list(islice(lines, _LOOKED_AT))
    if loki.is_one(first):
        loki.read(chain(first, lines), loading)
        return
    for place, line in enumerate(first):
        header = table.header_of(line.text)
        if header is not None:
            rest = chain(first[place + 1 :], lines)
            table.read(rest, loading, *header)
            return
        if not line.text.lstrip().startswith(plain.HEADING):
            break
    plain.read(chain(first, lines), loading)
