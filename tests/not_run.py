"""A pytest plugin: whatever was skipped is said at the end, with its reason.

`make test` reads the file named by TOCSIN_NOT_RUN_FILE and prints it as its last line.
"""

import os
from pathlib import Path

import pytest


def reasons(reporter: pytest.TerminalReporter) -> list[str]:
    """One line per skipped test, or per file that was skipped as a whole."""
    skipped: dict[str, str] = {}
    for report in reporter.getreports("skipped"):
        # longrepr of a skip is (file, line, "Skipped: why"). Two workers report one file twice.
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped[report.nodeid] = why.removeprefix("Skipped: ")
    return [f"{nodeid}: {why}" for nodeid, why in sorted(skipped.items())]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leave the list where `make test` finds it."""
    target = os.environ.get("TOCSIN_NOT_RUN_FILE")
    if target is None:
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in reasons(terminalreporter)), encoding="utf-8")
