"""The door for a web server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from tocsin.web.project.starting import chosen_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", chosen_settings(os.environ))

application = get_wsgi_application()
