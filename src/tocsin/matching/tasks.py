"""What a process is asked to do with one file of a collection; files are named by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from tocsin.events.lines import HEAD_BYTES
from tocsin.events.stretches import Stretch, can_be_cut, is_large, survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from tocsin.events.format import Format
    from tocsin.evidence.collection import Member
    from tocsin.matching.crew import Lost, Say
    from tocsin.model.artefact import Artefact


class WholeFile(NamedTuple):
    """Read a file, or say where it `may_be_cut`; `slow` files took YARA too long so far."""

    number: int
    artefact: Artefact | None
    slow: int = 0
    may_be_cut: bool = False


class OneStretch(NamedTuple):
    """Read one stretch of a file."""

    number: int
    artefact: Artefact
    stretch: Stretch


class Search(Protocol):
    """What the second hunt looks for. It can be pickled."""

    def words(self) -> Sequence[str]:
        """Lower case; a row that holds none of them needs no second look."""

    def found_by(self, values: Mapping[str, str], time: datetime | None) -> str | None:
        """The key by which a row is one of those that are looked for; or None."""


class Again(NamedTuple):
    """Search a file, or one stretch of it, once more."""

    number: int
    artefact: Artefact
    stretch: Stretch | None
    search: Search


Task: TypeAlias = WholeFile | OneStretch | Again


def brings_more(task: Task) -> bool:
    """Whether other tasks may come up in this one, which go before those behind it."""
    return isinstance(task, WholeFile) and task.may_be_cut


def lost_in_words(task: Task, lost: Lost[Any]) -> str:
    """What became of a task over which two processes ended."""
    match task:
        case OneStretch():
            what = f"the lines after line {task.stretch.place.lines}"
        case _:
            what = "it"
    return f"two processes ended that read {what}, the second one so: {lost.how}"


def may_be_cut(form: Format | None, member: Member) -> bool:
    """Whether several processes can read one file of this format."""
    is_text = form is not None and form.bulk is not None
    return is_text and member.has_random_access and is_large(member.size_bytes)


def cut(task: WholeFile, form: Format, stream: BinaryIO, say: Say) -> bool:
    """Say at once in which stretches a text log is to be read; False where it is to be whole.

    It is read up to the last border at least, or stands at its start again.
    """
    if not task.may_be_cut or task.artefact is None or form.bulk is None:
        return False
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if not can_be_cut(head, task.artefact.size_bytes):
        return False
    artefact = task.artefact

    def found(stretch: Stretch) -> None:
        say(OneStretch(task.number, artefact, stretch), at_once=True)

    survey(stream, artefact, form.bulk.reader(artefact), found)
    return True
