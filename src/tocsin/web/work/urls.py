"""Addresses below /work/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.work import views

app_name = "work"
urlpatterns = [
    path("", views.jobs, name="list"),
    path("<int:pk>/", views.job, name="job"),
    path("<int:pk>/retry/", views.retry, name="retry"),
]
