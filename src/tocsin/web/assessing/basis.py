"""What, beside rows, an assessment rests on: rules, organisations and knowledge."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

import tocsin
from tocsin.campaign.constituency import Constituency
from tocsin.campaign.nodes import Rules
from tocsin.knowledge.version import version_in_use
from tocsin.web.assessing.facts import Whose
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Organisation


def rules_of(campaign: Campaign) -> Rules:
    """How what was seen at different times is weighed in this campaign."""
    return Rules(
        vulnerable_holds=timedelta(days=campaign.vulnerable_holds_days),
        absent_after=campaign.absent_after,
    )


def organisations_of(campaign: Campaign) -> dict[str, Whose]:
    """By name, what hosts take over from their owners."""
    rows = Organisation.objects.filter(constituency=campaign.constituency_id)
    return {
        name: Whose(pk, sector, region)
        for name, pk, sector, region in rows.values_list("name", "pk", "sector", "region")
    }


def basis_of(campaign: Campaign, rules: Rules, constituency: Constituency) -> str:
    """What, beside rows, all points hang on."""
    every = (
        tocsin.__version__,
        version_in_use(),
        tuple(campaign.cves),
        rules,
        constituency.constituents,
    )
    return hashlib.sha256(repr(every).encode("utf-8", "backslashreplace")).hexdigest()


def spelt(whose: Mapping[str, Whose], regions: Mapping[str, str]) -> dict[str, str]:
    """What feeds say of regions, by host, spelt as the constituency spells it where it can.

    Shadowserver writes regions in capitals: else one region would be two.
    """
    ours = {one.region.casefold(): one.region for one in whose.values() if one.region}
    return {host: ours.get(said.casefold(), said) for host, said in regions.items()}
