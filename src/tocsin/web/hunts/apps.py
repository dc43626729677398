"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    """Hunts."""

    name = "tocsin.web.hunts"
    label = "hunts"
