"""Write the tables of CVEs and of first fixed builds from the facts that the team collected.

    .venv/bin/python tools/exchange_tables.py ../shared/domain/exchange_cves.json

Run once for the first tables, and again where the collected facts change. The files in
``src/tocsin/knowledge/data/exchange`` are the truth. What people decided there is kept: the
comment at the head, the columns `name`, `unaffected` and `check`, letters of `source`, what the
collection leaves empty, and of each update everything but the CVEs and builds that it names. Read
the difference (``git diff``) before it is committed. ``docs/reference/builds.md`` explains.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.knowledge.builds import all_builds, cumulative_update_of, parse

if TYPE_CHECKING:
    from datetime import date

DATA = Path(__file__).resolve().parents[1] / "src/tocsin/knowledge/data/exchange"
COLUMNS = [
    "cve",
    "name",
    "published",
    "products",
    "unaffected",
    "listed",
    "exploited",
    "check",
    "inferred",
    "source",
]
LETTERS = {
    "Invoke-AnalyzerSecurityCveCheck.ps1@": "H",
    "(override list)": "O",
    "special analyzers": "S",
    "MSRC SUG API": "R",
    "issue #413": "I",
    "eightwone": "E",
}
PRODUCTS = ("2010", "2013", "2016", "2019", "SE")


def main(collected: Path) -> None:
    """Write ``cves.csv`` and ``first_fixed.toml`` anew."""
    entries = json.loads(collected.read_text(encoding="utf-8"))["cves"]
    updates = gathered(entries)
    (DATA / "first_fixed.toml").write_text(first_fixed(updates), encoding="utf-8")
    (DATA / "cves.csv").write_text(cves(entries, updates), encoding="utf-8")


def gathered(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The updates of the existing table, joined with what the collection says of each."""
    path = DATA / "first_fixed.toml"
    kept = tomllib.loads(path.read_text(encoding="utf-8"))["update"] if path.is_file() else []
    updates = {update["name"]: update for update in kept}
    for entry in entries:
        names = [name.split(" (")[0] for name in entry["fixed_by"]]
        for fixed in entry["fixed_builds"]:
            product = fixed["product"].removeprefix("Exchange Server ")
            found = next(build for build in all_builds() if build.text == fixed["build"])
            name = f"{found.su} for SP3" if product == "2010" else (found.su or names[0])
            update = updates.setdefault(name, new(name, found.released))
            if product not in update["products"]:
                update["products"].append(product)
            if entry["cve"] not in update["cves"]:
                update["cves"].append(entry["cve"])
            builds = update["fixed"].setdefault(f"{product} {found.cu}", [])
            if fixed["build"] not in builds:
                builds.append(fixed["build"])
    return sorted(updates.values(), key=lambda update: (update["released"], update["name"]))


def new(name: str, released: date | None) -> dict[str, Any]:
    """An update that the table did not have; its source is for people to fill in."""
    return {
        "name": name,
        "released": released,
        "cves": [],
        "products": [],
        "source": "HC",
        "fixed": {},
    }


def first_fixed(updates: list[dict[str, Any]]) -> str:
    """The table of updates as TOML, one build a line."""
    parts = [head("first_fixed.toml")]
    for update in updates:
        rows = sorted(update["fixed"].items(), key=lambda row: parse(row[1][0]) or ())
        fixed = [f"{quoted(cu)} = {array(sorted(b, key=parse))}" for cu, b in rows]  # type: ignore[arg-type]  # every build of the table can be read
        parts += [
            "[[update]]",
            f"name = {quoted(update['name'])}",
            f"released = {update['released']}",
            f"products = {array(sorted(update['products'], key=PRODUCTS.index))}",
            f"source = {quoted(update['source'])}",
            "cves = [",
            *[f"  {quoted(cve)}," for cve in sorted(update["cves"])],
            "]",
            "[update.fixed]",
            *fixed,
            "",
        ]
    return "\n".join(parts).rstrip() + "\n"


def cves(entries: list[dict[str, Any]], updates: list[dict[str, Any]]) -> str:
    """The table of CVEs, one a line."""
    path = DATA / "cves.csv"
    kept: dict[str, dict[str, str]] = {}
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        kept = {row["cve"]: row for row in rows}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in sorted(entries, key=order):
        writer.writerow(row_of(entry, updates, kept.get(entry["cve"], {})))
    return head("cves.csv") + out.getvalue()


def row_of(
    entry: dict[str, Any], updates: list[dict[str, Any]], kept: dict[str, str]
) -> dict[str, str]:
    """One CVE: what the collection says, and what people decided."""
    fixed = {cu for update in updates if entry["cve"] in update["cves"] for cu in update["fixed"]}
    affected = [found for text in entry.get("msrc_affected_cu_build3", ()) if (found := cu(text))]
    products = {name.split()[0] for name in affected} | set(entry.get("products") or ())
    products |= {row["product"].removeprefix("Exchange Server ") for row in entry["fixed_builds"]}
    letters = {LETTERS[key] for text in entry["source"] for key in LETTERS if key in text}
    kev = entry["cisa_kev"]
    if kev:
        letters.add("W" if "secondary" in kev["source"] else "K")
    row = {
        "cve": entry["cve"],
        "name": entry["chain"] or "",
        "published": entry.get("published") or "",
        "products": " ".join(sorted(products, key=PRODUCTS.index)),
        "unaffected": "",
        "listed": ";".join(dict.fromkeys(name for name in affected if name not in fixed)),
        "exploited": kev["date_added"] if kev else "",
        "check": "",
        "inferred": "yes" if any("inferred" in name for name in entry["fixed_by"]) else "",
        "source": "".join(sorted(letters)),
    }
    decided = {key: kept[key] for key in ("name", "unaffected", "check") if kept.get(key)}
    if kept:
        row["source"] = "".join(sorted(set(row["source"]) | set(kept["source"])))
        row["products"] = row["products"] or kept["products"]
        row["published"] = row["published"] or kept["published"]
    return row | decided


def cu(text: str) -> str | None:
    """``15.1.1531`` as ``2016 CU10``; None for a product that is not in the table of builds."""
    number = parse(text)
    found = cumulative_update_of(number) if number else None
    return f"{found.product.removeprefix('Exchange Server ')} {found.cu}" if found else None


def head(name: str) -> str:
    """The comment at the head of the existing file."""
    path = DATA / name
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    comment = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line)
    return "".join(f"{line}\n" for line in comment)


def order(entry: dict[str, Any]) -> tuple[str, int, int]:
    """CVE-2021-9 before CVE-2021-10."""
    kind, *numbers = entry["cve"].split("-")
    year = int(numbers[0]) if len(numbers) > 1 else 0
    return kind, year, int(numbers[-1].removeprefix("ADV") if len(numbers) > 1 else kind[3:])


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)


def array(texts: list[str]) -> str:
    """A TOML array on one line."""
    return f"[{', '.join(quoted(text) for text in texts)}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
