"""Makes what a hunt says count: as an observation of its host, and as a case where it is grave.

The claim stands beside what is seen from outside. Which of them counts is for `tocsin.campaign`.
"""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from tocsin.campaign.sightings import OWNERS
from tocsin.errors import SourceError
from tocsin.model.grade import Level
from tocsin.web.audit.services import record
from tocsin.web.cases.models import CaseKind
from tocsin.web.cases.services import open_case
from tocsin.web.hunts.models import Hunt, HuntState
from tocsin.web.hunts.queries import counting_import
from tocsin.web.hunts.running import RESULT
from tocsin.web.hunts.services import subject_of
from tocsin.web.imports.models import FeedFile, Import, ImportState
from tocsin.web.imports.services import import_path
from tocsin.web.imports.uploads import path_of

if TYPE_CHECKING:
    from tocsin.web.work.registry import Progress

GRAVE = frozenset({Level.COMPROMISED.value, Level.EXPLOITED.value})
_REASONS = 3


def claim(hunt: Hunt, tell: Progress) -> None:
    """Enter the result into the campaign, once. Nothing happens before somebody named the host.

    Raises `TocsinError` where it cannot be read as a feed.
    """
    if hunt.state != HuntState.DONE or not hunt.host or counting_import(hunt) is not None:
        return
    tell(0, 0, f"Entering it into the campaign for {hunt.host}")
    result = path_of(hunt.folder) / RESULT
    if not result.is_file():
        raise SourceError("The result is no longer kept. Upload it again.")
    known = _entered_before(hunt, result)
    if known is not None:
        _counts(hunt, known)
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-hunt-") as folder:
        # The list of imports shows this name.
        named = Path(folder) / f"hunt-{hunt.number}.json"
        named.symlink_to(result)
        entered = import_path(
            hunt.campaign, hunt.by, named, feed=OWNERS, host=hunt.host, tell=tell
        )
    _counts(hunt, entered)


def _entered_before(hunt: Hunt, result: Path) -> Import | None:
    """The import that holds this very result for this host, of another upload or an early end."""
    with result.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file_of = FeedFile.objects.select_related("part_of").filter(
        campaign=hunt.campaign,
        feed=OWNERS,
        host=hunt.host,
        sha256=sha256,
        part_of__state=ImportState.DONE,
    )
    found = file_of.first()
    return None if found is None else found.part_of


@transaction.atomic
def _counts(hunt: Hunt, entered: Import) -> None:
    made: dict[str, object] = {"import": entered.number, "at": datetime.now(UTC).isoformat()}
    if hunt.level in GRAVE:
        case = open_case(hunt.campaign, hunt.host, CaseKind.COMPROMISED, _because(hunt), hunt.by)
        made["case"] = case.number
    hunt.summary["claim"] = made
    hunt.save(update_fields=["summary"])
    detail = {"host": hunt.host, "level": hunt.level, **made}
    record(None, "hunt.counted", subject_of(hunt), campaign=hunt.campaign, detail=detail)


def _because(hunt: Hunt) -> str:
    said = hunt.summary
    server = f" of the server {said['name']}" if said.get("name") else ""
    text = f"Hunt {hunt.number}{server} says: {said.get('headline') or hunt.level}."
    reasons = [str(reason) for reason in said.get("reasons", [])[:_REASONS]]
    return "\n".join([text, *reasons])
