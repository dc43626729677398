r"""The collector's list in the words of other tools: KAPE, Velociraptor and PowerShell.

``python -m tocsin.collect.lists share`` writes them; a contract test holds what is checked in to
this. Where a tool cannot say what a glob says, its list asks for more, never for less.

Source: KAPE's documentation (KapeDocs, "Targets") and its target guide; Velociraptor's
documentation of artifacts and of the plugin glob(), and its own Generic.Collectors.File, whose
columns these are.
"""

from __future__ import annotations

import itertools
import re
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.collect.wanted import all_paths, as_regex, extras
from tocsin.events.format import all_formats
from tocsin.evidence.magic import COMPRESSED_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TEMPLATES = Path(__file__).with_name("templates")
_VERSION = "1.0"
_ID = uuid.uuid5(uuid.NAMESPACE_URL, "tocsin/share/kape/TocsinExchange.tkape")
_ANYWHERE_LETTERS = 4
"""A name with fewer letters of its own, such as ``*.log``, is looked for in its folders only."""
_ODD_FOLDERS = 2
"""How deep on the drive a folder is looked for besides its usual place."""
_RECURSIVE_DEPTH = 30
_SOMEBODYS = "users/"
"""In an example, a place that somebody chose is no usual one."""
_VERSIONED = re.compile(r"v\d[\d.]*|framework64", re.IGNORECASE)
_PACKED = "|".join(ending[1:] for ending in COMPRESSED_ENDINGS)
_PACKED_LOGS = (".log", ".txt", ".csv", ".json", ".jsonl")
_DRIVES = "CDEFGHIJKLMNOPQRSTUVWXYZ"


def rendered() -> dict[str, str]:
    """The text of every list, by its path below ``share``."""
    return {
        "kape/TocsinExchange.tkape": kape(),
        "velociraptor/Custom.Tocsin.Exchange.yaml": velociraptor(),
        "powershell/Collect-Tocsin.ps1": powershell(),
    }


def kape() -> str:
    """A target: names that tell enough by a walk over the drive, others by their folders."""
    anywhere = [as_regex(glob.name) for glob in _globs() if glob.is_known_anywhere]
    places: dict[tuple[str, bool], list[_Glob]] = {}
    for glob in _globs():
        if not glob.is_known_anywhere:
            for folder in _kape_folders(glob):
                places.setdefault((folder, glob.is_deep), []).append(glob)
    lines = [_template("TocsinExchange.tkape").format(version=_VERSION, id=_ID)]
    lines += _kape_entry("Names that tell enough", "", _kape_mask(anywhere), recursive=True)
    lines += _kape_entry("$MFT", "", "$MFT", recursive=False, always=True)
    for (folder, recursive), globs in places.items():
        mask = _kape_mask([as_regex(glob.name) for glob in globs])
        title = "; ".join(dict.fromkeys(glob.title for glob in globs))
        lines += _kape_entry(title, folder, mask, recursive=recursive)
    return "".join(lines)


def velociraptor() -> str:
    """An artifact that collects by globs, in one pass over every drive."""
    globs: list[str] = []
    for glob in _globs():
        if "$MFT" not in glob.text:
            globs += _velociraptor_globs(glob.text)
    unique = sorted(set(globs), key=str.lower)
    return (
        _template("Custom.Tocsin.Exchange.yaml")
        .replace("@@GLOBS@@", "\n".join(f"      {glob}" for glob in unique))
        .replace("@@DRIVES@@", "\n".join(f"      {letter}:" for letter in _DRIVES))
    )


