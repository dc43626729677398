"""After which import a change, or a sign of compromise, was told for the first time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.campaign.sightings import Gathered
from tocsin.web.imports.models import Import
from tocsin.web.imports.rows import key_of


class Noticed:
    """Answers for changes that no assessment told before.

    With `new` imports it is one of them: the one whose rows reach over the change, else the
    newest. Without (an import was undone, the rules were changed) it is the first import whose
    rows reach over the change, so that nothing old counts as new.
    """

    def __init__(self, new: Sequence[Import], every: Sequence[Import]) -> None:
        newest_first = sorted(new, key=lambda one: -one.number)
        self._asked = newest_first or sorted(every, key=lambda one: one.number)
        self._else = max(new or every, key=lambda one: one.number, default=None)
        self._found: dict[datetime, Import | None] = {}

    def in_(self, before: datetime | None) -> Import | None:
        """The import that a change before this time is told after; None where there is none.

        A change without a time counts as one of the newest import.
        """
        if before is None:
            return self._else
        if before not in self._found:
            self._found[before] = next(
                (one for one in self._asked if _reaches(one, before)), self._else
            )
        return self._found[before]


def signs_noticed_in(gathered: Gathered, first: Mapping[str, int]) -> int | None:
    """The number of the first import that counts and holds a sign of compromise of this host.

    `first` has it for each key of a row. A host's rows are those of its key, and of the names that
    are known without an address and joined it.
    """
    keys = [key_of(gathered.key), *map(key_of, gathered.hostnames)]
    return min((first[key] for key in keys if key in first), default=None)


def _reaches(one: Import, when: datetime) -> bool:
    return (
        one.earliest is not None and one.latest is not None and one.earliest <= when <= one.latest
    )
