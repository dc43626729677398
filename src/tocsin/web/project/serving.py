"""`tocsin desk serve`: waitress, and beside it a worker where that is wanted."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

import waitress

from tocsin.errors import UsageError
from tocsin.web.project import starting

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.handlers.wsgi import WSGIHandler

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 5
_CONNECTIONS = 400
_IDLE_SECONDS = 60
_HEADER_BYTES = 64 * 2**10
_IN_MEMORY_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Listen:
        """``127.0.0.1:8000``, ``[::1]:8000``, ``8000``. Raises `UsageError`."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
        if not port.isdecimal() or not 0 < int(port) < 2**16:
            raise UsageError(f"{text!r} is not understood; write 127.0.0.1:8000", where="--listen")
        if host == "localhost":
            host = "127.0.0.1"
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise UsageError(f"{host!r} is no address", where="--listen") from None
        return cls(host=host, port=int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def serve(
    listen: Listen,
    *,
    threads: int,
    max_body_bytes: int | None,
    with_worker: bool,
    say: Callable[[str], None],
) -> None:
    """Answer until a signal comes. Raises `UsageError` where it cannot begin."""
    production = starting.is_production(os.environ)
    if not production and not listen.is_loopback:
        raise UsageError(
            "with the settings of one's own machine the desk speaks plain HTTP, and listens on "
            "127.0.0.1 alone. For others to reach it, set TOCSIN_DESK_HOSTS and put a proxy with "
            "TLS in front",
            where=str(listen),
        )
    starting.start()
    starting.need_database()

    from django.conf import settings  # noqa: PLC0415 only after the start

    from tocsin.web.project.incoming import received_here  # noqa: PLC0415 as above
    from tocsin.web.project.receiving import ROOM_FOR_FORMS, Channel  # noqa: PLC0415 as above
    from tocsin.web.project.wsgi import application  # noqa: PLC0415 as above

    limit = max_body_bytes or settings.TOCSIN_MAX_EVIDENCE_BYTES + ROOM_FOR_FORMS
    server = _server(application, listen, threads=threads, limit=limit, production=production)
    server.channel_class = Channel
    with ExitStack() as stack:
        stack.enter_context(received_here())
        stack.callback(server.close)
        if with_worker:
            stack.enter_context(_Worker())
        signal.signal(signal.SIGTERM, _end)
        say(f"The desk answers at http://{listen}/ (Ctrl-C ends it).")
        server.run()


def _server(
    application: WSGIHandler, listen: Listen, *, threads: int, limit: int, production: bool
) -> waitress.server.BaseWSGIServer:
    proxy = os.environ.get("TOCSIN_DESK_PROXY", "127.0.0.1") if production else None
    trusted = {"trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"} if proxy else {}
    try:
        return waitress.create_server(
            application,
            host=listen.host,
            port=listen.port,
            threads=threads,
            max_request_body_size=limit,
            max_request_header_size=_HEADER_BYTES,
            # In memory for each connection; what is more goes to disk.
            inbuf_overflow=_IN_MEMORY_BYTES,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,  # select knows no more than 1,024 files
            channel_timeout=_IDLE_SECONDS,
            cleanup_interval=10,
            ident="tocsin",
            # Nobody but the proxy says who a visitor is, and by which way they came.
            clear_untrusted_proxy_headers=True,
            trusted_proxy=proxy,
            **trusted,
        )
    except OSError as wrong:
        if wrong.errno == errno.EADDRINUSE:
            what = "something else listens there already: end it, or choose another --listen"
        else:
            what = f"cannot listen there: {wrong.strerror}"
        raise UsageError(what, where=str(listen)) from None


def _end(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


class _Worker:
    """A worker in a process of its own, begun anew where it ends by itself."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._process = self._begin()
        self._watch = threading.Thread(target=self._look_after, name="worker", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Let it give its job back, for ten seconds."""
        self._over.set()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "tocsin", "desk", "worker"])

    def _look_after(self) -> None:
        while not self._over.is_set():
            code = self._process.wait()
            if self._over.is_set():
                return
            _log.error("the worker ended with %s; another begins in %s s", code, _PAUSE_SECONDS)
            if not self._over.wait(_PAUSE_SECONDS):
                self._process = self._begin()
