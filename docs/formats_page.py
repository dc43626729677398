"""Write the reference page of log formats from the formats themselves.

A page that is made from the source each time cannot fall behind it, and a new format needs no
second file. Sphinx runs this before it reads the pages; the page is not committed.
"""

from __future__ import annotations

from pathlib import Path

from tocsin.events.format import Format, all_formats

PAGE = Path(__file__).parent / "reference" / "formats.md"
HEAD = """# Log formats

What Tocsin reads, written from the formats themselves. A row or record that cannot be read becomes
a [problem](problems.md); none is dropped.
"""


def write() -> None:
    """Write the page, and only if it changed, so that Sphinx does not read it again."""
    text = "\n".join([HEAD, *(section(form) for _, form in sorted(all_formats().items()))])
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        PAGE.write_text(text, encoding="utf-8")


def section(form: Format) -> str:
    """One format: where it lies, what its columns are, where the facts come from."""
    paths = "\n".join(f"* `{path}`" for path in form.paths)
    rows = "\n".join(
        f"| `{column.name}` | {column.type} | {column.unit or ''} | {code(column.source)} |"
        for column in form.columns
    )
    columns = f"| column | type | unit | field |\n|---|---|---|---|\n{rows}\n" if rows else ""
    return f"## `{form.name}`: {form.title}\n\n{paths}\n\n{columns}\n*Source:* {form.reference}\n"


def code(text: str) -> str:
    """Text as code inside a table's cell, where a bar would end the cell."""
    return f"`{text}`".replace("|", "\\|")
