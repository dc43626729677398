"""What is known of sent mail, and what a broken file is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.errors import KnowledgeError
from tocsin.findings.mail.cases import PACK
from tocsin.findings.mail.question import Group
from tocsin.knowledge.mail import FILE, mail_knowledge, read_mail
from tocsin.knowledge.packs import all_packs
from tocsin.knowledge.root import BUILTIN

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (BUILTIN / FILE).read_text(encoding="utf-8")


def test_every_rule_that_ties_mail_to_something_is_there() -> None:
    joins = mail_knowledge().joins
    rules = {name for pack in all_packs() for name in pack.detections}
    assert set() == {*joins.for_all, *joins.for_one} - rules
    assert PACK in {pack.about.slug for pack in all_packs()}


def test_words_that_are_compared_without_case_are_in_lower_case() -> None:
    known = mail_knowledge()
    words = (
        *known.reading.replies,
        *known.reading.forwards,
        *known.reading.machines,
        *known.complaints.words,
    )
    assert [] == [word for word in words if word != word.lower()]


def test_volume_alone_can_never_be_told() -> None:
    limits = mail_knowledge().limits
    assert limits.most_volume < limits.told
    assert 3 == len(Group)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("told = 2.5", "told = 99.0", "no more than serious"),
        ("told = 2.5", "tolled = 2.5", "tolled"),
        ("{sender}", "{sendre}", "note.subject"),
        ("[reading]", "[reading", "mail.toml"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / FILE
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        read_mail(path)
