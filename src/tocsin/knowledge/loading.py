"""Load everything that is known, so that a broken table is found before anybody hunts with it."""

from __future__ import annotations

import importlib
import pkgutil

from tocsin import knowledge
from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import data_root, loaders


def load_everything() -> None:
    """Call every loader of facts. Raises `KnowledgeError` for the first that fails."""
    for info in pkgutil.iter_modules(knowledge.__path__):
        importlib.import_module(f"{knowledge.__name__}.{info.name}")
    for load in loaders():
        try:
            load()
        except OSError as error:
            raise KnowledgeError(
                f"cannot be read: {error.strerror}", where=str(error.filename or data_root())
            ) from error
        except UnicodeDecodeError as error:
            raise KnowledgeError(f"holds a file that is not UTF-8: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            # A table of another shape than this version's, such as one without a column.
            raise KnowledgeError(
                f"{load.__module__} cannot read its table: {type(error).__name__}: {error}"
            ) from error
