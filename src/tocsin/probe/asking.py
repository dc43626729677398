"""One request to one address: an answer, or the word for why there is none. Opens connections.

A connection goes to the address that was checked, never to what a name leads to by now. It keeps
no cookies (one would bind us to one server of a farm), sends no credentials, verifies no
certificate, reads 64 KiB of a body at most, and follows nothing.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import anyio
import h2.exceptions
import httpcore

from tocsin.errors import UsageError
from tocsin.probe.certificate import Certificate, read_certificate
from tocsin.probe.signs import harmless, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tocsin.probe.addresses import Address
    from tocsin.probe.scope import Contact

BODY_BYTES = 64 * 1024
"""Of a body, as it is sent and as it is unpacked. The sign-in page has about 60 KiB; the paths
with the build stand in its first lines."""
_CONNECT_S = 6.0
"""The kernel knocks three times in this time; most addresses of a network never answer."""
_STANDARD_PORTS = {"https": 443, "http": 80}
_OUT_OF_SUPPLIES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
_HEADERS = frozenset(
    {
        "content-encoding", "location", "retry-after",
        "x-beserver", "x-calculatedbetarget", "x-feserver", "x-owa-version",
    }
)  # fmt: skip
"""What is kept of the headers."""


class FailureKind(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Whom to talk to: an address that was checked, and the name to ask it for, if any."""

    address: Address
    port: int
    scheme: str
    name: str | None = None

    @property
    def authority(self) -> str:
        """The host as the header has it."""
        bracketed = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        host = self.name or bracketed
        return host if self.port == _STANDARD_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `headers` are those that tell something, by name in small letters."""

    status: int
    http: str
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    """There was more: what still comes over this connection is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong; `connected` tells whether anybody was there."""

    kind: FailureKind
    detail: str
    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How all requests of a run are made."""

    agent: str
    mail: str
    timeout_s: float
    contexts: Mapping[bool, ssl.SSLContext]
    """By whether HTTP/2 is offered."""


def manner(contact: Contact, version: str, timeout_s: float) -> Manner:
    """Make the manner of a run: every request says who asks, and where to read more."""
    return Manner(
        agent=contact.agent(version),
        mail=contact.mail,
        timeout_s=timeout_s,
        contexts={http2: _context() for http2 in (False, True)},
    )


@dataclass(slots=True)
class Line:
    """One connection to an endpoint, opened with the first request. Close it when done."""

    endpoint: Endpoint
    manner: Manner
    http2: bool = True
    certificate: Certificate | None = None
    _connected: bool = False
    _pool: httpcore.AsyncConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the connection, and open nothing."""
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self.manner.contexts[self.http2],
            max_connections=1,
            http2=self.http2,
            retries=0,
        )

    async def get(self, path: str) -> Answer | Failure:
        """Ask for `path`. Raises `UsageError` where this machine, not the other, is at its end."""
        try:
            async with asyncio.timeout(self.manner.timeout_s):
                return await self._get(path)
        except (TimeoutError, httpcore.TimeoutException):
            late = "no whole answer in time" if self._connected else "nobody answered the knock"
            return self._failure(FailureKind.TIMEOUT, late)
        except (httpcore.NetworkError, OSError) as error:
            return self._failure(*_reason(error, tls=self._in_handshake))
        except (
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            h2.exceptions.H2Error,
            anyio.ClosedResourceError,
            anyio.BrokenResourceError,
            ValueError,  # a status that is no number gets through the library to us
        ) as error:
            return self._failure(FailureKind.PROTOCOL, str(error) or type(error).__name__)

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        try:
            await self._pool.aclose()
        except (h2.exceptions.H2Error, anyio.ClosedResourceError, OSError):
            return  # it is closed, if not politely

    async def _get(self, path: str) -> Answer:
        request = httpcore.Request(
            "GET",
            httpcore.URL(
                scheme=self.endpoint.scheme,
                host=str(self.endpoint.address),
                port=self.endpoint.port,
                target=path,
            ),
            headers=[
                ("Host", self.endpoint.authority),
                ("User-Agent", self.manner.agent),
                ("From", self.manner.mail),
                ("Accept", "*/*"),
                ("Accept-Encoding", "identity"),
            ],
            extensions={
                "sni_hostname": self.endpoint.name,
                "timeout": {
                    "connect": min(_CONNECT_S, self.manner.timeout_s),
                    **dict.fromkeys(("read", "write", "pool"), self.manner.timeout_s),
                },
                "trace": self._watch,
            },
        )
        response = await self._pool.handle_async_request(request)
        try:
            body = bytearray()
            async with aclosing(response.aiter_stream()) as chunks:  # type: ignore[type-var]  # the library's annotation forgets that its iterator is a generator
                async for chunk in chunks:
                    body += chunk[: BODY_BYTES - len(body)]
                    if len(body) >= BODY_BYTES:
                        break
        finally:
            await response.aclose()
        headers = _told(response.headers)
        return Answer(
            status=response.status,
            http=str(response.extensions["http_version"], "ascii").removeprefix("HTTP/"),
            headers=headers,
            cut=len(body) >= BODY_BYTES,
            body=unpacked(bytes(body), headers.get("content-encoding", ""), BODY_BYTES),
        )

    @property
    def _in_handshake(self) -> bool:
        return self.endpoint.scheme == "https" and self._connected and self.certificate is None

    async def _watch(self, event: str, told: Mapping[str, Any]) -> None:
        """Take the certificate as soon as there is one, whatever becomes of the request."""
        if event == "connection.connect_tcp.complete":
            self._connected = True
        elif event == "connection.start_tls.complete" and self.certificate is None:
            tls = told["return_value"].get_extra_info("ssl_object")
            der = tls.getpeercert(binary_form=True)
            if der is not None:
                self.certificate = read_certificate(der, tls.version() or "")

    def _failure(self, kind: FailureKind, detail: str) -> Failure:
        return Failure(kind=kind, detail=harmless(detail), connected=self._connected)


def _context() -> ssl.SSLContext:
    """Old and broken TLS is what old and forgotten servers speak; we tell them no secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # named from Python 3.12 on
    return context


def _told(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that tell something; of one that comes twice, the first."""
    kept: dict[str, str] = {}
    for name, value in headers:
        small = name.decode("ascii", "replace").lower()
        if small in _HEADERS:
            kept.setdefault(small, value.decode("utf-8", "replace"))
    return kept


def _reason(error: BaseException, *, tls: bool) -> tuple[FailureKind, str]:
    """What lies beneath the library's error."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in _OUT_OF_SUPPLIES:
            raise UsageError(
                f"this machine is at its end ({cause.strerror}); lower limits.at_once in the "
                "scope, and go on with --resume",
                where="tocsin probe",
            ) from error
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return FailureKind.TLS, cause.reason or str(cause)
        if isinstance(cause, ConnectionRefusedError):
            return FailureKind.REFUSED, "connection refused"
    deepest = str(causes[-1]) or type(causes[-1]).__name__
    if tls:
        return FailureKind.TLS, f"the handshake ended early: {deepest}"
    unreachable = isinstance(error, httpcore.ConnectError)
    return FailureKind.UNREACHABLE if unreachable else FailureKind.PROTOCOL, deepest


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those that led to it, at most ten."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        else:
            seen = seen.__cause__ or seen.__context__
