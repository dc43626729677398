"""Whatever is imported and corrected in whatever order: what a person decided last stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.web.organisations.keeping import (
    add_claims,
    correct,
    follow_list,
    restore_claim,
    withdraw_claim,
)
from tocsin.web.organisations.models import Claim, ClaimKind, Constituency, Organisation
from tocsin.web.organisations.queries import constituency_of
from tocsin.web.organisations.services import import_list

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

NAMES, DOMAINS, SECTORS = ("A", "B"), ("a.example", "b.example"), ("", "health", "water")
_slugs = count()

listed = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(SECTORS), st.sets(st.sampled_from(DOMAINS))),
    min_size=1,
)
step = st.one_of(
    st.tuples(st.just("import"), listed),
    st.tuples(st.just("correct"), st.sampled_from(NAMES), st.sampled_from(SECTORS)),
    st.tuples(st.just("follow"), st.sampled_from(NAMES)),
    *(
        st.tuples(st.just(what), st.sampled_from(NAMES), st.sampled_from(DOMAINS))
        for what in ("add", "withdraw", "restore")
    ),
)


@dataclass
class Expected:
    """What should count, told in another way: by who spoke last."""

    lists: list[dict[str, tuple[str, set[str]]]] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)
    added: set[tuple[str, str]] = field(default_factory=set)
    withdrawn: set[tuple[str, str]] = field(default_factory=set)

    def known(self, name: str) -> bool:
        return any(name in one for one in self.lists)

    def was_there(self, name: str, domain: str) -> bool:
        ever = any(domain in one[name][1] for one in self.lists if name in one)
        return ever or (name, domain) in self.added

    def sector(self, name: str) -> str:
        said = [one[name][0] for one in self.lists if name in one]
        return self.person.get(name, said[-1])

    def domains(self, name: str) -> set[str]:
        last = self.lists[-1].get(name, ("", set()))[1]
        held = last | {domain for one, domain in self.added if one == name}
        return {domain for domain in held if (name, domain) not in self.withdrawn}


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(step, max_size=12))
def test_what_a_person_decided_last_stands_and_all_else_follows_the_list(
    campaign: Campaign, analyst: User, steps: list[tuple[object, ...]]
) -> None:
    slug = f"c{next(_slugs)}"
    constituency = Constituency.objects.create(slug=slug, name=slug)
    expected = Expected()
    for one in steps:
        _do(one, constituency, campaign, analyst, expected)

    found = {one.organisation: one for one in constituency_of(constituency).constituents}
    for name in NAMES:
        if not expected.known(name):
            assert name not in found
            continue
        stored = Organisation.objects.get(constituency=constituency, name=name)
        assert expected.sector(name) == stored.sector
        assert (name not in expected.lists[-1]) == (stored.gone_at is not None)
        assert expected.domains(name) == set(found[name].domains if name in found else ())
        # Nothing was ever deleted.
        assert {d for d in DOMAINS if expected.was_there(name, d)} == set(
            stored.claims.values_list("value", flat=True)
        )


def _do(
    one: tuple[object, ...],
    constituency: Constituency,
    campaign: Campaign,
    analyst: User,
    expected: Expected,
) -> None:
    if one[0] == "import":
        rows: dict[str, tuple[str, set[str]]] = one[1]  # type: ignore[assignment]  # see `step`
        lines = [f"{name},{sector},{' '.join(own)}" for name, (sector, own) in rows.items()]
        content = "\n".join(["organisation,sector,domains", *lines]).encode()
        import_list(constituency, analyst, content, "list.csv")
        expected.lists.append(rows)
        return
    what, name, *rest = map(str, one)
    if not expected.known(name):
        return
    organisation = Organisation.objects.get(constituency=constituency, name=name)
    if what == "correct":
        if rest[0] != organisation.sector:
            expected.person[name] = rest[0]
        correct(organisation, {"sector": rest[0]}, analyst, campaign)
    elif what == "follow":
        expected.person.pop(name, None)
        follow_list(organisation, "sector", analyst, campaign)
    elif what == "add":
        expected.added.add((name, rest[0]))
        expected.withdrawn.discard((name, rest[0]))
        add_claims(organisation, ClaimKind.DOMAIN, rest[0], "", analyst, campaign)
    elif expected.was_there(name, rest[0]):
        claim = Claim.objects.get(organisation=organisation, value=rest[0])
        if what == "withdraw":
            expected.withdrawn.add((name, rest[0]))
            withdraw_claim(claim, analyst, campaign)
        else:
            expected.withdrawn.discard((name, rest[0]))
            restore_claim(claim, analyst, campaign)
