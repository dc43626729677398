"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    """The design system."""

    name = "tocsin.web.design"
    label = "design"
