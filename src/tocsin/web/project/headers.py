"""Headers of every answer that Django's own middleware does not set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_POLICY = ", ".join(
    (
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "camera",
                "display-capture",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "usb",
            )
        ),
    )
)


class HeadersMiddleware:
    """No page stays in a cache: others may use the same machine. No page gets a camera.

    Static files are answered before, with names that hold their hash, and may be kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and add them."""
        response = self._next(request)
        response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = _POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response
