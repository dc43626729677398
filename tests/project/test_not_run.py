"""What did not run is said: the plugin that collects skips, and the summary that prints them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

@pytest.fixture
def corpus():
    pytest.skip("no corpus here")

def test_that_runs(): pass
def test_that_needs_the_corpus(corpus): pass
@pytest.mark.skip(reason="not on this system")
def test_that_is_marked(): pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "in two workers"])
def test_every_skip_is_left_behind_with_its_reason(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "test_whole_file.py").write_text("import pytest\npytest.importorskip('no_such')\n")
    left_behind = tmp_path / "build" / "not-run.txt"

    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.not_run", "--rootdir", tmp_path, *workers],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TOCSIN_NOT_RUN_FILE": str(left_behind)},
        check=True,
        capture_output=True,
    )

    assert [
        "test_some.py::test_that_is_marked: not on this system",
        "test_some.py::test_that_needs_the_corpus: no corpus here",
        "test_whole_file.py: could not import 'no_such': No module named 'no_such'",
    ] == left_behind.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks", ROOT / ".ci" / "checks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_did_not_run_is_the_last_line(
    checks: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUIRE", raising=False)

    assert 0 == checks.report(
        {"pytest": (0, 1.0)}, ["a: no corpus", "b: no Chromium", "c: no corpus"]
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert "NOT RUN (3): no corpus: a, c; no Chromium: b" == last


def test_with_require_all_what_did_not_run_is_a_failure(
    checks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE", "all")

    assert 1 == checks.report({"pytest": (0, 1.0)}, ["a: no corpus"])
    assert 0 == checks.report({"pytest": (0, 1.0)}, [])


def test_one_failed_check_fails_the_run(checks: ModuleType) -> None:
    assert 1 == checks.report({"ruff": (1, 1.0), "pytest": (0, 1.0)}, [])


def test_a_pytest_that_died_is_not_taken_for_a_complete_run(
    checks: ModuleType, tmp_path: Path
) -> None:
    assert 1 == len(checks.read_not_run(tmp_path / "never-written"))
