"""Which host a hunt is about: no result says how its server is reached from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q

from tocsin.campaign.observation import normal_address
from tocsin.errors import UsageError
from tocsin.report.visible import shortened, visible
from tocsin.web.assets.models import Asset
from tocsin.web.imports.rows import key_of

if TYPE_CHECKING:
    from tocsin.web.hunts.models import Hunt

_MOST = 8
_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_NAMELIKE = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", re.IGNORECASE)


def host_key(text: str) -> str:
    """The asset's key for what a person wrote. Raises `UsageError` for no address and no name."""
    text = text.strip()
    address = normal_address(text)
    if address is not None:
        return address
    name = key_of(text)
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
        raise UsageError(
            f"“{shortened(visible(text), 60)}” is neither an address nor the name of a host."
        )
    return name


def suggested(hunt: Hunt) -> list[Asset]:
    """Hosts of the campaign that the server's name, or the name of the file, points to."""
    name = str(hunt.summary.get("name", "")).lower().rstrip(".")
    said = f"{hunt.file_name} {name}"
    keys = {normal_address(found) or "" for found in _ADDRESS.findall(said)}
    names = {found.lower() for found in _NAMELIKE.findall(said)}
    wanted = Q(key__in=keys | names) | Q(hostname__in=names)
    if name and _LABEL.fullmatch(name):
        wanted |= Q(hostname__istartswith=f"{name}.") | Q(hostname__iexact=name)
    found = Asset.objects.filter(wanted, campaign=hunt.campaign).select_related("owner")
    return list(found.defer("story")[:_MOST])
