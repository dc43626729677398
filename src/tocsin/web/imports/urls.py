"""Addresses below /c/<campaign>/imports/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.imports import deciding, views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="list"),
    path("new/", deciding.new, name="new"),
    path("<int:number>/", views.detail, name="detail"),
    path("<int:number>/preview/", deciding.preview, name="preview"),
    path("<int:number>/effect/", deciding.effect, name="effect"),
    path("<int:number>/go/", deciding.go, name="go"),
    path("<int:number>/discard/", deciding.discard, name="discard"),
    path("<int:number>/quarantine/", views.quarantine, name="quarantine"),
    path("<int:number>/dismiss/", views.dismiss, name="dismiss"),
    path("<int:number>/retry/", views.retry, name="retry"),
    path("<int:number>/undo/", views.undo, name="undo"),
]
