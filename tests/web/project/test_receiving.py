"""What a desk that serves takes in, from a socket: how much, from whom, and how slowly."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tocsin.web.project import receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]

_ROOT = Path(__file__).resolve().parents[3]
_MIB = 2**20
_ENTER = """
from tocsin.web.project import starting
starting.start()
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Constituency
Campaign.objects.create(slug="c", name="C", pack="proxylogon", cves=[],
                        constituency=Constituency.objects.create(slug="c", name="C"))
from tests.web.stories.enter import main
main("c", "analyst", "ada")
"""


class Server(NamedTuple):
    home: Path
    port: int
    cookie: str


def _environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "DJANGO_"))}
    return {**kept, "TOCSIN_DESK_HOME": str(home)}


def _run(home: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        env=_environment(home),
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tocsin desk serve` on a real port, and the cookie of somebody who has signed in."""
    home = tmp_path_factory.mktemp("desk") / "home"
    _run(home, "-m", "tocsin", "desk", "init")
    told = json.loads(_run(home, "-c", _ENTER).splitlines()[-1])
    incoming = home / "incoming"
    assert 0o700 == incoming.stat().st_mode & 0o777
    (incoming / "abc.upload.zip").write_bytes(b"left behind by a server that was killed")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    log = home.parent / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "desk", "serve", "--listen", f"127.0.0.1:{port}"],
            env=_environment(home),
            cwd=_ROOT,
            stderr=file,
        )
    deadline = time.monotonic() + 60
    while "The desk answers" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield Server(home, port, f"{told['name']}={told['value']}")
    # Not SIGINT, which whatever a shell began in the background ignores.
    process.terminate()
    process.wait(timeout=20)


def _asked(server: Server, path: str, *lines: str, body: bytes = b"") -> bytes:
    """The answer to a POST, after which the server closes the connection."""
    header = "\r\n".join(
        [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as one:
        one.sendall(header.encode() + body)
        got = b""
        with suppress(ConnectionResetError):  # what was sent and not read
            while piece := one.recv(4096):
                got += piece
        return got


def _status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.\d (\d+)", answer)
    assert found, answer
    return int(found[1])


@pytest.mark.parametrize("path", ["/accounts/login/", "/c/c/hunts/new/", "/nowhere", "/c/c/"])
def test_a_large_body_of_a_stranger_is_refused_before_any_of_it_is_sent(
    server: Server, path: str
) -> None:
    answer = _asked(server, path, f"Content-Length: {8 * 2**30}")
    assert 413 == _status(answer)
    assert b"people who have signed in" in answer


def test_who_asks_first_is_not_told_to_go_on(server: Server) -> None:
    answer = _asked(server, "/accounts/login/", f"Content-Length: {2**30}", "Expect: 100-continue")
    assert 413 == _status(answer)


def test_a_chunked_body_is_counted(server: Server) -> None:
    piece = b"%x\r\n" % _MIB + b"a" * _MIB + b"\r\n"
    answer = _asked(
        server, "/accounts/login/", "Transfer-Encoding: chunked", body=piece * 2 + piece[:5000]
    )
    assert 413 == _status(answer)


def test_a_small_form_of_a_stranger_is_read(server: Server) -> None:
    answer = _asked(server, "/accounts/login/", "Content-Length: 3", body=b"a=b")
    assert 403 == _status(answer)  # no token against forgery: Django was asked


@pytest.mark.parametrize("cookie", ["sessionid=invented", 'sessionid="', "sessionid"])
def test_an_invented_session_is_nobody(server: Server, cookie: str) -> None:
    answer = _asked(server, "/c/c/hunts/new/", f"Cookie: {cookie}", f"Content-Length: {3 * _MIB}")
    assert 413 == _status(answer)


def test_somebody_who_signed_in_sends_files_to_upload_pages_alone(server: Server) -> None:
    cookie = f"Cookie: {server.cookie}"
    size = 3 * _MIB
    sent = _asked(server, "/c/c/hunts/new/", cookie, f"Content-Length: {size}", body=b"a" * size)
    assert 403 == _status(sent)  # read to its end, and refused by Django for want of a token
    elsewhere = _asked(server, "/c/c/hosts/", cookie, f"Content-Length: {size}")
    assert 413 == _status(elsewhere)
    feed = _asked(server, "/c/c/imports/new/", cookie, f"Content-Length: {2 * 2**30}")
    assert 413 == _status(feed)  # evidence may be as large, and a feed not


def test_what_a_killed_server_left_behind_is_gone(server: Server) -> None:
    assert [".lock"] == [path.name for path in (server.home / "incoming").iterdir()]


_ADJUSTED = SimpleNamespace(
    max_request_header_size=65536,
    max_request_body_size=2**33,
    inbuf_overflow=65536,
    url_scheme="http",
)


@pytest.mark.parametrize(
    ("sent", "seconds", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n", 29, None),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", 31, 408),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\na", 100, None),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\na", 130, 408),
    ],
)
def test_a_request_that_comes_drop_by_drop_ends(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, seconds: float, status: int | None
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    parser = receiving.Parser(_ADJUSTED)
    parser.received(sent)
    now += seconds
    parser.received(b"b")
    assert status == (None if parser.error is None else parser.error.code)
    assert parser.completed == (status is not None)
