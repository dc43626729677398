"""Run every check of the project in turn, and say at the end what failed and what did not run.

`make test` is this script. All checks run even when one fails, so that one run shows everything.
The last line printed is `NOT RUN (n): ...` if a test could not run; with REQUIRE=all in the
environment that fails the run.
"""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
NOT_RUN_FILE = ROOT / "build" / "not-run.txt"

LINT: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "layers": ["lint-imports", "--no-cache", "--no-logo"],
}
DOCS: dict[str, list[str]] = {
    "docs": ["sphinx-build", "-n", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/docs"],
}
# The desk's tests once more, on the other database. The browser need not see it twice; the slow
# ones (the demonstration in full size, command lines) have small ones beside them that run here.
POSTGRESQL = [
    *("python", "tools/on_postgresql.py", "pytest", "-n", "2", "tests/web"),
    *("-m", "not browser and not slow"),
]


def main(arguments: list[str]) -> int:
    """Run the checks that were asked for; 0 only if all of them hold."""
    if arguments[:2] == ["--only", "lint"]:
        return report(run_all(LINT), not_run=[])

    pytest_arguments = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    NOT_RUN_FILE.unlink(missing_ok=True)
    os.environ["TOCSIN_NOT_RUN_FILE"] = str(NOT_RUN_FILE)
    # One seed for the order of the tests, `random` and hypothesis; to repeat a run, pass both:
    # make test ARGS='--randomly-seed=N --hypothesis-seed=N'
    seed = secrets.randbelow(2**32)
    seeds = [f"--randomly-seed={seed}", f"--hypothesis-seed={seed}"]
    tests = {"pytest": ["pytest", "-n", "2", *seeds, *pytest_arguments]}
    results = run_all(LINT | DOCS | tests)
    not_run = read_not_run(NOT_RUN_FILE)
    if not pytest_arguments:
        NOT_RUN_FILE.unlink(missing_ok=True)
        results |= run_all({"postgresql": [*POSTGRESQL, *seeds]})
        not_run += read_not_run(NOT_RUN_FILE)
    return report(results, not_run)


def run_all(checks: dict[str, list[str]]) -> dict[str, tuple[int, float]]:
    """Run each command from the project's environment; exit code and seconds for each."""
    results = {}
    for name, (program, *rest) in checks.items():
        print(f"\n== {name}", flush=True)
        started_s = time.monotonic()
        done = subprocess.run([BIN / program, *rest], cwd=ROOT, check=False)
        results[name] = (done.returncode, time.monotonic() - started_s)
    return results


def read_not_run(path: Path) -> list[str]:
    """Read what the tests left behind; a missing file means that pytest never got to its end."""
    if not path.exists():
        return ["pytest ended before it could say what it left out"]
    return path.read_text(encoding="utf-8").splitlines()


def report(results: dict[str, tuple[int, float]], not_run: list[str]) -> int:
    """Print the summary, what did not run as its last line, and return the exit code."""
    print("\n== summary")
    for name, (code, seconds) in results.items():
        verdict = "ok" if code == 0 else f"FAILED ({code})"
        print(f"  {name:<12} {verdict:<12} {seconds:6.1f} s")
    failed = any(code != 0 for code, _ in results.values())

    if not_run and os.environ.get("REQUIRE") == "all":
        print("  REQUIRE=all: what did not run counts as failed")
        failed = True
    if not_run:
        print(f"NOT RUN ({len(not_run)}): {'; '.join(by_reason(not_run))}")
    return int(failed)


def by_reason(not_run: list[str]) -> list[str]:
    """Tell each reason once, with the tests that it kept from running."""
    tests: dict[str, list[str]] = {}
    for line in not_run:
        test, _, reason = line.partition(": ")
        tests.setdefault(reason, []).append(test)
    return [
        f"{reason}: {', '.join(kept)}" if reason else kept[0] for reason, kept in tests.items()
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
