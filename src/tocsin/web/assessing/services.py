"""From the rows of a campaign to its assets: loads, calls `tocsin.campaign`, saves.

Nothing is judged here, and everything can be worked out again: the same rows give the same assets,
in whatever order they were imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from tempfile import TemporaryFile

from django.db.models import Count

from tocsin.campaign.constituency import Constituency
from tocsin.campaign.host_json import totals_json
from tocsin.campaign.merge import merged
from tocsin.campaign.nodes import Rules
from tocsin.campaign.owners import Owners, clues_of_host
from tocsin.campaign.totals import Totals
from tocsin.knowledge.version import version_in_use
from tocsin.web.assessing.basis import basis_of, organisations_of, rules_of, spelt
from tocsin.web.assessing.curve import Curve, is_kept, stride_of
from tocsin.web.assessing.facts import (
    Whose,
    exposures_of,
    fields_of,
    transitions_of,
)
from tocsin.web.assessing.gather import Gathering, gather
from tocsin.web.assessing.noticing import Noticed, signs_noticed_in
from tocsin.web.assessing.saving import Saving, Worked
from tocsin.web.assessing.tally import STANDS, Tally
from tocsin.web.assessing.turns import OvertakenError, Turn
from tocsin.web.assets.models import Asset, Transition
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign, Point
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.queries import WEB_SHELLS, first_signs, stored_rows
from tocsin.web.organisations.queries import Assigned, assigned_hosts, constituency_of
from tocsin.web.work.garbage import seldom_collected
from tocsin.web.work.registry import Progress, silent

_TELL_EVERY = 1000
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an assessment changed."""

    hosts: int
    created: int
    changed: int
    removed: int
    points: int


def assess(
    campaign: Campaign, *, import_: Import | None = None, progress: Progress | None = None
) -> Outcome:
    """Work everything out from the rows that count now, and save what differs.

    Others can write meanwhile (`turns` says how); where another assessment was saved in between,
    all is done again. `import_` counts as new whatever was known before. `progress` may end it by
    raising: before anything is saved, then nothing was changed.
    """
    for _ in range(_TRIES):
        worked = _Assessment(campaign.pk, import_, progress or silent)
        worked.turn.wait(worked.tell)
        with seldom_collected():
            worked.read()
            outcome = worked.save()
        if outcome is not None:
            campaign.refresh_from_db()
            return outcome
    raise RuntimeError(f"campaign {campaign.slug} was assessed by somebody else {_TRIES} times")


