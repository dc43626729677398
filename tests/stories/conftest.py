"""Each sample server is built and hunted once for all stories."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.stories.servers import host_of
from tocsin import samples
from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.servers import Attacked
    from tocsin.model.result import HostResult, Result


@pytest.fixture(scope="session")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Result]:
    """The result of hunting through the sample of this name."""

    @cache
    def result(name: str) -> Result:
        source = samples.build(name, tmp_path_factory.mktemp(name))
        return hunt([source], Options(), SilentProgress())

    return result


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """The result of hunting through the server of this chain with this outcome."""

    @cache
    def result(chain: str, outcome: str) -> HostResult:
        folder = tmp_path_factory.mktemp(f"{chain}-{outcome}")
        return host_of(samples.build_chain(chain, outcome, folder))

    return result
