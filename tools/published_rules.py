"""Show what rules that others published see on our sample servers, beside what ours see.

    .venv/bin/python tools/published_rules.py FOLDER > table.md

FOLDER holds Sigma and YARA rules, for instance checkouts of SigmaHQ/sigma and
Neo23x0/signature-base, or the few files of them that are about Exchange. Nothing of them is copied
here. The sample servers are built from ``src/tocsin/samples/recipes/chains``, and hunted once each
with the folder's rules as the user's own. Rules that match nothing anywhere are left out; how many
could not be used is said at the end. ``docs/reference/published-rules.md`` shows such a table and
says what it means.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.matching.content import ContentPlan, Scope
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tocsin.model.result import Citation, Finding, HostResult

Server = tuple[str, str]
"""A chain and how the attack went; or a sample of no chain, and nothing."""
PROXYLOGON: Server = ("compromised", "")
"""The sample server on which ProxyLogon's chain succeeded; it is of no chain's recipe."""
Row = tuple[str, int]
"""An artefact, and a line or record in it; 0 for a whole file."""


@dataclass(slots=True, kw_only=True)
class Sight:
    """What one published rule saw: rows by server, and which of our rules cite the same rows."""

    title: str
    rows: dict[Server, set[Row]] = field(default_factory=lambda: defaultdict(set))
    ours: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Survey:
    """All servers: what each published rule saw, and what the chain's own findings cite."""

    sights: dict[str, Sight] = field(default_factory=dict)
    cited: dict[Server, set[Row]] = field(default_factory=dict)
    unused: int = 0


def main(rules: Path) -> None:
    """Print the table for the rules in this folder."""
    sys.stdout.write("\n".join(table(surveyed(rules))) + "\n")


def surveyed(rules: Path, servers: Sequence[Server] | None = None) -> Survey:
    """Hunt with the folder's rules through these sample servers, or through all of chains."""
    survey = Survey()
    options = Options(sigma=(rules,), yara=(rules,), content=ContentPlan(scope=Scope.ALL))
    with TemporaryDirectory() as folder:
        for server in servers or (PROXYLOGON, *samples.chain_names()):
            source = built(server, Path(folder))
            result = hunt([source], options, SilentProgress())
            look(server, result.hosts[0], survey)
            survey.unused = len(result.tool.rules.failed)
    return survey


def built(server: Server, folder: Path) -> Path:
    """The server's zip in this folder."""
    name, outcome = server
    return samples.build_chain(name, outcome, folder) if outcome else samples.build(name, folder)


def look(server: Server, host: HostResult, survey: Survey) -> None:
    """Note what the leads and what our own findings cite on one server."""
    ours: dict[Row, set[str]] = defaultdict(set)
    for one in citations(host.findings):
        ours[row_of(one)].add(one.rule)
    survey.cited[server] = set(ours)
    for lead in host.leads:
        for one in lead.citations:
            sight = survey.sights.setdefault(one.rule, Sight(title=lead.title))
            row = row_of(one)
            sight.rows[server].add(row)
            sight.ours |= ours.get(row, set())


def citations(findings: Iterable[Finding]) -> Iterator[Citation]:
    """All citations of these findings."""
    return (one for finding in findings for one in finding.citations)


def row_of(one: Citation) -> Row:
    """The row that is cited; a YARA rule of a user's cites places in a file, so the file."""
    return (one.artefact, one.line or one.record or 0)


def table(survey: Survey) -> Iterator[str]:
    """The table in Markdown: rows where the attack succeeded / failed / was only scanned for."""
    seen = {chain for sight in survey.sights.values() for chain, _ in sight.rows}
    chains = [name for name in dict.fromkeys(chain for chain, _ in survey.cited) if name in seen]
    heads = [
        *(f"`{chain}`" for chain in chains),
        "rows that only ours see",
        "ours on the same rows",
    ]
    yield f"| rule | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    for rule, sight in sorted(survey.sights.items()):
        cells = [cell(chain, sight.rows, survey) for chain in chains]
        name = sight.title if sight.title == rule else f"{sight.title} (`{rule}`)"
        yield f"| {name} | {' | '.join([*cells, missed(sight, survey), same_rows(sight)])} |"
    cells = [cell(chain, survey.cited, survey) for chain in chains]
    yield f"| **all rules of our packs** | {' | '.join(cells)} | | |"
    yield ""
    yield f"{len(survey.sights)} rules matched something; {survey.unused} could not be used."


def missed(sight: Sight, survey: Survey) -> str:
    """How many rows of the same kinds of log ours cite, and this rule does not see."""
    count = 0
    for server, rows in sight.rows.items():
        if not all(line for _, line in rows):
            return "whole files"
        logs = {log_of(artefact) for artefact, _ in rows}
        same = {row for row in survey.cited[server] if log_of(row[0]) in logs}
        count += len(same - rows)
    return str(count)


def log_of(artefact: str) -> str:
    """What kind of log an artefact is: its name without dates and numbers."""
    return re.sub(r"[\d_-]+", "", artefact.rpartition("/")[2])


def same_rows(sight: Sight) -> str:
    """The rules of ours that cite rows that this one sees."""
    return ", ".join(f"`{name}`" for name in sorted(sight.ours))


def cell(chain: str, rows: dict[Server, set[Row]], survey: Survey) -> str:
    """Rows seen on the three servers of a chain, ``7 / 0 / 0``; nothing where there are none."""
    counts = [len(rows.get(server, ())) for server in survey.cited if server[0] == chain]
    return " / ".join(str(count) for count in counts) if any(counts) else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
