"""Addresses of decisions, below a campaign."""

from __future__ import annotations

from django.urls import path

from tocsin.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.decisions, name="list"),
    path("chain/", views.chain, name="chain"),
    path("<int:number>/", views.decision, name="detail"),
]
