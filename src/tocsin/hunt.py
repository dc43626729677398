"""The story: a collected server in, a verdict with evidence out.

    open the collection -> find the files that matter -> read every row once (first hunt)
    -> read again what the first hunt points to (second hunt) -> join rows into attacks
    -> say what was and was not covered -> decide -> put the result together

The steps live in the packages evidence, artefacts, events, matching, findings and verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.errors import SourceError
from tocsin.evidence.open import open_collection
from tocsin.evidence.parts import without_later_parts
from tocsin.findings.judge import Context, judge, ordered
from tocsin.findings.mail.cases import mail_abuse
from tocsin.findings.pivots import pivots_of
from tocsin.findings.shells import shell_findings, with_children
from tocsin.findings.timeline import timeline, what_was_cut
from tocsin.knowledge.packs import chosen_packs
from tocsin.matching.accounting import told_of
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.reading import Reading, refuse_what_nobody_reads
from tocsin.matching.rules import load_rules
from tocsin.model import result
from tocsin.model.progress import Progress, running
from tocsin.verdict.assemble import Parts, assemble, unopened, worst_of
from tocsin.verdict.campaign import judge_pack
from tocsin.verdict.exposure import cves_to_judge, exposure
from tocsin.verdict.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tocsin.knowledge.packs import Pack
    from tocsin.matching.rules import RuleSet
    from tocsin.verdict.names import NameCollector

__all__ = ["Options", "hunt"]


def hunt(
    sources: Sequence[Path],
    options: Options,
    progress: Progress,
    *,
    names: NameCollector | None = None,
) -> result.Result:
    """Hunt every source; each is one server, and the parts of a split collection are one source.

    The same sources give the same result. `names` learns whose names are in it, for redaction.
    Raises `SourceError` where no source can be opened at all, `KnowledgeError` where our own
    rules are broken, `UsageError` where a pack does not exist. Never raises on evidence. One
    unusable source among several is a host of its own, with the problem ``source``.
    """
    packs = chosen_packs(options.packs, options.own_packs)
    rules = load_rules(packs, options.sigma, options.yara, options.indicators, cache=options.cache)
    hunted: list[tuple[result.HostResult, Reading]] = []
    errors: list[SourceError] = []
    for source in without_later_parts(sources):
        try:
            hunted.append(_hunt_one(source, packs, rules, options, progress, Watch(names=names)))
        except SourceError as error:
            errors.append(error)
            hunted.append((unopened(source, error), Reading()))
    if len(errors) == len(hunted):
        raise errors[0]
    return result.Result(
        schema=result.SCHEMA,
        tool=told_of(rules, [reading for _, reading in hunted]),
        verdict=worst_of([host.verdict for host, _ in hunted]),
        hosts=tuple(host for host, _ in hunted),
    )


def _hunt_one(
    source: Path,
    packs: Sequence[Pack],
    rules: RuleSet,
    options: Options,
    progress: Progress,
    watch: Watch,
) -> tuple[result.HostResult, Reading]:
    with running(progress, f"{source.name}, unpacking", None):
        collection = open_collection(source, options.limits, progress.advance)
    readers = Readers(collection, rules, watch.everybody, options)
    with collection, readers, running(progress, collection.name, collection.total_bytes):
        first = refuse_what_nobody_reads(source, readers.read(progress))
        again = pivots_of(first.matches, rules.infos, watch.addresses.shared())
        traces, more = readers.read_again(again, progress)
        context = Context(infos=rules.infos, counts=first.counts, shared=again.shared)
        findings = judge(packs, first.matches, context)
        mail = mail_abuse(watch.habits, packs, findings, first.matches, context, readers, progress)

    findings += [*shell_findings(first.matches, traces, rules.infos), *mail.findings]
    findings = ordered(with_children(findings, traces))
    moments, left_out = timeline(findings, traces, rules.infos)

    covered = watch.coverage.taken()
    exposed = exposure(watch.builds.sightings(), cves_to_judge(packs), watch.mitigations.taken())
    parts = Parts(
        source=source,
        packs=[judge_pack(pack, findings, covered, exposed, options.period) for pack in packs],
        findings=findings,
        moments=moments,
        coverage=covered,
        exposed=exposed,
        watch=watch,
        reading=first,
        rules=rules,
        period=options.period,
        cut=what_was_cut(more, left_out),
        mail=mail,
    )
    return assemble(parts), first
