"""What all settings share. Nothing secret stands here: secrets come from the environment.

``TOCSIN_DESK_HOME`` is the folder for the embedded database, uploads and results;
``TOCSIN_DATABASE_URL`` names another database (``postgresql://…``).
"""

from __future__ import annotations

import os

import dj_database_url
from csp.constants import NONE, SELF

from tocsin.web.project.starting import home_folder

HOME = home_folder()
"""Everything that the desk writes lies below it."""

DEBUG = False
ROOT_URLCONF = "tocsin.web.project.urls"
WSGI_APPLICATION = "tocsin.web.project.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    # Before allauth: pages of ours stand in for its own.
    "tocsin.web.design",
    "tocsin.web.accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "tocsin.web.audit",
    "tocsin.web.work",
    "tocsin.web.lists",
    "tocsin.web.campaigns",
    "tocsin.web.organisations",
    "tocsin.web.imports",
    "tocsin.web.assets",
    "tocsin.web.assessing",
    "tocsin.web.cases",
    "tocsin.web.hunts",
    "tocsin.web.dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tocsin.web.project.headers.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tocsin.web.accounts.middleware.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tocsin.web.campaigns.context.campaign",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("TOCSIN_DATABASE_URL") or f"sqlite:///{HOME / 'desk.sqlite3'}",
        conn_max_age=600,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Readers and the one writer do not wait for each other; a write says so at its beginning.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

CACHES = {
    "default": {
        # Several processes serve, and the limits of sign-in must hold for all of them together.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "desk_cache",
        # Many made-up names must not push out what counts wrong passwords.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
MEDIA_ROOT = HOME / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Upload limits. A feed of a country has some 100 MiB; evidence of a server some GiB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_TEMP_DIR = HOME / "incoming"  # evidence does not lie where all may look
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
TOCSIN_MAX_FEED_BYTES = 512 * 2**20
TOCSIN_MAX_EVIDENCE_BYTES = 8 * 2**30

# Sign-in: allauth's, with a second factor that the desk insists on.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tocsin.web.accounts.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "tocsin.web.accounts.forms.LoginForm",
    "reauthenticate": "tocsin.web.accounts.forms.ReauthenticateForm",
    "user_token": "tocsin.web.accounts.forms.UserTokenForm",
}
ACCOUNT_SESSION_REMEMBER = True  # for SESSION_COOKIE_AGE, without asking
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# Who set a password by a link has just typed it; a second factor is asked for still.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_RATE_LIMITS = {"login": "20/m/ip", "login_failed": "5/5m/key,20/5m/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "tocsin.web.accounts.adapter.MfaAdapter"
MFA_FORMS = {
    "add_webauthn": "tocsin.web.accounts.passkeys.AddPasskeyForm",
    "authenticate": "tocsin.web.accounts.codes.AuthenticateForm",
    "reauthenticate": "tocsin.web.accounts.codes.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Tocsin"
MFA_TOTP_TOLERANCE = 1  # half a minute either way: clocks of phones differ
# Presence alone is no factor: a passkey asks for its PIN or a fingerprint each time.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
TOCSIN_REQUIRE_MFA = os.environ.get("TOCSIN_DESK_REQUIRE_MFA", "yes") != "no"
PASSWORD_RESET_TIMEOUT = 24 * 3600

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Scanners ask for any name; each refusal would be a traceback of forty lines.
    "loggers": {"django.security.DisallowedHost": {"handlers": [], "propagate": False}},
}
