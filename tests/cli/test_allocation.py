"""Freed memory is kept where the C library can do it, and nothing breaks where it cannot."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys

import pytest

from tocsin.cli import allocation

FAULTS = """
import resource, numpy
if {keep}:
    from tocsin.cli.allocation import keep_freed_memory
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    numpy.ones(2**20, numpy.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt") or not sys.platform.startswith("linux"),
    reason="the C library has no mallopt",
)
def test_blocks_come_from_memory_that_was_freed_before() -> None:
    def faults(*, keep: bool) -> int:
        code = FAULTS.format(keep=keep)
        return int(subprocess.check_output([sys.executable, "-c", code]))

    assert faults(keep=True) < 0.75 * faults(keep=False)


def test_a_system_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not allocation.keep_freed_memory()


def test_a_c_library_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not allocation.keep_freed_memory()


def test_garbage_is_looked_for_less_often_than_python_does_by_itself() -> None:
    before = gc.get_threshold()
    gc.set_threshold(700, *before[1:])
    try:
        allocation.collect_seldom()
        assert gc.isenabled()
        assert 7_000 < gc.get_threshold()[0]
    finally:
        gc.set_threshold(*before)
