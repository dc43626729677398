"""Servers on loopback that behave as real ones do, and as no decent one does."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

import h2.config
import h2.connection
import h2.events

from bench.self_signed import self_signed

if TYPE_CHECKING:
    from pathlib import Path

LOGON = "/owa/auth/logon.aspx"
OWA = "/owa/"
EWS = "/ews/exchange.asmx"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
MANIFEST = "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application"


NOT_OVER_HTTP_2 = b"HTTP_1_1_REQUIRED"
"""As a whole answer: the stream is reset with the error of this name."""


@dataclass(frozen=True)
class Ask:
    """One request as a server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    local: str
    peer: tuple[str, int]


Reply: TypeAlias = bytes | AsyncIterator[bytes]
Page: TypeAlias = bytes | Callable[[Ask], Reply]


def reply(status: int = 200, body: bytes = b"", /, **headers: str) -> bytes:
    """A whole answer; ``X_OWA_Version`` in the keywords is the header ``X-OWA-Version``."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def logon_page(build: str) -> bytes:
    """The first lines of a sign-in page, in our own words."""
    return (
        f'<html><head><link rel="shortcut icon" href="/owa/auth/{build}/themes/resources/favicon.ico">'
        f'</head><body><form action="/owa/auth.owa"></form></body></html>'
    ).encode()


def manifest(build: str) -> bytes:
    """A ClickOnce manifest that names the tool and something that it needs."""
    return (
        '\ufeff<?xml version="1.0" encoding="utf-8"?><asmv1:assembly manifestVersion="1.0">'
        '<asmv2:dependency><assemblyIdentity name="Some.Library" version="9.9.9.9" /></asmv2:dependency>'
        f'<assemblyIdentity name="microsoft.exchange.ediscovery.exporttool.application" version="{build}" '
        'publicKeyToken="b14c85a3d6ef9d7f" language="neutral" /></asmv1:assembly>'
    ).encode()


def exchange(build: str = "15.2.792.15", fe_server: str = "EX01") -> dict[str, Page]:
    """The pages of an ordinary server."""
    cumulative = build.rpartition(".")[0]
    both = {"X_OWA_Version": build, "X_FEServer": fe_server}
    return {
        LOGON: reply(200, logon_page(cumulative), **both),
        OWA: reply(302, Location="https://127.0.0.1/owa/auth/logon.aspx?url=x&reason=0", **both),
        EWS: reply(401, WWW_Authenticate="Negotiate", **both),
        AUTODISCOVER: reply(401, WWW_Authenticate="Negotiate", **both),
        MANIFEST: reply(200, manifest(build), X_FEServer=fe_server),
    }


@dataclass
class Site:
    """Pages by path; what it has no page for is 404. `asked` is everything that came."""

    pages: Mapping[str, Page] = field(default_factory=dict)
    asked: list[Ask] = field(default_factory=list)
    greeting: Callable[[], AsyncIterator[bytes]] | None = None
    """Sent instead of reading anything."""
    port: int = 0

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def answer(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        page = self.pages.get(ask.path, reply(404))
        return page if isinstance(page, bytes) else page(ask)


class Servers:
    """Runs sites in a thread of their own, since the probe has an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def start(self, site: Site, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> int:
        """Serve `site` and return the port."""
        started = asyncio.run_coroutine_threadsafe(self._start(site, tls, host), self._loop)
        site.port = started.result(10)
        return site.port

    async def _start(self, site: Site, tls: ssl.SSLContext | None, host: str) -> int:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                tls_object = writer.get_extra_info("ssl_object")
                if (
                    site.greeting is None
                    and tls_object is not None
                    and tls_object.selected_alpn_protocol() == "h2"
                ):
                    await talk_http2(site, reader, writer)
                else:
                    await talk_http1(site, reader, writer)
            writer.close()

        server = await asyncio.start_server(talk, host, 0, ssl=tls, backlog=1024)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def talk_http1(
    site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer request after request on one connection."""
    if site.greeting is not None:
        async for chunk in site.greeting():
            writer.write(chunk)
            await writer.drain()
        return
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines if line)
        ask = Ask(method, path, headers, *_ends(writer))
        answer = site.answer(ask)
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            async for chunk in answer:
                writer.write(chunk)
                await writer.drain()
            return
        await writer.drain()


async def talk_http2(
    site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer with what the pages say, put into frames."""
    wire = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    wire.initiate_connection()
    writer.write(wire.data_to_send())
    while data := await reader.read(65536):
        for event in wire.receive_data(data):
            if isinstance(event, h2.events.RequestReceived) and event.headers and event.stream_id:
                asked = {
                    bytes(name).decode(): bytes(value).decode() for name, value in event.headers
                }
                ask = Ask(asked[":method"], asked[":path"], asked, *_ends(writer))
                answer = site.answer(ask)
                assert isinstance(answer, bytes)
                head, _, body = answer.partition(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").split("\r\n")
                status = first.split(" ")[1]
                if answer == NOT_OVER_HTTP_2:
                    wire.reset_stream(event.stream_id, error_code=0xD)
                    continue
                told = [tuple(line.split(": ", 1)) for line in lines]
                wire.send_headers(
                    event.stream_id,
                    [(":status", status), *((name.lower(), value) for name, value in told)],
                )
                wire.send_data(event.stream_id, body, end_stream=True)
        writer.write(wire.data_to_send())
        await writer.drain()


def _ends(writer: asyncio.StreamWriter) -> tuple[str, tuple[str, int]]:
    return writer.get_extra_info("sockname")[0], writer.get_extra_info("peername")[:2]


def tls_context(
    folder: Path, *names: str, alpn: tuple[str, ...] = (), days: int = 30
) -> ssl.SSLContext:
    """A server's context with a fresh self-signed certificate for `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder, *names, days=days))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


@contextlib.contextmanager
def serving(*sites: Site) -> Iterator[Servers]:
    """Sites without TLS, each at a port of its own."""
    with Servers() as servers:
        for site in sites:
            servers.start(site)
        yield servers
