"""Write the table of groups and their techniques from the facts that the team collected.

    .venv/bin/python tools/group_table.py ../shared/domain/actor_ttps.json

Only ids, names and technique ids are taken over, and no sentence. What people wrote by hand in
``src/tocsin/knowledge/data/groups.toml`` (the comment at the head and all ``[[trait]]`` tables) is
kept. Read the difference (``git diff``) before it is committed.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "src/tocsin/knowledge/data/groups.toml"
ALIASES = 6


def main(collected: Path) -> None:
    """Write the table anew."""
    before = TABLE.read_text(encoding="utf-8")
    head = before.partition("[[group]]")[0]
    by_hand = before[before.index("[[trait]]") :] if "[[trait]]" in before else ""
    parts = [head.rstrip() + "\n"]
    for one in sorted(
        json.loads(collected.read_text(encoding="utf-8")), key=lambda one: one["id"]
    ):
        aliases = [name for name in one["aliases"] if name != one["name"]][:ALIASES]
        techniques = sorted(set(one["techniques"]))
        lines = [
            ", ".join(f'"{name}"' for name in techniques[at : at + 10])
            for at in range(0, len(techniques), 10)
        ]
        parts.append(
            "[[group]]\n"
            f'id = "{one["id"]}"\n'
            f'name = "{one["name"]}"\n'
            f"aliases = {json.dumps(aliases, ensure_ascii=False)}\n"
            "techniques = [\n" + "".join(f"  {line},\n" for line in lines) + "]\n"
        )
    text = "\n".join(parts) + ("\n" + by_hand if by_hand else "")
    tomllib.loads(text)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
