"""A server for `bench.probe` and for the tests: every address of loopback is a host of its own.

    python -m bench.probe_server [--tls CERTIFICATE] [--short]

Prints its port and serves until stdin ends. Each address is a server of Exchange with the name
and the build that its last number gives it. With ``--short``, every answer is 429 and asks for an
hour, so that each host costs one request.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys

HOUR = b"429 Too Many Requests\r\nRetry-After: 3600"


class Host(asyncio.Protocol):
    """Answers every request of a connection."""

    def __init__(self, status: bytes) -> None:
        self._status = status
        self._received = b""
        self._name = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream is what a server gives")
        self._transport = transport
        self._name = transport.get_extra_info("sockname")[0].rpartition(".")[2]

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        body = b""
        if b" /owa/auth/logon.aspx " in head:
            body = b'<link href="/owa/auth/15.2.792/themes/x.css">' + b" " * 8192
        return (
            b"HTTP/1.1 %s\r\nX-FEServer: EX%s\r\nX-OWA-Version: 15.2.792.%s\r\n"
            b"Content-Length: %d\r\n\r\n%s"
        ) % (self._status, self._name.encode(), self._name.encode(), len(body), body)


async def serve(tls: ssl.SSLContext | None, status: bytes) -> None:
    """Serve until whoever started us closes our stdin."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Host(status),
        "0.0.0.0",  # noqa: S104 all of 127.0.0.0/8, and a firewall is the bench machine's own
        0,
        ssl=tls,
        backlog=4096,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tls", metavar="CERTIFICATE")
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    tls = None
    if arguments.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls)
    asyncio.run(serve(tls, HOUR if arguments.short else b"200 OK"))


if __name__ == "__main__":
    main()
