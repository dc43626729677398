"""Addresses below /constituencies/: what no campaign is needed for."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "constituencies"
urlpatterns: list[URLPattern] = []
