"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    """Dashboard."""

    name = "tocsin.web.dashboard"
    label = "dashboard"
