"""The app as Django knows it."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    """Cases."""

    name = "tocsin.web.cases"
    label = "cases"

    def ready(self) -> None:
        """Have the story told, of which this app knows a part."""
        import_module("tocsin.web.cases.telling")
