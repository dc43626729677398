"""TOML files of a pack: read into typed objects, and what is wrong is said with file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class PackToml(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a TOML file of a pack holds, or a part of it; a misspelt key is an error."""


def read_toml(path: Path, kind: type[T], folder: Path) -> T:
    """The file at `path`, which lies in the pack's `folder`. Raises `KnowledgeError`."""
    where = name_in_packs(path, folder)
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise KnowledgeError("is missing", where=where) from error
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", where=where) from error
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=where) from error
    except msgspec.DecodeError as error:
        raise KnowledgeError(f"is not TOML: {error}", where=where) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"is not UTF-8: {error}", where=where) from error


def name_in_packs(path: Path, folder: Path) -> str:
    """What a file of the pack in `folder` is called in messages: ``proxylogon/pack.toml``."""
    return path.relative_to(folder.parent).as_posix()
