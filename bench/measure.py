"""Run a command to its end or to a limit, and say what it took, its children included."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one command took. Memory is the largest sum over its processes at any moment.

    It is 0 where the command was too short to be looked at: what the system itself remembers
    is that of this program, from before it became the command.
    `code` is None where it was stopped at the limit: then the times are what it had taken by then.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    code: int | None


def measure(
    command: Sequence[str],
    *,
    out: Path | None = None,
    limit_s: float = 3600,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run `command`; its stdout goes to the file `out`, else nowhere."""
    started = time.monotonic()
    with Path(out or os.devnull).open("wb") as target:
        process = subprocess.Popen(
            command,
            stdout=target,
            stdin=subprocess.DEVNULL,
            env={**_ordinary(), **(environment or {})},
            start_new_session=True,  # so that a limit stops its children as well
        )
        watch = Watch(process.pid)
        watch.start()
        timer = threading.Timer(limit_s, watch.stop_it)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - started
    timer.cancel()
    watch.done.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if watch.stopped_cpu_s is not None:
        return Run(
            wall_s=wall_s, cpu_s=watch.stopped_cpu_s, peak_mib=watch.peak_kib / 1024, code=None
        )
    return Run(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=watch.peak_kib / 1024,
        code=process.returncode,
    )


def _ordinary() -> dict[str, str]:
    """This environment, but that Python keeps what it compiles, as where it is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Watch(threading.Thread):
    """Looks at a process and its children ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak_kib, self.done = pid, 0, threading.Event()
        self.stopped_cpu_s: float | None = None

    def run(self) -> None:
        while not self.done.wait(0.1):
            if command_line(self.pid) == command_line(os.getpid()):
                continue  # it has not become the command yet
            self.peak_kib = max(self.peak_kib, sum(map(resident_kib, family(self.pid))))

    def stop_it(self) -> None:
        """End the command and all that it started; note what they had used."""
        self.stopped_cpu_s = sum(map(cpu_s, family(self.pid)))
        os.killpg(self.pid, signal.SIGKILL)


def family(pid: int) -> list[int]:
    """A process and everything below it; only itself where there is no /proc."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in tasks.read_text().split()]
            except OSError:
                continue  # it has ended meanwhile
    return found


def command_line(pid: int) -> bytes:
    """How a process was started; empty where it cannot be told."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def resident_kib(pid: int) -> int:
    """Resident memory, 0 where it cannot be told."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def cpu_s(pid: int) -> float:
    """User and system time so far, of the process and of its children that have ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, told[11:15])) / HERTZ
