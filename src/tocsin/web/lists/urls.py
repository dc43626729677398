"""Addresses of saved views, below /c/<campaign>/views/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.lists import saved

app_name = "lists"
urlpatterns = [
    path("", saved.views, name="views"),
    path("new/", saved.create, name="create"),
    path("<int:pk>/", saved.opened, name="open"),
    path("<int:pk>/change/", saved.change, name="change"),
    path("<int:pk>/delete/", saved.delete, name="delete"),
]
