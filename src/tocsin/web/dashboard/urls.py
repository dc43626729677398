"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from tocsin.web.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.campaign, name="campaign"),
    path("by/<slug:column>/", views.by, name="by"),
]
