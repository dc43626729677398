"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    """People."""

    name = "tocsin.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to what people do to their own accounts."""
        from tocsin.web.accounts.signals import connect  # noqa: PLC0415 models are there only now

        connect()
