"""`tocsin desk`, as people and services run it: in processes of its own, on a real folder."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tocsin.cli.entry import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # each process reads Django, and init makes a database

TOCSIN = (sys.executable, "-m", "tocsin")
_SETTINGS = re.compile(r"^(TOCSIN_|DJANGO_)")


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _SETTINGS.match(name)}
    return {**kept, "TOCSIN_DESK_HOME": str(home), **more}


def desk(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOCSIN, "desk", *words],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that was set up."""
    folder = tmp_path_factory.mktemp("desk") / "home"
    done = desk(folder, "init")
    assert 0 == done.returncode, done.stderr
    assert "tocsin desk create-user NAME --administrator" in done.stdout
    return folder


def test_the_folder_is_for_its_owner_alone(home: Path) -> None:
    assert 0o700 == home.stat().st_mode & 0o777
    for path in (home / "desk.sqlite3", home / "secret-key"):
        assert 0o600 == path.stat().st_mode & 0o777


def test_init_can_be_repeated_and_keeps_the_key(home: Path) -> None:
    key = (home / "secret-key").read_text(encoding="ascii")
    assert 0 == desk(home, "init").returncode
    assert key == (home / "secret-key").read_text(encoding="ascii")


def test_check_finds_nothing_after_init(home: Path) -> None:
    done = desk(home, "check")
    assert (0, "Nothing is wrong with the settings and the database.\n") == (
        done.returncode,
        done.stdout,
    )


def test_production_asks_for_a_key_and_init_prints_one(tmp_path: Path) -> None:
    refused = desk(tmp_path / "home", "check", TOCSIN_DESK_HOSTS="desk.example.org")
    assert 2 == refused.returncode
    assert "set TOCSIN_SECRET_KEY" in refused.stderr

    made = desk(tmp_path / "home", "init", TOCSIN_DESK_HOSTS="desk.example.org")
    key = re.search(r"^TOCSIN_SECRET_KEY=(\S{80,})$", made.stdout, flags=re.MULTILINE)
    assert key
    assert not (tmp_path / "home" / "secret-key").exists()

    set_up = {"TOCSIN_DESK_HOSTS": "desk.example.org", "TOCSIN_SECRET_KEY": key[1]}
    checked = desk(tmp_path / "home", "check", **set_up)
    assert 0 == checked.returncode, checked.stdout
    again = desk(tmp_path / "home", "init", **set_up)
    assert "TOCSIN_SECRET_KEY" not in again.stdout
    link = desk(tmp_path / "home", "create-user", "ada", "--administrator", **set_up)
    assert link.stdout.startswith("https://desk.example.org/accounts/password/link/")


def test_an_account_is_made_with_a_link_and_without_a_password(home: Path) -> None:
    done = desk(home, "create-user", "grace", "--administrator")

    assert re.fullmatch(r"http://localhost:8000/accounts/password/link/\w+-[\w-]+/\n", done.stdout)
    with sqlite3.connect(home / "desk.sqlite3") as database:
        row = database.execute(
            "SELECT password, is_administrator FROM accounts_user WHERE username = 'grace'"
        ).fetchone()
    assert row[0].startswith("!")
    assert row[1]
    assert done.stdout.split("-")[-1].strip("/\n") not in (home / "desk.sqlite3").read_text(
        encoding="latin-1"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create-user", "grace hopper"), "valid username"),
        (("create-user", "x", "--role", "viewer", "--campaign", "none"), "no such campaign"),
        (("create-user", "nobody", "--new-link"), "nobody has this user name"),
    ],
)
def test_what_cannot_be_done_is_said_with_2(home: Path, words: tuple[str, ...], said: str) -> None:
    done = desk(home, *words)
    assert 2 == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create-user", "x", "--role", "viewer"), "go together"),
        (("create-user", "x", "--reset-second-factor"), "goes with --new-link"),
        (("serve", "--listen", "0.0.0.0:8000"), "TOCSIN_DESK_HOSTS"),
        (("serve", "--listen", "192.0.2.1:8000"), "TOCSIN_DESK_HOSTS"),
        (("serve", "--listen", "[::]:8000"), "TOCSIN_DESK_HOSTS"),
        (("serve", "--listen", "here"), "127.0.0.1:8000"),
        (("serve", "--listen", "127.0.0.1:70000"), "127.0.0.1:8000"),
        (("serve", "--threads", "0"), "from 1 to 256"),
        (("serve", "--max-body", "0"), "at least 1"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TOCSIN_DESK_HOSTS", raising=False)
    assert 2 == main(["desk", *words])
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told_with_3(tmp_path: Path) -> None:
    assert 3 == main(["desk", "import", "none", str(tmp_path / "none.csv")])


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_without_init_each_command_says_to_run_it(tmp_path: Path, command: str) -> None:
    done = desk(tmp_path / "home", command)
    assert 2 == done.returncode
    assert "run tocsin desk init" in done.stderr


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = desk(
        tmp_path, "verify-log", TOCSIN_DATABASE_URL=f"postgresql://desk@/desk?host={tmp_path}"
    )
    assert 2 == done.returncode
    assert "the database cannot be used" in done.stderr


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    done = desk(tmp_path / "file" / "home", "init")
    assert 2 == done.returncode
    assert "TOCSIN_DESK_HOME" in done.stderr


def test_accounts_made_at_once_form_one_chain(home: Path) -> None:
    def make(number: int) -> int:
        return desk(home, "create-user", f"many{number}").returncode

    with ThreadPoolExecutor(3) as pool:
        assert {0} == set(pool.map(make, range(3)))

    done = desk(home, "verify-log")
    assert 0 == done.returncode
    assert re.fullmatch(r"\d+ decisions, the last hash is [0-9a-f]{64}\n", done.stdout)


def test_a_broken_chain_is_told_with_1(tmp_path: Path) -> None:
    desk(tmp_path / "home", "init")
    desk(tmp_path / "home", "create-user", "ada")
    with sqlite3.connect(tmp_path / "home" / "desk.sqlite3") as database:
        database.execute("DROP TRIGGER decision_update")
        database.execute("UPDATE audit_decision SET subject = 'another' WHERE number = 1")

    done = desk(tmp_path / "home", "verify-log")

    assert (1, "broken at decision 1: it was changed after it was written\n") == (
        done.returncode,
        done.stdout,
    )


@pytest.fixture
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A desk that serves with a worker beside it, on a port that was free."""
    port = 20000 + os.getpid() % 20000
    process = subprocess.Popen(
        [*TOCSIN, "desk", "serve", "--with-worker", "--listen", f"127.0.0.1:{port}"],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process, f"127.0.0.1:{port}"
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_it_serves_refuses_a_second_one_and_ends_with_its_worker(
    home: Path, serving: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = serving
    assert process.stderr
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "The desk answers at" in line:
            break
    assert lines, "it ended"

    second = desk(home, "serve", "--listen", address)
    assert 2 == second.returncode
    assert "something else listens there" in second.stderr

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert 0 == process.wait(timeout=30)
    assert time.monotonic() - began < 20


def test_other_commands_do_not_read_django() -> None:
    """Tocsin starts as fast as before, and works without the extra."""
    code = (
        "import sys; from tocsin.cli.entry import parser; parser(); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'django', 'allauth', 'waitress', 'csp'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "[]\n" == done.stdout


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tocsin.cli.commands.desk.find_spec", lambda _name: None)
    assert 2 == main(["desk", "init"])
    assert "install tocsin[web]" in capsys.readouterr().err
