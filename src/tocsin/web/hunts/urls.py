"""Addresses below /c/<campaign>/hunts/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.hunts import files, views

app_name = "hunts"
urlpatterns = [
    path("", views.hunts, name="list"),
    path("new/", views.new, name="new"),
    path("<int:number>/", views.detail, name="detail"),
    path("<int:number>/host/", views.host, name="host"),
    path("<int:number>/again/", views.again, name="again"),
    path("<int:number>/redact/", views.redact, name="redact"),
    path("<int:number>/delete-evidence/", views.delete_evidence, name="delete-evidence"),
    path("<int:number>/report/", files.report, name="report"),
    path("<int:number>/result/", files.result, name="result"),
    path("<int:number>/redacted/<slug:what>/", files.to_pass_on, name="redacted"),
]
