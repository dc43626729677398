"""Reads an uploaded list, and refuses what the desk cannot keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tocsin.campaign.constituency import Constituency as CampaignConstituency
from tocsin.campaign.constituency import read_constituency
from tocsin.errors import UsageError
from tocsin.report.visible import shortened, visible
from tocsin.web.organisations.merging import CLAIM_KINDS, FIELDS, facts_of
from tocsin.web.organisations.models import Claim, Contact, Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Field

    from tocsin.campaign.constituency import Constituent

MAX_LIST_BYTES = 32 * 2**20
"""Larger lists are refused: some 200,000 organisations."""
_TOLD = 10


def read_list(content: bytes, name: str) -> CampaignConstituency:
    """The list in a file that was called `name`. Raises `UsageError` with places and remedies."""
    if len(content) > MAX_LIST_BYTES:
        raise UsageError(f"is larger than {MAX_LIST_BYTES >> 20} MiB; split it", where=name)
    found = read_constituency(content, name)
    wrong = [sentence for one in found.constituents for sentence in _unfit(one)]
    if wrong:
        more = f"; and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
        raise UsageError("; ".join(wrong[:_TOLD]) + more, where=name)
    return found


def longest(model: type[Organisation | Claim | Contact], name: str) -> int:
    """How many characters a field takes."""
    field = cast("Field[Any, Any]", model._meta.get_field(name))  # noqa: SLF001 Django's documented interface
    return field.max_length or 0


def _unfit(one: Constituent) -> Iterator[str]:
    """Databases refuse what is too long, and people cannot see what does not show."""
    for name in ("organisation", *FIELDS):
        text = getattr(one, name) or ""
        field = "name" if name == "organisation" else name
        yield from _problems(one.place, name, text, longest(Organisation, field))
    for kind, value in facts_of(one):
        model = Claim if kind in CLAIM_KINDS else Contact
        yield from _problems(one.place, kind, value, longest(model, "value"))


def _problems(place: str, name: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{place}: {name}: {shortened(visible(text), 40)} is longer than {most} characters"
    elif visible(text) != text:
        yield f"{place}: {name}: {visible(text)} holds characters that cannot be seen; remove them"
