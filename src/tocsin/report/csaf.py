"""The status of builds as a CSAF 2.0 document of the profile VEX.

A status that a build does not decide is `under_investigation`: VEX knows no other word for "look
on the server". A mitigation stands in the notes and moves no status.

Source: OASIS, Common Security Advisory Framework 2.0, sections 3 and 4.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import StatusWord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from tocsin.model.patch_status import CveStatus, EvidenceStatus, PatchStatus

_GROUPS = {
    StatusWord.FIXED.value: "fixed",
    StatusWord.VULNERABLE.value: "known_affected",
    StatusWord.NOT_AFFECTED.value: "known_not_affected",
    StatusWord.UNDETERMINED.value: "under_investigation",
    StatusWord.NEWER_THAN_CATALOGUE.value: "under_investigation",
}
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_ODD = re.compile(r"[^a-z0-9+.-]+")
_FAMILY = "Exchange Server"
_CHECK = "Check "

Json = dict[str, Any]
"""A part of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who issues the document, and a URI that is theirs."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    """One build of the document, with the id that its statuses name."""

    id: str
    about: PatchStatus | EvidenceStatus

    @property
    def text(self) -> str:
        """The product in words."""
        parts = (self.about.product or _FAMILY, self.about.cu, self.about.su)
        return f"{' '.join(part for part in parts if part)} ({self.about.build})"


def vex(
    statuses: Sequence[PatchStatus | EvidenceStatus],
    *,
    on: date,
    publisher: Publisher,
    version: str,
) -> Json:
    """The document for `statuses`, issued on the day `on`. Pure: the same gives the same.

    Each of them needs a build. `version` is Tocsin's.
    """
    known = {one.build: one for one in statuses}
    products = [_Product(id=f"EXCHANGE-{build}", about=one) for build, one in known.items()]
    day = f"{on.isoformat()}T00:00:00Z"
    builds = ", ".join(product.about.build or "" for product in products)
    document: Json = {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "distribution": {"tlp": {"label": "AMBER"}},
            "lang": "en",
            "notes": [
                {
                    "category": "summary",
                    "title": "What this is",
                    "text": f"Which known vulnerabilities of Exchange Server the build {builds} "
                    "has, by the first fixed builds that Microsoft published. It says nothing of "
                    "whether anybody broke in.",
                }
            ],
            "publisher": {
                "category": "user",
                "name": publisher.name,
                "namespace": publisher.namespace,
            },
            "title": f"Status of vulnerabilities in Exchange Server {builds}",
            "tracking": _tracking(products, day, version),
        },
        "product_tree": {"branches": [_tree(products)]},
        "vulnerabilities": [_vulnerability(cve, products) for cve in all_cves()],
    }
    return dict(_in_order(document))


def _in_order(value: Any) -> Any:  # noqa: ANN401 any JSON value goes in and out
    """With keys in the order of the alphabet, as CSAF recommends (test 6.2.13)."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    return value


def _tracking(products: Sequence[_Product], day: str, version: str) -> Json:
    builds = "-".join(product.about.build or "" for product in products)
    return {
        "current_release_date": day,
        "generator": {"date": day, "engine": {"name": "Tocsin", "version": version}},
        "id": _ODD.sub("-", f"tocsin-{day[:10]}-{builds}".lower()),
        "initial_release_date": day,
        "revision_history": [{"date": day, "number": "1", "summary": "First version."}],
        "status": "final",
        "version": "1",
    }


def _tree(products: Sequence[_Product]) -> Json:
    by_name: dict[str, list[_Product]] = {}
    for product in products:
        by_name.setdefault(product.about.product or _FAMILY, []).append(product)
    return {
        "category": "vendor",
        "name": "Microsoft",
        "branches": [
            {
                "category": "product_name",
                "name": name,
                "branches": [
                    {
                        "category": "product_version",
                        "name": product.about.build,
                        "product": {"name": product.text, "product_id": product.id},
                    }
                    for product in group
                ],
            }
            for name, group in by_name.items()
        ],
    }


def _vulnerability(cve: str, products: Sequence[_Product]) -> Json:
    said = {product.id: product.about.exposure[cve] for product in products}
    groups: dict[str, list[str]] = {}
    for product, one in said.items():
        groups.setdefault(_GROUPS[one.status], []).append(product)
    known = all_cves()[cve]
    found: Json = {
        **_named(cve),
        "notes": [{"category": "description", "text": _described(said)}],
        "product_status": groups,
    }
    if known.title:
        found["title"] = f"{known.title[0].upper()}{known.title[1:]}"
    if absent := groups.get("known_not_affected"):
        found["flags"] = [{"label": "vulnerable_code_not_present", "product_ids": absent}]
    open_ = [*groups.get("known_affected", ()), *groups.get("under_investigation", ())]
    if open_:
        found["remediations"] = [_remediation(one) for one in products if one.id in open_]
    threats = _threats(cve, said, groups)
    if threats:
        found["threats"] = threats
    return found


def _named(cve: str) -> Json:
    if _CVE.fullmatch(cve):
        return {"cve": cve}
    return {"ids": [{"system_name": "Microsoft Security Advisory", "text": cve}]}


def _described(said: Mapping[str, CveStatus]) -> str:
    """Why each product has its status."""
    return "\n".join(
        f"{product.removeprefix('EXCHANGE-')}: {one.status.replace('_', ' ')}; {one.reason}."
        for product, one in said.items()
    )


def _remediation(product: _Product) -> Json:
    """What to install; what must be checked besides stands in the reasons of those CVEs."""
    steps = [one for one in product.about.install if not one.startswith(_CHECK)]
    steps = steps or list(product.about.install)
    return {
        "category": "vendor_fix",
        "details": "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)),
        "product_ids": [product.id],
    }


def _threats(
    cve: str, said: Mapping[str, CveStatus], groups: Mapping[str, Sequence[str]]
) -> list[Json]:
    threats: list[Json] = [
        {"category": "impact", "details": f"{said[product].reason}.", "product_ids": [product]}
        for product in groups.get("known_not_affected", ())
    ]
    since = all_cves()[cve].known_exploited
    if since is not None:
        threats.append(
            {
                "category": "exploit_status",
                "date": f"{since.isoformat()}T00:00:00Z",
                "details": "Known to be exploited (CISA's catalogue).",
            }
        )
    return threats
