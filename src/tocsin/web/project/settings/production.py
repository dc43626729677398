"""Real use, behind a proxy that speaks TLS.

``TOCSIN_SECRET_KEY`` and ``TOCSIN_DESK_HOSTS`` (names, separated by commas) must be set; the desk
does not start without them.
"""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from tocsin.web.project.settings.base import *  # noqa: F403 Django's way to build on settings


def _needed(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"set {name}: {what}")
    return value


SECRET_KEY = _needed("TOCSIN_SECRET_KEY", "a long random text; `tocsin desk init` prints one")
SECRET_KEY_FALLBACKS = [
    key for key in (os.environ.get("TOCSIN_SECRET_KEY_OLD", "").strip(),) if key
]
ALLOWED_HOSTS = [
    name.strip()
    for name in _needed(
        "TOCSIN_DESK_HOSTS", "the names that the desk is reached by, such as desk.example.org"
    ).split(",")
]
CSRF_TRUSTED_ORIGINS = [f"https://{name}" for name in ALLOWED_HOSTS]

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
