"""Tests: another database for each run, weak and quick hashes of passwords, no second factor."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TOCSIN_DESK_HOME", str(Path(tempfile.gettempdir()) / "tocsin-desk-tests"))

from tocsin.web.project.settings.base import *  # noqa: F403 after the folder is known
from tocsin.web.project.settings.base import HOME

SECRET_KEY = "only-for-tests"  # noqa: S105 signs nothing that leaves the tests
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_TEMP_DIR = HOME
HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
TOCSIN_REQUIRE_MFA = False
WHITENOISE_AUTOREFRESH = True
