"""Real use, behind a proxy that speaks TLS.

``TOCSIN_SECRET_KEY`` and ``TOCSIN_DESK_HOSTS`` (names, separated by commas) must be set; the desk
does not start without them.
"""

from __future__ import annotations

import os
import re

from django.core.exceptions import ImproperlyConfigured

from tocsin.web.project.settings.base import *  # noqa: F403 Django's way to build on settings

_NAME = re.compile(r"(?!-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")


def _needed(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"set {name}: {what}")
    return value


SECRET_KEY = _needed("TOCSIN_SECRET_KEY", "a long random text; `tocsin desk init` prints one")
SECRET_KEY_FALLBACKS = [
    key for key in (os.environ.get("TOCSIN_SECRET_KEY_OLD", "").strip(),) if key
]


def _names() -> list[str]:
    """Names of hosts. One that takes in others lets whoever asks choose the name in links."""
    told = _needed(
        "TOCSIN_DESK_HOSTS", "the names that the desk is reached by, such as desk.example.org"
    )
    names = [name.strip() for name in told.split(",") if name.strip()]
    wide = [name for name in names if name == "*" or name.startswith(".")]
    if wide and not TOCSIN_ANY_HOST:
        raise ImproperlyConfigured(
            f"TOCSIN_DESK_HOSTS: {wide[0]} stands for more than one name, and whoever asks could "
            "choose the name in one-time links. Name each host; or, where the proxy refuses "
            "all other names, set TOCSIN_DESK_ANY_HOST=yes"
        )
    odd = [name for name in names if name not in wide and not _NAME.fullmatch(name)]
    if odd or not names:
        raise ImproperlyConfigured(
            f"TOCSIN_DESK_HOSTS: {''.join(odd[:1]) or told!r} is no name of a host; write names "
            "alone, without https:// and port, separated by commas"
        )
    return names


TOCSIN_ANY_HOST = os.environ.get("TOCSIN_DESK_ANY_HOST", "").strip() == "yes"
ALLOWED_HOSTS = _names()
CSRF_TRUSTED_ORIGINS = [f"https://{name}" for name in ALLOWED_HOSTS if _NAME.fullmatch(name)]

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
