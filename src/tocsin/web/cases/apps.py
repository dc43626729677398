"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    """Cases."""

    name = "tocsin.web.cases"
    label = "cases"
