"""Each sample server is built and hunted once for all stories."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import Result


@pytest.fixture(scope="session")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Result]:
    """The result of hunting through the sample of this name."""

    @cache
    def result(name: str) -> Result:
        source = samples.build(name, tmp_path_factory.mktemp(name))
        return hunt([source], Options(), SilentProgress())

    return result
