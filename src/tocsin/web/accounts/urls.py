"""Addresses below /people/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.accounts import views

app_name = "people"
urlpatterns = [
    path("", views.people, name="list"),
    path("new/", views.new, name="new"),
    path("me/", views.me, name="me"),
    path("<int:pk>/", views.person, name="detail"),
    path("<int:pk>/role/", views.role, name="role"),
    path("<int:pk>/administrator/", views.administrator, name="administrator"),
    path("<int:pk>/active/", views.active, name="active"),
    path("<int:pk>/link/", views.link, name="link"),
    path("<int:pk>/second-factor/", views.second_factor, name="second_factor"),
]