@dataclass(slots=True)
class _Assessment:
    """One assessment, from reading to saving."""

    pk: int
    import_: Import | None
    tell: Progress
    campaign: Campaign = field(init=False)
    started: datetime = field(init=False)
    rules: Rules = field(init=False)
    imports: list[Import] = field(init=False)
    new: list[Import] = field(init=False)
    assigned: set[Assigned] = field(init=False)
    constituency: Constituency = field(init=False)
    whose: dict[str, Whose] = field(init=False)
    curve: Curve | None = field(init=False)
    gathering: Gathering = field(init=False)
    first_signs: dict[str, int] = field(init=False)
    basis: str = field(init=False)
    turn: Turn = field(init=False)

    def __post_init__(self) -> None:
        self.turn = Turn(self.pk)

    def read(self) -> None:
        """Load what is judged, and gather the rows."""
        self.campaign = Campaign.objects.select_related("constituency").get(pk=self.pk)
        self.started = datetime.now(UTC)
        self.rules = rules_of(self.campaign)
        done = Import.objects.filter(campaign=self.campaign, state=ImportState.DONE)
        self.imports = list(done.order_by("number"))
        # Before the constituency: what is assigned between the two is then asked once too often.
        self.assigned = assigned_hosts(self.campaign.constituency_id)
        self.constituency = constituency_of(self.campaign.constituency)
        self.whose = organisations_of(self.campaign)
        self.basis = basis_of(self.campaign, self.rules, self.constituency)
        self.gathering = Gathering()
        self.first_signs = first_signs(self.imports)
        since = self._news()
        self.curve = self._curve(since) if since is not None else None
        total = sum(one.observations for one in self.imports)
        gather(
            stored_rows(self.campaign),
            self.gathering,
            self.curve,
            lambda rows: self.tell(rows, total, "Reading rows"),
        )

    def save(self) -> Outcome | None:
        """Judge hosts and write what follows; None where somebody else did so meanwhile."""
        tally = Tally(cves=tuple(self.campaign.cves))
        saving = Saving(self.campaign, Noticed(self.new, self.imports), self.assigned)
        with TemporaryFile(prefix="tocsin-hosts-") as waiting:
            saving.compare(self._worked(tally), waiting)
            if not self.turn.take(self.campaign.assessed_at):
                return None
            waiting.seek(0)
            is_ended = False
            try:
                saving.write(waiting, self.turn.batch)
                effects = self._effects()
                with self.turn.batch():
                    outcome = self._finish(tally, saving, effects)
                is_ended = True
            except OvertakenError:
                return None
            finally:
                if not is_ended:
                    self.turn.leave()
        return outcome

    def _finish(self, tally: Tally, saving: Saving, effects: list[Import]) -> Outcome:
        """What all hosts come to, in one transaction: the end of the turn with it."""
        points = self._save_points(tally)
        Import.objects.bulk_update(effects, ["effect"], batch_size=500)
        self._save_campaign(tally)
        outcome = Outcome(
            hosts=tally.hosts,
            created=saving.created,
            changed=saving.changed,
            removed=saving.removed,
            points=points,
        )
        if saving.created or saving.changed or saving.removed:
            _record(self.campaign, outcome)
        self.turn.end()
        return outcome

    def _news(self) -> date | None:
        """From which day on points are to be made; None where there is no time to go by.

        Sets `new`. Where nothing but imports changed since the last assessment, days before their
        rows stand as they did.
        """
        totals = self.campaign.totals
        known = {int(number): rows for number, rows in totals.get("imports", ())}
        now = {one.number: one.observations for one in self.imports}
        self.new = [one for one in self.imports if one.number not in known]
        if self.import_ is not None:
            self.new = [one for one in self.imports if one.pk == self.import_.pk] or self.new
        timed = [one.earliest for one in self.imports if one.earliest is not None]
        if not timed:
            return None
        changed = {number for number, _ in known.items() ^ now.items()}
        if not changed or totals.get("basis") != self.basis:
            return min(timed).date()
        rows = Import.objects.filter(campaign=self.campaign, number__in=changed)
        earliest = list(rows.values_list("earliest", flat=True))
        if None in earliest:
            return min(timed).date()
        return min(one for one in [*earliest, max(timed)] if one is not None).date()

    def _curve(self, since: date) -> Curve:
        first = min(one.earliest for one in self.imports if one.earliest is not None)
        last = max(one.latest for one in self.imports if one.latest is not None)
        return Curve(
            hosts=self.gathering.hosts,
            cves=Totals(self.campaign.cves).settled_by_builds,
            rules=self.rules,
            stride=stride_of(first.date(), last.date()),
            since=since,
        )

    def _worked(self, tally: Tally) -> Iterator[Worked]:
        """Each host, counted as it goes by."""
        owners = Owners(self.constituency)
        hosts = self.gathering.hosts
        regions = spelt(self.whose, self.gathering.regions)
        pks = {one.number: one.pk for one in self.imports}
        for host in merged(hosts, tally.cves, on=self.started.date(), rules=self.rules):
            owner = owners.of(clues_of_host(host.gathered))
            first = signs_noticed_in(host.gathered, self.first_signs) if host.evidence else None
            fields = fields_of(
                host,
                tally.totals,
                owner,
                self.whose,
                self.rules,
                region=regions.get(host.gathered.key, ""),
                signs_noticed_in=None if first is None else pks[first],
            )
            tally.take(host, fields)
            yield Worked(fields, exposures_of(host), transitions_of(host))
            if tally.hosts % _TELL_EVERY == 0:
                self.tell(tally.hosts, len(hosts), "Judging hosts")

    def _save_points(self, tally: Tally) -> int:
        every = Point.objects.filter(campaign=self.campaign)
        if self.curve is None:
            every.delete()
            return 0
        made = self.curve.points(tally.owners)
        gone = [
            pk
            for pk, at in every.values_list("pk", "at")
            if at.date() >= self.curve.since or not is_kept(at.date(), self.curve.stride)
        ]
        every.filter(pk__in=gone).delete()
        Point.objects.bulk_create(
            Point(campaign=self.campaign, at=at, counts=counts) for at, counts in made.items()
        )
        return len(made)

    def _effects(self) -> list[Import]:
        """So many hosts with each change: what the links of an import lead to.

        Returns the imports of which it is another than before.
        """
        found: dict[int, dict[str, int]] = {one.pk: {} for one in self.imports}
        rows = (
            Transition.objects.filter(noticed_in__in=list(found))
            .order_by()
            .values_list("noticed_in", "change")
            .annotate(hosts=Count("asset", distinct=True))
        )
        for pk, change, hosts in rows:
            found[pk][change] = hosts
        signs = (
            Asset.objects.filter(signs_noticed_in__in=list(found))
            .order_by()
            .values_list("signs_noticed_in")
            .annotate(hosts=Count("pk"))
        )
        for pk, hosts in signs:
            found[pk][WEB_SHELLS] = hosts
        changed = []
        for one in self.imports:
            effect = {WEB_SHELLS: 0, **found[one.pk]}
            if effect != one.effect:
                one.effect = effect
                changed.append(one)
        return changed

    def _save_campaign(self, tally: Tally) -> None:
        campaign = self.campaign
        campaign.totals = {
            **totals_json(tally.totals, self.gathering.hosts)["summary"],
            "hosts": tally.hosts,
            "servers": {name: tally.servers.get(name, 0) for name in STANDS},
            "account": self.gathering.account(),
            "stride": self.curve.stride if self.curve is not None else None,
            "knowledge": version_in_use(),
            "basis": self.basis,
            "imports": [[one.number, one.observations] for one in self.imports],
        }
        campaign.as_of = self.gathering.latest
        campaign.assessed_at = datetime.now(UTC)
        campaign.save(update_fields=["totals", "as_of", "assessed_at"])


def _record(campaign: Campaign, outcome: Outcome) -> None:
    together = campaign.totals["together"]
    record(
        None,
        "campaign.assessed",
        f"campaign {campaign.slug}",
        campaign=campaign,
        detail={
            "hosts": outcome.hosts,
            "new": outcome.created,
            "changed": outcome.changed,
            "removed": outcome.removed,
            **{name: together[name] for name in (*STANDS, "compromised")},
        },
    )
