"""Rows in words: a preview of some, and what became of all: what was wrong, which colours."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tocsin.campaign.observation import FeedProblem
from tocsin.campaign.totals import SETTLED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow
    from tocsin.campaign.totals import Count, Totals

_EXAMPLES = 3


class Account:
    """Counts rows; keeps a few examples of each kind of problem."""

    def __init__(self) -> None:
        self.observations = 0
        self.elsewhere = 0
        """Observations in which nothing speaks of Exchange Server."""
        self.problems: Counter[str] = Counter()
        self.problem_rows = 0
        """Problems that are rows; the others speak of whole files."""
        self.signs: Counter[str] = Counter()
        """Rows by sign of compromise, damaged ones too."""
        self.examples: dict[str, list[FeedProblem]] = {}

    def add(self, row: FeedRow) -> None:
        """Count one row."""
        if row.evidence:
            self.signs.update(row.evidence)
        if not isinstance(row, FeedProblem):
            self.observations += 1
            self.elsewhere += not row.about_exchange
            return
        self.problems[row.code] += 1
        self.problem_rows += row.row is not None
        examples = self.examples.setdefault(row.code, [])
        if len(examples) < _EXAMPLES:
            examples.append(row)

    @property
    def rows(self) -> int:
        """All rows: each is an observation or a problem."""
        return self.observations + self.problem_rows


def summary(account: Account, totals: Totals) -> Iterator[str]:
    """The summary, line by line. It holds text of feeds: whoever prints it makes it visible."""
    yield (
        f"{account.rows:,} rows: {account.observations:,} observations, "
        f"{account.problem_rows:,} that could not be read"
    )
    if account.elsewhere:
        yield f"{account.elsewhere:,} of them say nothing of Exchange Server: nothing is judged"
    for sign, count in sorted(account.signs.items()):
        yield f"{count:,} rows with the sign {sign}"
    yield from _problems(account)
    if totals.support.total():
        yield from _colours(totals)


def _problems(account: Account) -> Iterator[str]:
    for code, count in sorted(account.problems.items()):
        yield f"problem {code}: {count:,}"
        for one in account.examples[code]:
            yield f"  {_place(one)}: {one.detail}"


def _place(row: FeedRow) -> str:
    return row.file if row.row is None else f"{row.file}, row {row.row}"


def _colours(totals: Totals) -> Iterator[str]:
    yield f"hosts, over all CVEs that a build settles: {_counted(totals.together)}"
    for doubt, count in totals.together.yellow_by.most_common():
        yield f"  yellow: {count:,} would be settled by {SETTLED_BY[doubt]}"
    for cve, counted in totals.by_cve.items():
        yield f"{cve}: {_counted(counted)}"


def _counted(count: Count) -> str:
    told = f"{count.red:,} red, {count.yellow:,} yellow, {count.green:,} green"
    if count.compromised:
        told += f" ({count.compromised:,} of the red with signs of compromise)"
    if count.vanished:
        told += f", {count.vanished:,} vanished"
    return told


def preview(row: FeedRow) -> Iterator[str]:
    """How one row was read, line by line, for whoever writes a mapping."""
    if isinstance(row, FeedProblem):
        yield f"{_place(row)}: problem {row.code}: {row.detail}"
        return
    yield f"{_place(row)} ({row.feed})"
    seen = ", ".join(f"{build} ({method})" for build, method in row.builds)
    said = {
        "time": row.time_utc.isoformat() if row.time_utc else None,
        "ip": row.ip,
        "port": row.port,
        "hostname": row.hostname,
        "server name": row.server_name,
        "names": ", ".join(row.names),
        "build": seen,
        "evidence": ", ".join(row.evidence),
        "claims": ", ".join(row.claims),
        "tags": "; ".join(row.tags),
        "network": f"AS{row.asn}" if row.asn else None,
        "country": row.country,
        "sector": row.sector,
        "exchange": None if row.about_exchange else "nothing in this row speaks of it",
    }
    for name, value in [*said.items(), *row.extra]:
        if value:
            yield f"  {name}: {value}"
