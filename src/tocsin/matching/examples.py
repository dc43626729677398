"""Examples: what each rule says that it must and must not match, held against the rule itself."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec
import yaml

from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.matching.sigma.read import extra_of, read_documents
from tocsin.matching.sigma.routing import routes
from tocsin.matching.sigma.translate import log_source_of
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sigma.rule import SigmaRule

    from tocsin.knowledge.packs import RuleFile
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.sigma.read import Examples, Row
    from tocsin.matching.sigma.routing import Route


class YaraExample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file's text, and the path under which it is looked at."""

    text: str
    path: str = "C:/inetpub/wwwroot/aspnet_client/page.aspx"


class YaraExamples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside a YARA rule in ``<rule>.examples.yml``."""

    match: tuple[str | YaraExample, ...]
    no_match: tuple[str | YaraExample, ...]


def wrong_about_sigma(file: RuleFile, rules: RuleSet) -> list[str]:
    """The examples of one of our Sigma files that come out otherwise; or that it has none."""
    (document,) = read_documents(file.text)
    if document.rule is None:
        raise KnowledgeError("holds no rule", where=file.path)
    examples = extra_of(document.rule).examples
    if examples is None or not examples.match or not examples.no_match:
        return ["needs examples of rows that match and of rows that do not"]
    slug = PurePosixPath(file.path).stem
    return list(_wrong_rows(examples, document.rule, slug, rules))


def wrong_about_yara(file: RuleFile, packs: Path, rules: RuleSet) -> list[str]:
    """The examples of one of our YARA files that come out otherwise.

    `packs` is the folder that the file's path begins in. Raises `KnowledgeError` where there are
    no examples, or they are no YAML.
    """
    beside = PurePosixPath(file.path).with_suffix(".examples.yml")
    examples = read_yara_examples(packs / beside, where=str(beside))
    if not examples.match or not examples.no_match:
        return ["needs examples of texts that match and of texts that do not"]
    slug = PurePosixPath(file.path).stem
    wrong = []
    for wanted, texts in ((True, examples.match), (False, examples.no_match)):
        for one in texts:
            example = YaraExample(one) if isinstance(one, str) else one
            found = rules.yara_match(example.text.encode(), EvidencePath.plain(example.path))
            if wanted != (slug in found):
                wrong.append(f"{_verb(wanted=wanted)} {example.text!r}")
    return wrong


def read_yara_examples(path: Path, where: str) -> YaraExamples:
    """The examples of a YARA rule. Raises `KnowledgeError`."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), YaraExamples)
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", where=where) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise KnowledgeError(
            f"is not YAML: {' '.join(str(error).split())}", where=where
        ) from error
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=where) from error


def _wrong_rows(examples: Examples, rule: SigmaRule, slug: str, rules: RuleSet) -> Iterator[str]:
    """In any format that serves the rule, unless the row names one."""
    for wanted, rows in ((True, examples.match), (False, examples.no_match)):
        for row in rows:
            for form in all_formats().values():
                served = routes(log_source_of(rule), form)
                if not served or row.get("_format", form.name) != form.name:
                    continue
                if wanted != (slug in rules.sigma_for(form).match(_event_of(row, served))):
                    yield f"{_verb(wanted=wanted)} {row} in {form.name}"


def _event_of(row: Row, served: Sequence[Route]) -> Event:
    """The row as an event: of a kind that the rule is asked about, unless it says otherwise."""
    fields = {name: value for name, value in row.items() if not name.startswith("_")}
    route = next(
        (one for one in served if one.event_ids and fields.get("EventID") in one.event_ids),
        served[0],
    )
    if route.event_ids is not None:
        fields.setdefault("EventID", min(route.event_ids))
    stream = min(route.streams) if route.streams is not None else ""
    return Event(
        time=None,
        place=1,
        fields=fields,
        text=" ".join(fields.values()),
        stream=row.get("_stream", stream),
    )


def _verb(*, wanted: bool) -> str:
    return "misses" if wanted else "matches"
