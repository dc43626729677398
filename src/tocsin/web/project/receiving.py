"""What `tocsin desk serve` receives before a page is asked: how much, from whom, and how slowly.

waitress writes a whole body to disk before Django hears of it. So what may be sent is decided here
when the header is read: a small form for everybody, and a file on the pages that take one, from
sessions that are signed in. What is too much is refused before it is read.
"""

from __future__ import annotations

import copy
import time
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error, RequestEntityTooLarge

from tocsin.web.accounts.factors import proved_factor
from tocsin.web.accounts.permissions import largest_file

if TYPE_CHECKING:
    from waitress.adjustments import Adjustments

HEADER_SECONDS = 30
BODY_SECONDS = 60
BYTES_EACH_SECOND = 16 * 2**10
"""A body may take `BODY_SECONDS`, and longer by its size at this pace."""
ROOM_FOR_FORMS = 2**20
_TOO_MUCH = (
    "This is more than the desk reads here. Files are taken on the upload pages alone, and from "
    "people who have signed in: open the desk, sign in, and upload the file again."
)


def most_bytes(path: str, cookies: str) -> int:
    """How large the body of a request for `path` may be."""
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        file = largest_file(resolve(path).func)
    except Resolver404:
        return most
    return file + ROOM_FOR_FORMS if file and _is_signed_in(cookies) else most


def _is_signed_in(cookies: str) -> bool:
    """Whether a session with these cookies would be let into the desk."""
    try:
        cookie = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    if cookie is None:
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    close_old_connections()
    try:
        request.user = get_user(request)
        if not request.user.is_authenticated:
            return False
        return not settings.TOCSIN_REQUIRE_MFA or proved_factor(request)
    except DatabaseError:
        return False
    finally:
        close_old_connections()


class _TooSlowError(Error):  # type: ignore[misc]  # waitress brings no types
    code = 408
    reason = "Request Timeout"


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress brings no types
    """Reads one request, and no more of it than may be sent."""

    adj: Adjustments
    error: Error | None
    completed: bool

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self._since_s = time.monotonic()
        self._seconds: float = HEADER_SECONDS

    def received(self, data: bytes) -> int:
        """Take a portion; how many bytes of it belong to this request."""
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self.error.body = _TOO_MUCH
        elif not self.completed and time.monotonic() - self._since_s > self._seconds:
            if not self.headers_finished:
                super().parse_header(b"GET / HTTP/1.0\r\n")
            self.error = _TooSlowError("The request was sent too slowly.")
            self.completed = True
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header, and say by it how large the body may be and how long it may take."""
        super().parse_header(header_plus)
        if self.body_rcv is None:
            return
        # A path and cookies come as bytes told in Latin-1.
        path = self.path.encode("latin-1").decode("utf-8", "replace")
        most = min(
            most_bytes(path, self.headers.get("COOKIE", "")), self.adj.max_request_body_size - 1
        )
        self.adj = copy.copy(self.adj)
        self.adj.max_request_body_size = most + 1  # waitress refuses that size itself, too
        size = most if self.chunked else self.content_length
        self._seconds = BODY_SECONDS + min(size, most) / BYTES_EACH_SECOND
        if self.content_length > most:
            self.expect_continue = False  # else it would be asked for, and read


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress brings no types
    """A connection whose requests are read by `Parser`."""

    parser_class = Parser
