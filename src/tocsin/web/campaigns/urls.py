"""Addresses of this app: the list is the desk's first page."""

from __future__ import annotations

from django.urls import path

from tocsin.web.campaigns import views

app_name = "campaigns"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("campaigns/new/", views.new, name="new"),
    path("c/<slug:campaign>/settings/", views.settings, name="settings"),
    path("c/<slug:campaign>/settings/close/", views.close, name="close"),
    path("c/<slug:campaign>/members/", views.members, name="members"),
    path("c/<slug:campaign>/members/<int:pk>/", views.member, name="member"),
]
