"""Tasks of the tests' own, which stand in for those of the apps."""

from __future__ import annotations

import pytest

from tocsin.web.work import worker
from tocsin.web.work.registry import Tasks


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """What the worker can do in this test: fill it in."""
    mine = Tasks(run={}, on_failure={})
    monkeypatch.setattr(worker, "all_tasks", lambda: mine)
    return mine
