"""A desk of its own for the stories: the real commands, the real settings, a small country."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.web.demonstration.country import Size

if TYPE_CHECKING:
    from tocsin.web.accounts.models import Role

ROOT = Path(__file__).resolve().parents[3]
CAMPAIGN = "proxylogon"
SEED, SMALL = 3, Size(organisations=60, hosts=220, days=5)
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/accounts/\S+")
_PATIENCE_S = 60.0


class Desk:
    """A folder with a demonstration in it, and a server in front."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self._listen = f"127.0.0.1:{self.port}"
        self.url = f"http://{self._listen}"
        self._numbers = count(1)
        self._server: subprocess.Popen[bytes] | None = None
        self.said = self.run("-m", "tocsin.web.demonstration", "--no-serve", *self._asked())

    @property
    def link(self) -> str:
        """The one-time link of the administrator, as it was printed."""
        found = _LINK.search(self.said)
        assert found is not None, self.said
        return found[0]

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with (self.home / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "desk", "serve", "--listen", self._listen],
                env=self._environment(),
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self._server.poll() is None, (self.home / "server.log").read_text()
            assert time.monotonic() < deadline, "the desk does not answer"
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=20)

    def work(self) -> str:
        """Let a worker do what waits, and nothing more."""
        return self.run("-m", "tocsin", "desk", "worker", "--once")

    def enter(self, role: Role) -> dict[str, Any]:
        """The cookie of somebody new with this role, who has signed in with a second factor."""
        name = f"{role.value}-{next(self._numbers)}"
        told = self.run("-m", "tests.web.stories.enter", CAMPAIGN, role.value, name)
        cookie: dict[str, Any] = json.loads(told.splitlines()[-1])
        return {**cookie, "url": self.url}

    def invite(self, role: Role, name: str) -> str:
        """The one-time link of somebody new with this role."""
        of = ("--campaign", CAMPAIGN, "--role", role.value, "--url", self.url)
        return self.run("-m", "tocsin", "desk", "create-user", name, *of).strip()

    def run(self, *command: str) -> str:
        """Run a Python command on this desk, and return what it said."""
        done = subprocess.run(
            [sys.executable, *command],
            env=self._environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _asked(self) -> tuple[str, ...]:
        return (
            *("--home", str(self.home), "--port", str(self.port), "--seed", str(SEED)),
            *("--organisations", str(SMALL.organisations)),
            *("--hosts", str(SMALL.hosts), "--days", str(SMALL.days)),
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "TOCSIN_DATABASE_URL"}
        return {
            **kept,
            "TOCSIN_DESK_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "tocsin.web.project.settings.local",
        }

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
