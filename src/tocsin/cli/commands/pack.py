"""`tocsin pack`: the packs in use, newer ones without a release, and the way back."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import tocsin
from tocsin.cli import folders, knowledge, pack_listing, times
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.pack_checking import check
from tocsin.errors import UsageError
from tocsin.knowledge import store
from tocsin.knowledge.bundle import write_bundle
from tocsin.knowledge.new_pack import new_pack
from tocsin.knowledge.packs import all_packs
from tocsin.knowledge.root import BUILTIN, using
from tocsin.knowledge.signature import PublicKey, read_key
from tocsin.knowledge.update import Staged, Terms, staged
from tocsin.knowledge.version import builtin_version
from tocsin.matching.proving import prove
from tocsin.report.visible import visible
from tocsin.report.words import count

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from tocsin.knowledge.inventory import Change

    _Add = Callable[..., ArgumentParser]
    """Begins the options of one thing to do."""

_NAMES_SHOWN = 12


def configure(parser: ArgumentParser) -> None:
    """Add what can be done, each with its options."""
    what = parser.add_subparsers(
        dest="what", metavar="WHAT", required=True, help="what to do, see below"
    )
    for several in (_looking, _bundles, _beginning):
        several(what.add_parser)


def _looking(add: _Add) -> None:
    listing = add("list", help="what the packs in use cover, and the versions installed")
    listing.add_argument("--json", action="store_true", help="as JSON, with all texts")
    listing.add_argument(
        "--changes", action="store_true", help="what became of the rules, the newest first"
    )
    listing.add_argument("--since", metavar="DATE", help="with --changes: from this day on")
    listing.set_defaults(do=_list)

    checking = add("check", help="try a pack, or a whole folder of knowledge")
    checking.add_argument(
        "paths",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="PATH",
        help="the folder; the working directory unless given",
    )
    checking.add_argument(
        "--record",
        action="store_true",
        help="write down what the rules look for now, once changes.toml says why it changed",
    )
    checking.set_defaults(do=_check)


def _bundles(add: _Add) -> None:
    update = add("update", help="install newer knowledge, signed by a trusted key")
    update.add_argument("path", type=Path, metavar="PATH", help="the bundle, a tar or zip file")
    update.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="trust this public key (minisign's format) and no other; repeatable",
    )
    update.add_argument("--yes", action="store_true", help="do not ask, install")
    update.add_argument(
        "--allow-older", action="store_true", help="take knowledge that is not newer, too"
    )
    update.set_defaults(do=_update)

    rollback = add("rollback", help="use again what was in use before")
    rollback.set_defaults(do=_rollback)

    bundle = add("bundle", help="pack a folder of knowledge, to be signed")
    bundle.add_argument("path", type=Path, metavar="PATH", help="the folder")
    bundle.add_argument("--output", type=Path, required=True, metavar="FILE", help="the tar file")
    bundle.add_argument("--date", required=True, metavar="DATE", help="its version: 2026-12-01")
    bundle.add_argument(
        "--minimum-tocsin",
        default=tocsin.__version__,
        metavar="VERSION",
        help="the oldest Tocsin that can use it (%(default)s)",
    )
    bundle.set_defaults(do=_bundle)


def _beginning(add: _Add) -> None:
    new = add("new", help="begin a pack that can be checked and hunted with at once")
    new.add_argument("slug", metavar="SLUG", help="its name: small letters, digits and '-'")
    new.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where its folder is made; the working directory unless given",
    )
    new.set_defaults(do=_new)


def run(arguments: Namespace) -> int:
    """Do what was asked for."""
    arguments.do(arguments)
    return Exit.DONE


def _list(arguments: Namespace) -> None:
    if arguments.since is not None and not arguments.changes:
        raise UsageError("goes with --changes", where="--since")
    since = times.since(arguments.since)
    current = _base(arguments)
    with using(current.root):
        if arguments.changes:
            day = since.date() if since is not None else None
            _show(
                pack_listing.changes_as_text(all_packs(), day),
                pack_listing.changes_as_json(all_packs(), day) if arguments.json else None,
            )
            return
        listed = pack_listing.Listed(
            version=current.version,
            origin="of this release" if current.root == BUILTIN else "installed",
            packs=all_packs(),
            installed={
                name: "in use" if current.root.name == name else "kept"
                for name in store.installed(folders.knowledge_store())
            },
        )
        _show(
            pack_listing.as_text(listed),
            pack_listing.as_json(listed) if arguments.json else None,
        )


def _show(lines: Iterable[str], as_json: bytes | None) -> None:
    if as_json is not None:
        sys.stdout.write(as_json.decode("utf-8"))
        return
    for line in lines:
        print(line)


def _check(arguments: Namespace) -> None:
    with using(_base(arguments).root):
        for path in arguments.paths:
            print(check(path, today=_today(), record=arguments.record))


def _new(arguments: Namespace) -> None:
    with using(_base(arguments).root):
        made = new_pack(arguments.slug, arguments.folder, today=_today(), rule_id=uuid4())
    print(f"{made}: begin with {made / 'pack.toml'}, and try it with: tocsin pack check {made}")
    print(f"Hunt with it: tocsin hunt SOURCE --pack-folder {made}")


def _update(arguments: Namespace) -> None:
    terms = Terms(
        store=folders.knowledge_store(),
        keys=_keys(arguments.key),
        current=_base(arguments),
        builtin_version=builtin_version(),
        tocsin_version=tocsin.__version__,
        prove=prove,
        allow_older=arguments.allow_older,
    )
    with staged(arguments.path, terms) as update:
        _tell(update)
        if not arguments.yes and not _agreed():
            print("Nothing was changed.")
            return
        update.install()
    print(f"Knowledge of {update.manifest.version} is in use. Back: tocsin pack rollback")


def _rollback(_arguments: Namespace) -> None:
    name = store.roll_back(folders.knowledge_store(), builtin_version())
    print(f"In use again: {name or 'the knowledge of this release'}")


def _bundle(arguments: Namespace) -> None:
    check(arguments.path, today=_today())
    content = write_bundle(
        arguments.path, version=arguments.date, minimum_tocsin=arguments.minimum_tocsin
    )
    try:
        arguments.output.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"{arguments.output} cannot be written: {error.strerror}", where="--output"
        ) from error
    print(f"{arguments.output}: sign it with minisign -S -m {arguments.output}")


def _today() -> date:
    return datetime.now(tz=UTC).date()


def _base(arguments: Namespace) -> store.Chosen:
    """What is in use: what changes is told against it."""
    if arguments.builtin_knowledge:
        return store.Chosen(root=BUILTIN, version=builtin_version())
    with knowledge.saying_how_to_go_on():
        return knowledge.current()


def _keys(named: Sequence[Path]) -> list[PublicKey]:
    folder = folders.trusted_keys()
    paths = list(named) or sorted(folder.glob("*.pub"))
    if not paths:
        raise UsageError(
            "no key is trusted yet. Get the public key from whoever publishes the knowledge, "
            "compare its id with them in another way, and name it with --key FILE or put it into "
            f"{folder} as NAME.pub",
            where="pack update",
        )
    keys = []
    for path in paths:
        try:
            keys.append(read_key(path.read_bytes(), str(path)))
        except OSError as error:
            raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return keys


def _tell(update: Staged) -> None:
    print(f"Knowledge of {update.manifest.version}, in place of {update.terms.current.version}")
    print(f"Signed with the key {update.voucher.key.name} ({update.voucher.key.where})")
    print(f"Its publisher says: {visible(update.voucher.comment)}")
    if not update.changes:
        print("It changes nothing.")
    for change in update.changes:
        for verb, names in (("added", change.added), ("changed", change.changed)):
            if names:
                print(f"{_counted(change, names)} {verb}: {_some(names)}")
        if change.removed:
            # All of them by name: what a rule found before must not vanish silently.
            print(f"{_counted(change, change.removed)} REMOVED: {', '.join(change.removed)}")
            if change.kind in {"rule", "attack chain", "pack"}:
                print("  What they found before will not be found any more.")


def _counted(change: Change, names: Sequence[str]) -> str:
    return count(len(names), change.kind)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _agreed() -> bool:
    print("Use it from now on? [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise UsageError("nobody is there to answer; look at the changes and add --yes")
    return answer.strip().lower() in {"y", "yes"}


COMMAND = Command(
    name="pack",
    help="List, check and begin packs, and install newer knowledge without a release.",
    configure=configure,
    run=run,
    reads_knowledge=False,
)
