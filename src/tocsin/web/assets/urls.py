"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from tocsin.web.assets import views

app_name = "assets"
urlpatterns = [
    path("", views.hosts, name="list"),
    path("names/", views.organisations, name="names"),
    path("<int:pk>/", views.host, name="detail"),
    path("<int:pk>/rows/", views.rows, name="rows"),
    path("<int:pk>/owner/", views.owner, name="owner"),
    path("<int:pk>/assign/", views.assign, name="assign"),
    path("<int:pk>/unassign/", views.unassign, name="unassign"),
]
