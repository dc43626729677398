"""What to install, in order: sentences for the owner of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.knowledge.builds import (
    Build,
    CumulativeUpdate,
    Number,
    all_cumulative_updates,
    cumulative_update_of,
    parse,
)
from tocsin.knowledge.cves import all_checks, all_cves
from tocsin.knowledge.status import StatusWord, status
from tocsin.knowledge.support import all_products, is_superseded, newer_cumulative_update

if TYPE_CHECKING:
    from datetime import date

_LAST_PRODUCT = "SE"
"""Where all others move to."""
_UNKNOWN = (
    "Read the file version of ExSetup.exe on the server: no source lists a build like this, so "
    "nothing can be said of what to install."
)


def advice(build: Number | str, on: date) -> tuple[str, ...]:
    """What to install and to check on the day `on` (UTC), in order, as whole sentences.

    Only builds that were out on that day are named. Installing them removes no intruder: that is
    the hunt's business. Pure; never raises on a build, however odd.
    """
    number = parse(build) if isinstance(build, str) else build
    found = cumulative_update_of(number) if number is not None and len(number) >= 3 else None
    if number is None or found is None:
        return (_UNKNOWN,)
    target = _target(found, on)
    steps = [*_installs(number, found, target, on), *_moves(found, on)]
    if not steps:
        steps.append(_nothing_newer(found, on))
    steps += _checks(target, on)
    return tuple(f"{step}." for step in steps)


def _target(found: CumulativeUpdate, on: date) -> CumulativeUpdate:
    """The cumulative update to be on: this one as long as it gets updates, else the newest."""
    newer = newer_cumulative_update(found, on)
    if newer is None or not (found.is_preview or is_superseded(found, on)):
        return found
    return newer


def _installs(
    number: Number, found: CumulativeUpdate, target: CumulativeUpdate, on: date
) -> list[str]:
    steps = []
    if target is not found:
        steps.append(
            f"Install {target.product} {target.cu}: {found.cu} gets no more security updates"
        )
    newest = _newest(target, on)
    is_there = target is found and len(number) == 4 and newest and number >= newest.number
    if newest is None or newest is target.builds[0] or is_there:
        return steps
    unsure = "" if len(number) == 4 or target is not found else ", unless it is there already"
    steps.append(f"Install {_name(newest, target)}{_paid(number, newest, target)}{unsure}")
    return steps


def _nothing_newer(found: CumulativeUpdate, on: date) -> str:
    newer = newer_cumulative_update(found, on)
    said = f"No newer update of {found.product} {found.cu} is known"
    if newer is None:
        return said
    return f"{said}; {newer.cu} is out, and updates will come for it when {found.cu} gets no more"


def _moves(found: CumulativeUpdate, on: date) -> list[str]:
    """Where support has ended: to a product that has it, and to its newest update."""
    product = all_products()[found.short_product]
    if on <= product.ends or not product.move:
        return []
    last = [one for one in all_cumulative_updates() if one.short_product == _LAST_PRODUCT]
    newest = _newest(last[-1], on) if last else None
    then = [f"After that, install {_name(newest, last[-1])}"] if newest else []
    return [*product.move, *then]


def _checks(target: CumulativeUpdate, on: date) -> list[str]:
    """What no update settles alone; those that guard against known exploitation come first."""
    newest = _newest(target, on)
    if newest is None:
        return []
    open_: dict[str, list[str]] = {}
    exploited = set()
    for cve in all_cves().values():
        if cve.check_name is None or (cve.published is not None and cve.published > on):
            continue
        if status(newest.number, cve.id).status is StatusWord.UNDETERMINED:
            open_.setdefault(cve.check_name, []).append(cve.id)
            if cve.known_exploited is not None and cve.known_exploited <= on:
                exploited.add(cve.check_name)
    steps = []
    for name in sorted(open_, key=lambda name: name not in exploited):
        do = all_checks()[name].do
        known = ", known to be exploited" if name in exploited else ""
        steps.append(f"{do[0].upper()}{do[1:]} ({', '.join(open_[name])}{known})")
    return steps


def _newest(target: CumulativeUpdate, on: date) -> Build | None:
    """The newest build that was out on that day; the first one where no day is known."""
    out = [one for one in target.builds if one.released is not None and one.released <= on]
    return out[-1] if out else None


def _name(build: Build, target: CumulativeUpdate) -> str:
    number = f"{build.kb}, {build.text}" if build.kb else build.text
    if build is target.builds[0]:
        return f"{target.product} {target.cu} ({number})"
    return f"{build.su or 'the update'} for {target.product} {target.cu} ({number})"


def _paid(number: Number, newest: Build, target: CumulativeUpdate) -> str:
    """Of an update that only those get who pay for it; the last one for all is named.

    Not every update after the end of support is: those for Exchange 2010 were free for all.
    """
    product = all_products()[target.short_product]
    paid = product.extended
    if paid is None or newest.released is None or newest.released < paid.begins:
        return ""
    free = _newest(target, product.ends)
    condition = " if extended security updates were paid for"
    if free is None or (len(number) == 4 and free.number <= number < newest.number):
        return condition
    return f"{condition}; without them {free.su or free.cu}, {free.text}"