def powershell() -> str:
    """A script that walks the drives by itself, with the globs as expressions."""
    rows = []
    for asked_by, paths in all_paths().items():
        pattern = "|".join(as_regex(path) for path in paths).replace("'", "''")
        rows.append(f"    '{asked_by}' = '{pattern}'")
    return (
        _template("Collect-Tocsin.ps1")
        .replace("@@PATTERNS@@", "\n".join(rows))
        .replace("@@PACKED@@", _PACKED)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glob:
    """One glob; `usual` is where its first folder mostly lies, without the drive."""

    title: str
    text: str
    usual: str | None

    @property
    def name(self) -> str:
        return self.text.rpartition("/")[2]

    @property
    def folders(self) -> list[str]:
        return _folders(self.text)

    @property
    def is_deep(self) -> bool:
        return "/**/" in self.text

    @property
    def is_known_anywhere(self) -> bool:
        if not self.folders:
            return True
        own = re.sub(r"\*|\.[^.]*\Z", "", self.name)
        return len(own) >= _ANYWHERE_LETTERS


def _globs() -> Iterator[_Glob]:
    titles = {name: form.title for name, form in all_formats().items()}
    titles |= {extra.name: extra.title for extra in extras()}
    usual = _usual_places()
    for asked_by, paths in all_paths().items():
        for text in paths:
            first = next(iter(_folders(text)), "").lower()
            yield _Glob(title=titles[asked_by], text=text, usual=usual.get(first))


def _usual_places() -> dict[str, str]:
    """What lies above each glob's first folder (lower case) in the formats' own examples.

    Folders that are named after a version are left open.
    """
    examples: dict[str, tuple[str, ...]] = {extra.name: extra.usual for extra in extras()}
    examples |= {name: (form.sample_path,) for name, form in all_formats().items()}
    usual: dict[str, str] = {}
    for asked_by, paths in all_paths().items():
        for text in paths:
            folders = _folders(text)
            pattern = re.compile(rf"(?:^|/)(?={as_regex('/'.join(folders))}/)", re.IGNORECASE)
            for example in examples[asked_by]:
                inside = example.partition(":/")[2]
                found = pattern.search(inside) if folders else None
                if found and not inside.lower().startswith(_SOMEBODYS):
                    above = inside[: found.start()].split("/")
                    open_ended = ("*" if _VERSIONED.fullmatch(part) else part for part in above)
                    usual.setdefault(folders[0].lower(), "/".join(open_ended))
    return usual


def _folders(glob: str) -> list[str]:
    """The folders up to the first ``**`` that follows one."""
    parts = itertools.dropwhile(lambda part: part == "**", glob.split("/")[:-1])
    return list(itertools.takewhile(lambda part: part != "**", parts))


def _kape_folders(glob: _Glob) -> Iterator[str]:
    above = ["/".join("*" * depth) for depth in range(_ODD_FOLDERS + 1)]
    if glob.usual is not None:
        above.insert(0, glob.usual)
    for folder in dict.fromkeys(above):
        yield "/".join(part for part in (folder, *glob.folders) if part)


def _kape_mask(names: Iterable[str]) -> str:
    """KAPE matches the whole name; an expression may start with its options."""
    return f"regex:(?i)(?:{'|'.join(sorted(set(names)))})(?:\\.(?:{_PACKED}))?"


def _kape_entry(
    title: str, folder: str, mask: str, *, recursive: bool, always: bool = False
) -> Iterator[str]:
    path = "\\".join(["C:", *folder.split("/"), ""] if folder else ["C:", ""])
    yield "    -\n"
    yield f"        Name: {_quoted(title)}\n"
    yield "        Category: Exchange\n"
    yield f"        Path: {_quoted(path)}\n"
    yield f"        Recursive: {str(recursive).lower()}\n"
    yield f"        FileMask: {_quoted(mask)}\n"
    if always:
        yield "        AlwaysAddToQueue: true\n"


def _quoted(text: str) -> str:
    """As YAML, in single quotes: nothing in it is special then."""
    return "'" + text.replace("'", "''") + "'"


def _velociraptor_globs(text: str) -> Iterator[str]:
    """The glob from the drive's root.

    Its documentation says that ``**`` takes folders and ``*`` characters, one or more; ours are
    none or more. So each is written with and without.
    """
    deep = f"**{_RECURSIVE_DEPTH}"
    floating = text if text.startswith("**/") else f"**/{text}"
    *folders, last = floating.split("/")
    choices = [((), (deep,)) if part == "**" else ((part,),) for part in folders]
    for chosen in itertools.product(*choices):
        above = [part for parts in chosen for part in parts]
        for name in _with_and_without_stars(last):
            yield "/".join([*above, name])
            if name.lower().endswith(_PACKED_LOGS):
                # Packed. A comma, as in braces, would end the column that this stands in.
                yield "/".join([*above, f"{name}.*"])


def _with_and_without_stars(name: str) -> Iterator[str]:
    parts = name.split("*")
    for stars in itertools.product(("*", ""), repeat=len(parts) - 1):
        text = "".join(part + star for part, star in zip(parts, (*stars, ""), strict=True))
        if text and not text.startswith("."):
            yield text


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def main(folder: Path) -> None:
    """Write every list below `folder`."""
    for name, text in rendered().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
