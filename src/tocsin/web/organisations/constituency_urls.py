"""Addresses below /constituencies/: what no campaign is needed for."""

from __future__ import annotations

from django.urls import path

from tocsin.web.organisations import constituency_views as views

app_name = "constituencies"
urlpatterns = [
    path("", views.constituencies, name="list"),
    path("new/", views.new, name="new"),
    path("<slug:slug>/", views.constituency, name="detail"),
    path("<slug:slug>/import/", views.import_, name="import"),
    path("<slug:slug>/import/confirm/", views.confirm, name="confirm"),
]
